/** Deletes runs so that it can be undone: they are moved into a hidden folder beside the experiments. */
import { mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

const TRASH = ".trash";
const KEPT_MS = 30 * 24 * 3600_000;

/** Where a run was and where it is now. */
export interface Deleted {
  from: string;
  to: string;
}

/** Move a run out of every list's sight. What was deleted a month ago goes for good. */
export async function discard(run: string, now = Date.now()): Promise<Deleted> {
  const trash = join(dirname(dirname(run)), TRASH);
  await mkdir(trash, { recursive: true });
  await purge(trash, now);
  const to = join(trash, `${basename(dirname(run))}~${basename(run)}~${now}`);
  await rename(run, to);
  return { from: run, to };
}

/** Put a run back where it was; refused when another has taken its place. */
export async function restore({ from, to }: Deleted): Promise<void> {
  const taken = await stat(from).catch(() => undefined);
  if (taken !== undefined) throw new Error(`${basename(from)} is there again already.`);
  await mkdir(dirname(from), { recursive: true });
  await rename(to, from);
}

async function purge(trash: string, now: number): Promise<void> {
  for (const name of await readdir(trash)) {
    const deleted = Number(name.slice(name.lastIndexOf("~") + 1));
    if (Number.isFinite(deleted) && now - deleted > KEPT_MS) await rm(join(trash, name), { recursive: true });
  }
}

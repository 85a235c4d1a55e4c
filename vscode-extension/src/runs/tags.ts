/** The user's own words on a run: a list in `tags.json` beside its record. Knows nothing of VS Code. */
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

const FILE = "tags.json";

/** Return a run's tags; a file that makes no sense holds none. */
export async function readTags(run: string): Promise<string[]> {
  try {
    const value: unknown = JSON.parse(await readFile(join(run, FILE), "utf8"));
    return Array.isArray(value) ? value.filter((each) => typeof each === "string") : [];
  } catch {
    return [];
  }
}

/** Write a run's tags; none takes the file away. */
export async function writeTags(run: string, tags: readonly string[]): Promise<void> {
  const file = join(run, FILE);
  if (tags.length === 0) return rm(file, { force: true });
  // Nobody must read half a file.
  await writeFile(`${file}.new`, `${JSON.stringify(tags)}\n`);
  await rename(`${file}.new`, file);
}

/** Return the tags in what a person typed: separated by commas, each once. */
export function parseTags(typed: string): string[] {
  const tags = typed.split(",").map((each) => each.trim());
  return [...new Set(tags.filter((each) => each !== ""))];
}

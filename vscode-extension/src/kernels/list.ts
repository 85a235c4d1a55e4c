/** What `declml kernels --json` answers. Knows nothing of VS Code. */

export const KINDS = ["warm", "local", "spec", "server", "ssh"] as const;

/** One place where trainings can run. */
export interface Kernel {
  name: string;
  kind: (typeof KINDS)[number];
  label: string;
  detail: string;
  /** The runs that train there now. */
  running: string[];
}

/** Return the kernels of an answer; none when it is no list of them. Kinds that are not known are left out. */
export function readKernels(said: string): Kernel[] {
  let value: unknown;
  try {
    value = JSON.parse(said);
  } catch {
    return [];
  }
  const listed = (value as { kernels?: unknown } | null)?.kernels;
  if (!Array.isArray(listed)) return [];
  return listed.flatMap((each: Partial<Kernel> | null) => {
    const kind = KINDS.find((known) => known === each?.kind);
    if (kind === undefined || typeof each?.name !== "string") return [];
    const running = Array.isArray(each.running) ? each.running.map(String) : [];
    return [{ name: each.name, kind, label: each.label ?? each.name, detail: each.detail ?? "", running }];
  });
}

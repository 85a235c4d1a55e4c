/** The order in which a Python is looked for. Knows nothing of VS Code. */
import { isAbsolute, join } from "node:path";

/** Where an interpreter came from, for a person. */
export interface Choice {
  python: string;
  source: string;
}

/** One place to look: it answers with an interpreter or with undefined. */
export interface Source {
  name: string;
  find(): Promise<string | undefined>;
}

/** Return the first interpreter that a source names; a source that fails counts as one that names none. */
export async function choose(sources: readonly Source[]): Promise<Choice | undefined> {
  for (const source of sources) {
    const python = await source.find().catch(() => undefined);
    if (python !== undefined && python !== "") return { python, source: source.name };
  }
  return undefined;
}

/** Return a setting's path with `${workspaceFolder}` and `~` filled in, relative paths from the folder. */
export function expand(path: string, folder: string | undefined, home: string): string {
  let answer = path.trim();
  if (answer === "") return "";
  if (folder !== undefined) answer = answer.replaceAll("${workspaceFolder}", folder);
  if (answer === "~" || answer.startsWith("~/")) answer = home + answer.slice(1);
  // A bare name is looked up on PATH; anything with a separator is a path.
  if (isAbsolute(answer) || folder === undefined || !/[\\/]/.test(answer)) return answer;
  return join(folder, answer);
}

/** Return the first of `names` that stands as a file in a folder of `path`. */
export function onPath(
  names: readonly string[],
  path: string,
  separator: string,
  exists: (file: string) => boolean,
): string | undefined {
  for (const folder of path.split(separator).filter((each) => each !== "")) {
    const found = names.map((name) => join(folder, name)).find(exists);
    if (found !== undefined) return found;
  }
  return undefined;
}

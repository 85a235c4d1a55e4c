/** The virtual environments that lie in a folder. Knows nothing of VS Code. */
import { access, readdir } from "node:fs/promises";
import { join } from "node:path";

const INSIDE = process.platform === "win32" ? ["Scripts", "python.exe"] : ["bin", "python"];

/** Return the interpreter of an environment's folder. */
export function interpreterOf(environment: string): string {
  return join(environment, ...INSIDE);
}

/** Return the interpreters of the environments right below `folder`, such as `.venv`; by name. */
export async function environmentsIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const places = entries.filter((each) => each.isDirectory()).map((each) => join(folder, each.name));
  const found = await Promise.all(
    places.map(async (place) => {
      try {
        await access(join(place, "pyvenv.cfg"));
        await access(interpreterOf(place));
        return [interpreterOf(place)];
      } catch {
        return [];
      }
    }),
  );
  return found.flat().sort();
}

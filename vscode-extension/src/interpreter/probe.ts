/** Asks an interpreter what it is and whether declml is installed beside it. */
import { execFile } from "node:child_process";

/** What an interpreter said of itself. */
export interface Probe {
  /** Its version, such as `3.11.7`. */
  version: string;
  /** declml's version, null where it is not installed. */
  declml: string | null;
}

const QUESTION = `
import importlib.util, json, sys
def find(name):
    try:
        return importlib.util.find_spec(name) is not None
    except ImportError:
        return False
version = None
if find("declml") and find("declml_lsp"):
    from importlib.metadata import PackageNotFoundError, version as installed
    try:
        version = installed("declml")
    except PackageNotFoundError:
        version = "unknown"
print(json.dumps({"version": ".".join(map(str, sys.version_info[:3])), "declml": version}))
`;
const PATIENCE_MS = 20_000;

/** Return what `python` says, or undefined when it cannot be started. `folder` must be one that the user trusts. */
export function probe(python: string, folder: string | undefined): Promise<Probe | undefined> {
  return new Promise((resolve) => {
    // -P: a file of the project must not take the place of a module that the question needs.
    execFile(python, ["-P", "-c", QUESTION], { cwd: folder, timeout: PATIENCE_MS }, (error, said) => {
      resolve(error === null ? read(said) : undefined);
    });
  });
}

function read(said: string): Probe | undefined {
  try {
    const value = JSON.parse(said) as Partial<Probe>;
    return typeof value.version === "string" ? { version: value.version, declml: value.declml ?? null } : undefined;
  } catch {
    return undefined;
  }
}

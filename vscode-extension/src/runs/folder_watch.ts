/** Tells when something was written into a run's folder. Knows nothing of VS Code. */
import { type FSWatcher, watch } from "node:fs";

/** Networks do not tell of changes: so often it is looked at anyway. */
const LOOK_MS = 2_000;

/** Call `act` with the name of each file that was written in `folder`, and now and then with none; return the end. */
export function watchFolder(folder: string, act: (name: string | undefined) => void): () => void {
  let watcher: FSWatcher | undefined;
  const begin = (): void => {
    if (watcher !== undefined) return;
    try {
      watcher = watch(folder, { persistent: false }, (_kind, name) => act(name ?? undefined));
      watcher.on("error", () => {
        watcher?.close();
        watcher = undefined;
      });
    } catch {
      // It does not exist yet; the next look tries again.
    }
  };
  begin();
  const timer = setInterval(() => {
    begin();
    act(undefined);
  }, LOOK_MS);
  timer.unref();
  return () => {
    clearInterval(timer);
    watcher?.close();
  };
}

/**
 * Which runs the panels showed before a reload. Knows nothing of VS Code but its way to keep a value.
 *
 * The editor keeps a page's own state as well, but in a browser it may be minutes old when the window goes.
 */
import type { View } from "./run_panel";

const KEY = "declml.panels";

/** Keeps a value over a reload. */
export interface Keep {
  get(key: string): unknown;
  update(key: string, value: unknown): Thenable<void>;
}

interface Shown {
  view: View;
  paths: readonly string[];
}

export class PanelMemory {
  readonly #earlier: Shown[];

  constructor(private readonly keep: Keep) {
    const kept = keep.get(KEY);
    this.#earlier = Array.isArray(kept) ? (kept as Shown[]) : [];
  }

  /** Keep what is shown now. */
  async write(shown: readonly Shown[]): Promise<void> {
    const now = shown.map(({ view, paths }) => ({ view, paths }));
    await this.keep.update(KEY, [...now, ...this.#earlier]);
  }

  /**
   * Return what a panel that comes back showed, each once: what its page says if that is right, else the first of its
   * kind, else what its page says.
   */
  claim(view: View, said: readonly string[]): readonly string[] {
    const key = said.join("\n");
    const mine = this.#earlier.filter((each) => each.view === view && each.paths.length > 0);
    const found = mine.find((each) => each.paths.join("\n") === key) ?? mine[0];
    if (found === undefined) return said;
    this.#earlier.splice(this.#earlier.indexOf(found), 1);
    return found.paths;
  }
}

/** How often a server that ended by itself is started again. Knows nothing of VS Code. */

const LIMIT = 4;
const WINDOW_MS = 3 * 60_000;

/** Counts the ends of a server. */
export class Restarts {
  #ends: number[] = [];

  constructor(private readonly now: () => number = Date.now) {}

  /** Note an end; return whether to start again: at most four times in three minutes. */
  again(): boolean {
    const now = this.now();
    this.#ends = [...this.#ends.filter((at) => now - at < WINDOW_MS), now];
    return this.#ends.length <= LIMIT;
  }

  /** Forget what was: the user asked for a start. */
  reset(): void {
    this.#ends = [];
  }
}

/** Lets many parts ask for a draw and draws at most once in a frame of the screen, and not at all while hidden. */

export class Frames {
  readonly #draw: () => void;
  #handle = 0;
  #waiting = false;
  #disposed = false;

  constructor(draw: () => void) {
    this.#draw = draw;
    document.addEventListener("visibilitychange", this.#seen);
  }

  /** Draw in the next frame. While the page is hidden: once it is seen again. */
  request(): void {
    if (this.#disposed || this.#handle !== 0) return;
    if (document.visibilityState === "hidden") {
      this.#waiting = true;
      return;
    }
    this.#handle = requestAnimationFrame(() => {
      this.#handle = 0;
      this.#draw();
    });
  }

  dispose(): void {
    this.#disposed = true;
    cancelAnimationFrame(this.#handle);
    document.removeEventListener("visibilitychange", this.#seen);
  }

  readonly #seen = (): void => {
    if (!this.#waiting || document.visibilityState === "hidden") return;
    this.#waiting = false;
    this.request();
  };
}

/** Tells a screen reader what happened, politely: the latest news, and not more often than can be listened to. */
import { h } from "./dom";

const APART = 8000;

export class Announcer {
  readonly element = h("div", { class: "d-spoken", role: "status", "aria-live": "polite" });
  #next = "";
  #timer: ReturnType<typeof setTimeout> | null = null;
  #last = "";

  /** Say it soon; news that come while it waits take its place. `now` does not wait: the run's status changed. */
  say(text: string, now = false): void {
    if (text === this.#last && this.#next === "") return;
    this.#next = text;
    if (now && this.#timer !== null) {
      clearTimeout(this.#timer);
      this.#timer = null;
    }
    if (this.#timer === null) this.#speak();
  }

  dispose(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #speak(): void {
    if (this.#next === "") {
      this.#timer = null;
      return;
    }
    this.element.textContent = this.#last = this.#next;
    this.#next = "";
    this.#timer = setTimeout(() => this.#speak(), APART);
  }
}

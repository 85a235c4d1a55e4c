/** What is known at the end of a run: final metrics, where the answers go wrong, and on which slices. */
import { confusionView } from "./confusion";
import { fill, h, scroller, show } from "./dom";
import { orderedSplits } from "./plan";
import type { RunState } from "./state";
import { metricsTable, slicesTable } from "./tables";

export class Results {
  readonly element = h("section", { class: "d-section d-results", "aria-label": "Results" });
  readonly #metrics = h("div", { class: "d-block" });
  readonly #details = h("div", { class: "d-details" });
  readonly #splits = h("div", { class: "d-segments", role: "group", "aria-label": "Split" });
  #split: string | null = null;
  #state: RunState | null = null;
  #revision = -1;

  constructor() {
    this.element.append(
      h("div", { class: "d-bar" }, h("h2", {}, "Results"), h("span", { class: "d-grow" }), this.#splits),
      h("div", { class: "d-columns" }, this.#metrics, this.#details),
    );
    show(this.element, false);
  }

  /** Show the results of a run, where there are any. */
  draw(state: RunState): void {
    const revision = state.revision("evaluations");
    if (state === this.#state && revision === this.#revision) return;
    this.#state = state;
    this.#revision = revision;
    show(this.element, state.evaluations.size > 0);
    if (state.evaluations.size === 0) return;
    fill(
      this.#metrics,
      h("h3", { class: "d-small-title" }, "Final metrics"),
      scroller(metricsTable(state.evaluations, state.decides)),
    );
    this.#drawDetails(state);
  }

  #drawDetails(state: RunState): void {
    const splits = orderedSplits(state.evaluations.keys());
    const chosen = this.#split !== null && splits.includes(this.#split) ? this.#split : (splits.at(-1) ?? "");
    const evaluation = state.evaluations.get(chosen);
    const confusions = Object.entries(evaluation?.confusion ?? {});
    const slices = evaluation?.slices ?? [];
    show(this.#splits, splits.length > 1 && (confusions.length > 0 || slices.length > 0));
    fill(
      this.#splits,
      ...splits.map((split) =>
        h(
          "button",
          {
            type: "button",
            class: "d-segment",
            "aria-pressed": String(split === chosen),
            on: { click: () => this.#choose(split) },
          },
          split,
        ),
      ),
    );
    fill(
      this.#details,
      ...confusions.map(([output, table]) =>
        h(
          "div",
          { class: "d-block" },
          h("h3", { class: "d-small-title" }, `Confusion of ${output}`, h("span", { class: "d-faint" }, `, ${chosen}`)),
          confusionView(output, chosen, table),
        ),
      ),
      evaluation !== undefined &&
        slices.length > 0 &&
        h(
          "div",
          { class: "d-block" },
          h("h3", { class: "d-small-title" }, "Slices, worst first", h("span", { class: "d-faint" }, `, ${chosen}`)),
          scroller(slicesTable(evaluation, state.decides)),
        ),
    );
  }

  #choose(split: string): void {
    this.#split = split;
    if (this.#state === null) return;
    const index = [...this.#splits.children].findIndex((each) => each === document.activeElement);
    this.#drawDetails(this.#state);
    (this.#splits.children[index] as HTMLElement | undefined)?.focus();
  }
}

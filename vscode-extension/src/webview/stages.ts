/** The stages of a run: what was taken from the cache, what ran and why, and how long it took. */
import { h } from "./dom";
import { countText, durationText } from "./format";
import { icon } from "./icons";
import type { Stage } from "./facts";

/** Return the list of stages; `live` says whether the last one may still be at work. */
export function stagesView(stages: Iterable<Stage>, live: boolean): HTMLElement {
  return h(
    "table",
    { class: "d-table d-stages" },
    h("caption", { class: "d-spoken" }, "Stages of the run"),
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        h("th", { scope: "col" }, "Stage"),
        h("th", { scope: "col" }, "How"),
        h("th", { scope: "col", class: "d-right" }, "Time"),
        h("th", { scope: "col", class: "d-wide" }, "Why"),
      ),
    ),
    h("tbody", {}, ...[...stages].map((stage) => row(stage, live))),
  );
}

function row(stage: Stage, live: boolean): HTMLElement {
  return h(
    "tr",
    {},
    h("th", { scope: "row" }, stage.name),
    h("td", {}, how(stage, live)),
    h("td", { class: "d-right d-number" }, stage.seconds === null ? "" : durationText(stage.seconds)),
    h("td", { class: "d-wide d-faint" }, stage.seconds === null ? stage.label : reason(stage.reason)),
  );
}

function how(stage: Stage, live: boolean): HTMLElement {
  if (stage.seconds === null) {
    const share = stage.done !== null && stage.total !== null ? ` ${parts(stage.done, stage.total)}` : "";
    const [sign, word, tone] = live
      ? (["running", "at work", "busy"] as const)
      : (["broken", "not done", "warn"] as const);
    return h("span", { class: `d-how d-tone-${tone}` }, icon(sign), word + share);
  }
  return stage.cached
    ? h("span", { class: "d-how d-tone-good" }, icon("reused"), "cached")
    : h("span", { class: "d-how" }, icon("check"), "ran");
}

function parts(done: number, total: number): string {
  return `${countText(done)} / ${countText(total)}`;
}

/** Reasons of the loop's end are names; the others are sentences already. */
function reason(text: string): string {
  return text.replaceAll("_", " ");
}

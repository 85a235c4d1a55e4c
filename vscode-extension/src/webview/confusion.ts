/** A confusion matrix as a table whose cells are shaded by their share of the row; it reads as a table, too. */
import { h, scroller } from "./dom";
import { countText, shareText } from "./format";
import type { Confusion } from "./facts";

const MOST_CLASSES = 30;

/** Per row, the shares of its cells; 0 where the row is empty. */
export function rowShares(counts: readonly (readonly number[])[]): number[][] {
  return counts.map((row) => {
    const total = row.reduce((sum, each) => sum + each, 0);
    return row.map((each) => (total > 0 ? each / total : 0));
  });
}

/**
 * The classes to show: all, or of very many those with the most rows, the others joined in a last one.
 */
export function condensed(table: Confusion, most = MOST_CLASSES): Confusion {
  if (table.classes.length <= most) return table;
  const totals = table.counts.map((row, index) => ({ index, total: row.reduce((sum, each) => sum + each, 0) }));
  const kept = totals
    .sort((a, b) => b.total - a.total)
    .slice(0, most - 1)
    .map(({ index }) => index)
    .sort((a, b) => a - b);
  const keptSet = new Set(kept);
  const others = table.classes.map((_, index) => index).filter((index) => !keptSet.has(index));
  const groups = [...kept.map((index) => [index]), others];
  const counts = groups.map((rows) =>
    groups.map((columns) =>
      rows.reduce((sum, i) => sum + columns.reduce((s, j) => s + (table.counts[i]?.[j] ?? 0), 0), 0),
    ),
  );
  return { classes: [...kept.map((index) => table.classes[index] ?? ""), `${others.length} others`], counts };
}

/** Return the matrix of one output. */
export function confusionView(output: string, split: string, whole: Confusion): HTMLElement {
  const table = condensed(whole);
  const shares = rowShares(table.counts);
  const dense = table.classes.length > 8;
  return scroller(
    h(
      "table",
      { class: `d-confusion${dense ? " d-dense" : ""}` },
      h("caption", { class: "d-spoken" }, `Confusion matrix of ${output} on the ${split} split; rows are the truth`),
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          h("td", { class: "d-corner" }, "truth \u2193  answer \u2192"),
          ...table.classes.map((name) => h("th", { scope: "col", title: name }, h("span", { class: "d-clip" }, name))),
          h("th", { scope: "col", class: "d-right" }, "rows"),
        ),
      ),
      h(
        "tbody",
        {},
        ...table.classes.map((name, i) =>
          h(
            "tr",
            {},
            h("th", { scope: "row", title: name }, h("span", { class: "d-clip" }, name)),
            ...table.classes.map((other, j) => cell(name, other, table.counts[i]?.[j] ?? 0, shares[i]?.[j] ?? 0)),
            h(
              "td",
              { class: "d-right d-number d-faint" },
              countText((table.counts[i] ?? []).reduce((a, b) => a + b, 0)),
            ),
          ),
        ),
      ),
    ),
  );
}

function cell(truth: string, answer: string, count: number, share: number): HTMLElement {
  const right = truth === answer;
  const made = h(
    "td",
    {
      class: `d-cell ${count === 0 ? "d-none" : "d-heat"}${right ? " d-hit" : ""}`,
      title: `${countText(count)} of ${truth} were taken for ${answer} (${shareText(share)})`,
    },
    h("span", { class: "d-count d-number" }, countText(count)),
    h("span", { class: "d-share d-number" }, shareText(share)),
  );
  // From a tint to half the colour: the figures must stay readable on it.
  made.style.setProperty("--d-share", `${Math.round(8 + share * 38)}%`);
  return made;
}

/** The tables of the final figures: metrics a split, and slices with the worst first. */
import type { Decides } from "../contract";
import { h } from "./dom";
import { countText, figureOrNull, metricText } from "./format";
import { orderedSplits } from "./plan";
import type { Evaluation, Slice, Values } from "./facts";

const COMBINED = "combined";
const FEW_SLICES = 8;

/** Return the final metrics: a row a metric, a column a split. */
export function metricsTable(evaluations: ReadonlyMap<string, Evaluation>, decides: Decides | null): HTMLElement {
  const splits = orderedSplits(evaluations.keys());
  const names = metricNames([...evaluations.values()].map((each) => each.values));
  const several = new Set(names.map(({ output }) => output)).size > 1;
  let before = "";
  const rows = names.flatMap(({ output, metric }) => {
    const first = output !== before;
    before = output;
    const decisive = decides?.output === output && decides.metric === metric;
    const row = h(
      "tr",
      { class: decisive ? "d-decisive" : "" },
      h("th", { scope: "row" }, ...breakable(metric), decisive && h("span", { class: "d-tag" }, "decides")),
      ...splits.map((split) =>
        h("td", { class: "d-right d-number" }, value(evaluations.get(split)?.values, output, metric)),
      ),
    );
    const group = h("th", { scope: "rowgroup", colspan: splits.length + 1 }, output);
    return several && first ? [h("tr", { class: "d-group" }, group), row] : [row];
  });
  return h(
    "table",
    { class: "d-table d-final" },
    h("caption", { class: "d-spoken" }, "Final metrics, with the weights that were kept"),
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        h("th", { scope: "col" }, "Metric"),
        ...splits.map((split) =>
          h(
            "th",
            { scope: "col", class: "d-right" },
            split,
            h("span", { class: "d-below" }, `${countText(evaluations.get(split)?.rows ?? 0)} rows`),
          ),
        ),
      ),
    ),
    h("tbody", {}, ...rows),
  );
}

/**
 * Return the slices of one split in the order of the stream, which is worst first. Few columns tell more than all: the
 * deciding metric, then each output's loss.
 */
export function slicesTable(evaluation: Evaluation, decides: Decides | null): HTMLElement {
  const columns = sliceColumns(evaluation.slices, decides);
  const whole: Slice = { name: "all rows", rows: evaluation.rows, values: evaluation.values };
  const body = evaluation.slices.map((slice, index) => sliceRow(slice, columns, index >= FEW_SLICES));
  const hidden = body.length - FEW_SLICES;
  const table = h(
    "table",
    { class: "d-table d-slices" },
    h("caption", { class: "d-spoken" }, `Slices of the ${evaluation.split} split, worst first`),
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        h("th", { scope: "col" }, "Slice"),
        h("th", { scope: "col", class: "d-right" }, "Rows"),
        ...columns.map(({ output, metric }) =>
          h("th", { scope: "col", class: "d-right" }, metric, h("span", { class: "d-below" }, output)),
        ),
      ),
    ),
    h("tbody", {}, ...body),
    h("tfoot", {}, sliceRow(whole, columns, false)),
  );
  if (hidden <= 0) return table;
  const more = h("button", { type: "button", class: "d-button" }, `Show ${countText(hidden)} more`);
  more.addEventListener("click", () => {
    for (const row of body) row.hidden = false;
    more.remove();
  });
  return h("div", {}, table, more);
}

/** All metrics of some values, by output in the order in which they were told. */
export function metricNames(each: readonly Values[]): { output: string; metric: string }[] {
  const found = new Map<string, { output: string; metric: string }>();
  for (const values of each) {
    for (const [output, metrics] of Object.entries(values)) {
      for (const metric of Object.keys(metrics)) found.set(`${output}\n${metric}`, { output, metric });
    }
  }
  const all = [...found.values()];
  const outputs = new Set(all.map(({ output }) => output).filter((output) => output !== COMBINED));
  const shown = outputs.size === 1 ? all.filter(({ output }) => output !== COMBINED) : all;
  return groupedByOutput(shown);
}

/** A name that may go on in a new line after each underscore. */
function breakable(name: string): (string | HTMLElement)[] {
  return name.split(/(?<=_)/).flatMap((part, index) => (index === 0 ? [part] : [h("wbr"), part]));
}

function groupedByOutput(names: { output: string; metric: string }[]): { output: string; metric: string }[] {
  const outputs = [...new Set(names.map(({ output }) => output))];
  return outputs.flatMap((output) => names.filter((each) => each.output === output));
}

function sliceColumns(slices: readonly Slice[], decides: Decides | null): { output: string; metric: string }[] {
  const names = metricNames(slices.map((slice) => slice.values));
  const first = names.filter(({ output, metric }) => output === decides?.output && metric === decides.metric);
  const losses = names.filter((each) => each.metric === "loss" && !first.includes(each));
  const rest = names.filter((each) => !first.includes(each) && !losses.includes(each));
  return [...first, ...losses, ...rest].slice(0, 3);
}

function sliceRow(slice: Slice, columns: { output: string; metric: string }[], hidden: boolean): HTMLElement {
  return h(
    "tr",
    { hidden },
    h("th", { scope: "row" }, slice.name),
    h("td", { class: "d-right d-number" }, countText(slice.rows)),
    ...columns.map(({ output, metric }) => h("td", { class: "d-right d-number" }, value(slice.values, output, metric))),
  );
}

function value(values: Values | undefined, output: string, metric: string): string {
  const found = figureOrNull(values?.[output]?.[metric]);
  return metricText(found);
}

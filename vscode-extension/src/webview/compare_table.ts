/** The table of a comparison: a row a metric, a column a run, each with its difference from the base. */
import type { RunInfo } from "../contract";
import { type Delta, comparedMetrics, deltaOf } from "./delta";
import { h } from "./dom";
import { deltaText, durationText, metricText } from "./format";
import { type IconName, icon } from "./icons";
import { lookOf } from "./standing";
import { swatch } from "./swatch";
import { RUN_COLORS } from "./theme";

const SIGNS: Partial<Record<Delta["verdict"], IconName>> = { better: "check", worse: "cross", same: "equal" };

/** Return the table; runs are in the order of their colours, the base is marked. */
export function compareTable(
  runs: readonly RunInfo[],
  base: string,
  split: string,
  goals: Readonly<Record<string, string>>,
): HTMLElement {
  const reference = runs.find((each) => each.run === base) ?? runs[0];
  const names = comparedMetrics(runs, split);
  const outputs = new Set(names.map(({ output }) => output));
  const decides = reference?.decides;
  return h(
    "table",
    { class: "d-table d-compare" },
    h("caption", { class: "d-spoken" }, `Metrics on the ${split} split, against run ${base}`),
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        h("th", { scope: "col" }, "Metric"),
        ...runs.map((run, index) =>
          h(
            "th",
            { scope: "col", class: "d-right" },
            h("span", { class: "d-key" }, swatch(`--d-run-${index % RUN_COLORS}`, []), run.run),
            h("span", { class: "d-below" }, run.run === base ? "base" : lookOf(run.status).word.toLowerCase()),
          ),
        ),
      ),
    ),
    h(
      "tbody",
      {},
      ...names.map(({ output, metric }) => {
        const decisive = decides?.output === output && decides.metric === metric;
        const goal = goals[metric];
        return h(
          "tr",
          { class: decisive ? "d-decisive" : "" },
          h(
            "th",
            { scope: "row" },
            outputs.size > 1 && h("span", { class: "d-faint" }, `${output}.`),
            metric,
            decisive && h("span", { class: "d-tag" }, "decides"),
            goal !== undefined &&
              h("span", { class: "d-below" }, goal === "maximize" ? "higher is better" : "lower is better"),
          ),
          ...runs.map((run) => {
            const value = run.metrics[split]?.[output]?.[metric];
            const delta = deltaOf(reference?.metrics[split]?.[output]?.[metric], value, goal);
            return cell(delta, run.run === base);
          }),
        );
      }),
    ),
    h(
      "tfoot",
      {},
      h(
        "tr",
        {},
        h("th", { scope: "row" }, "Time"),
        ...runs.map((run) => h("td", { class: "d-right d-number" }, durationText(run.seconds))),
      ),
    ),
  );
}

function cell(delta: Delta, isBase: boolean): HTMLElement {
  const value = h("span", { class: "d-number" }, metricText(delta.value));
  if (isBase || delta.verdict === "missing") return h("td", { class: "d-right" }, value);
  const sign = SIGNS[delta.verdict];
  const text = delta.difference === null ? delta.verdict : deltaText(delta.difference);
  return h(
    "td",
    { class: "d-right" },
    value,
    h(
      "span",
      { class: `d-delta d-${delta.verdict}` },
      sign !== undefined && icon(sign),
      h("span", { class: "d-number" }, text),
      h("span", { class: "d-spoken" }, ` ${delta.verdict}`),
    ),
  );
}

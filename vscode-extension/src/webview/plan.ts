/** Decides which charts a view has, in which order, and which lines are in each. Knows no screen. */
import type { Series } from "./series";
import type { RunState } from "./state";

/** One line of a chart. */
export interface Line {
  run: string;
  /** The run's place among those shown; it picks the colour. */
  index: number;
  /** The split, or `within epoch` for the loss between two evaluations. */
  split: string;
  series: Series;
  /** Drawn thin and without a legend value of its own. */
  faint: boolean;
}

/** One chart. */
export interface ChartPlan {
  id: string;
  output: string;
  metric: string;
  /** Whether this metric picks the best epoch. */
  decides: boolean;
  lines: Line[];
}

export const WITHIN_EPOCH = "within epoch";
const COMBINED = "combined";
const SPLITS = ["training", "validation", "test"];

/**
 * The charts of some runs: the loss first, the deciding metric second, then the others by output in the order in which
 * they were told; the learning rate last, where it changes.
 */
export function planCharts(states: readonly RunState[]): ChartPlan[] {
  const plans = new Map<string, ChartPlan>();
  const redundant = states.every((state) => losesNothingWithoutCombined(state));
  states.forEach((state, index) => {
    for (const { split, output, metric, series } of state.curves.values()) {
      if (output === COMBINED && redundant) continue;
      const plan = planFor(plans, output, metric);
      plan.decides ||= state.decides?.output === output && state.decides.metric === metric;
      plan.lines.push({ run: state.run, index, split, series, faint: false });
    }
  });
  const loss = [...plans.values()].find((plan) => isOverallLoss(plan, redundant));
  states.forEach((state, index) => {
    if (state.stepLoss.length === 0) return;
    // Where epochs are short, a few values between them tell nothing that the epochs do not.
    const evaluated = Math.max(
      0,
      ...(loss?.lines ?? []).filter((each) => each.index === index).map((each) => each.series.length),
    );
    if (evaluated > 2 && state.stepLoss.length < 3 * evaluated) return;
    const plan = loss ?? planFor(plans, COMBINED, "loss");
    plan.lines.push({ run: state.run, index, split: WITHIN_EPOCH, series: state.stepLoss, faint: true });
  });
  const ordered = [...plans.values()].sort((a, b) => rank(a, redundant) - rank(b, redundant));
  const rates = states.map((state, index) => ({ state, index })).filter(({ state }) => varies(state.learningRate));
  if (rates.length > 0) {
    ordered.push({
      id: "learning_rate",
      output: "",
      metric: "learning_rate",
      decides: false,
      lines: rates.map(({ state, index }) => ({
        run: state.run,
        index,
        split: "training",
        series: state.learningRate,
        faint: false,
      })),
    });
  }
  for (const plan of ordered) plan.lines.sort((a, b) => a.index - b.index || splitRank(a.split) - splitRank(b.split));
  return ordered;
}

/** Splits in the order in which they are always shown. */
export function orderedSplits(splits: Iterable<string>): string[] {
  return [...new Set(splits)].sort((a, b) => splitRank(a) - splitRank(b));
}

/** A text that differs when other charts or other lines are wanted. */
export function signature(plans: readonly ChartPlan[]): string {
  return plans
    .map(
      (plan) => `${plan.id}${plan.decides ? "*" : ""}:${plan.lines.map((each) => `${each.run}/${each.split}`).join()}`,
    )
    .join(";");
}

function planFor(plans: Map<string, ChartPlan>, output: string, metric: string): ChartPlan {
  const id = `${output}.${metric}`;
  let plan = plans.get(id);
  if (plan === undefined) {
    plan = { id, output, metric, decides: false, lines: [] };
    plans.set(id, plan);
  }
  return plan;
}

/** With one output the combined loss is that output's loss: one chart says it. */
function losesNothingWithoutCombined(state: RunState): boolean {
  const outputs = new Set([...state.curves.values()].map((curve) => curve.output));
  outputs.delete(COMBINED);
  const [only] = outputs;
  if (outputs.size !== 1 || only === undefined) return false;
  return [...state.curves.values()]
    .filter((curve) => curve.output === COMBINED)
    .every(({ split, metric, series }) => {
      const twin = state.curve(split, only, metric)?.series;
      return twin !== undefined && sameNumber(twin.last(), series.last()) && twin.length === series.length;
    });
}

function sameNumber(a: number, b: number): boolean {
  return Object.is(a, b) || Math.abs(a - b) <= 1e-9 * Math.max(Math.abs(a), Math.abs(b));
}

function isOverallLoss(plan: ChartPlan, redundant: boolean): boolean {
  return plan.metric === "loss" && (redundant || plan.output === COMBINED);
}

function rank(plan: ChartPlan, redundant: boolean): number {
  if (isOverallLoss(plan, redundant)) return 0;
  return plan.decides ? 1 : 2;
}

function splitRank(split: string): number {
  if (split === WITHIN_EPOCH) return SPLITS.length + 1;
  const at = SPLITS.indexOf(split);
  return at < 0 ? SPLITS.length : at;
}

function varies(series: Series): boolean {
  const first = series.values[0];
  for (let at = 1; at < series.length; at += 1) if (series.values[at] !== first) return true;
  return false;
}

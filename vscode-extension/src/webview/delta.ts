/** Differences between runs: how much, and whether that is better. */
import type { Figure } from "../events.gen";
import type { RunInfo } from "../contract";
import { figureOrNull } from "./format";
import { orderedSplits } from "./plan";
import { metricNames } from "./tables";

/** How a value stands to the base's. `differs`: nobody said whether more is better. */
export type Verdict = "better" | "worse" | "same" | "differs" | "missing";

export interface Delta {
  value: number | null;
  /** `value - base`; null when one is missing or neither is finite. */
  difference: number | null;
  verdict: Verdict;
}

/** Compare a value with the base's under a goal: `maximize`, `minimize`, or undefined where it is not known. */
export function deltaOf(base: Figure | undefined, value: Figure | undefined, goal: string | undefined): Delta {
  const [before, after] = [figureOrNull(base), figureOrNull(value)];
  if (after === null || before === null) return { value: after, difference: null, verdict: "missing" };
  if (Object.is(before, after) || before === after) return { value: after, difference: 0, verdict: "same" };
  const difference = Number.isFinite(after - before) ? after - before : null;
  if (Number.isNaN(before) || Number.isNaN(after)) {
    return { value: after, difference: null, verdict: Number.isNaN(before) ? "better" : "worse" };
  }
  if (goal !== "maximize" && goal !== "minimize") return { value: after, difference, verdict: "differs" };
  return { value: after, difference, verdict: after > before === (goal === "maximize") ? "better" : "worse" };
}

/**
 * The goal of each metric as far as it is told: what the runs say of the deciding one, what the host says of others,
 * and a loss is always minimized.
 */
export function goalsOf(runs: readonly RunInfo[], told: Readonly<Record<string, string>>): Record<string, string> {
  const goals: Record<string, string> = { loss: "minimize", ...told };
  for (const { decides } of runs) if (decides !== null && decides.goal !== "") goals[decides.metric] = decides.goal;
  return goals;
}

/** The splits of which any run has final metrics. */
export function comparedSplits(runs: readonly RunInfo[]): string[] {
  return orderedSplits(runs.flatMap((run) => Object.keys(run.metrics)));
}

/** The metrics of a split in the order of the runs, the deciding one first. */
export function comparedMetrics(runs: readonly RunInfo[], split: string): { output: string; metric: string }[] {
  const names = metricNames(runs.map((run) => run.metrics[split] ?? {}));
  const decides = runs.find((run) => run.decides !== null)?.decides;
  const first = names.filter(({ output, metric }) => output === decides?.output && metric === decides.metric);
  return [...first, ...names.filter((each) => !first.includes(each))];
}

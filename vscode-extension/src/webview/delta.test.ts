/** Differences are judged by the metric's goal, and by nothing where nobody told it. */
import { describe, expect, it } from "vitest";
import type { RunInfo } from "../contract";
import { comparedMetrics, deltaOf, goalsOf } from "./delta";

function info(run: string, metrics: RunInfo["metrics"]): RunInfo {
  return {
    run,
    experiment: "e",
    path: run,
    status: "finished",
    created: "",
    decides: { output: "y", metric: "accuracy", goal: "maximize" },
    value: null,
    metrics,
    seconds: 1,
    trigger: "cli",
  };
}

describe("deltaOf", () => {
  it.each([
    [0.5, 0.6, "maximize", "better"],
    [0.5, 0.6, "minimize", "worse"],
    [0.5, 0.4, "minimize", "better"],
    [0.5, 0.5, "minimize", "same"],
    [0.5, 0.6, undefined, "differs"],
    ["nan", 0.6, "maximize", "better"],
    [0.6, "nan", "maximize", "worse"],
    ["nan", "nan", "maximize", "same"],
    [undefined, 1, "maximize", "missing"],
    [1, "inf", "minimize", "worse"],
  ] as const)("from %s to %s under %s is %s", (base, value, goal, verdict) => {
    expect(deltaOf(base, value, goal).verdict).toBe(verdict);
  });

  it("says by how much, where that is a number", () => {
    expect(deltaOf(0.5, 0.75, "maximize").difference).toBe(0.25);
    expect(deltaOf(1, "inf", "minimize").difference).toBeNull();
  });
});

describe("goalsOf", () => {
  it("knows the loss, what the runs say, and what the host adds", () => {
    expect(goalsOf([info("a", {})], { r2: "maximize" })).toEqual({
      loss: "minimize",
      r2: "maximize",
      accuracy: "maximize",
    });
  });
});

describe("comparedMetrics", () => {
  it("has the deciding metric first and metrics that only one run has", () => {
    const runs = [
      info("a", { validation: { combined: { loss: 1 }, y: { loss: 1, accuracy: 0.5 } } }),
      info("b", { validation: { combined: { loss: 1 }, y: { loss: 1, f1: 0.5 } } }),
    ];
    expect(comparedMetrics(runs, "validation").map((each) => each.metric)).toEqual(["accuracy", "loss", "f1"]);
    expect(comparedMetrics(runs, "test")).toEqual([]);
  });
});

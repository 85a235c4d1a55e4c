/** Which charts a view has, in which order, and what is in them. */
import { describe, expect, it } from "vitest";
import { planCharts, signature } from "./plan";
import { RunState } from "./state";

function state(run: string, decides: object, epochs: Record<string, Record<string, number>>[]): RunState {
  const made = new RunState(run);
  made.take({ kind: "training_started", steps_per_epoch: 10, epochs: 9, total_steps: 90, decides });
  epochs.forEach((values, index) => {
    for (const split of ["training", "validation"]) {
      made.take({ kind: "metrics", split, epoch: index + 1, step: (index + 1) * 10, values, best: false });
    }
  });
  return made;
}

const ONE = { combined: { loss: 1 }, y: { loss: 1, f1: 0.5, accuracy: 0.5 } };
const TWO = { combined: { loss: 3 }, y: { loss: 1, accuracy: 0.5 }, z: { loss: 2, r2: 0.5 } };
const ACCURACY = { output: "y", metric: "accuracy", goal: "maximize" };

describe("planCharts", () => {
  it("has the loss first and the deciding metric second", () => {
    expect(planCharts([state("a", ACCURACY, [ONE])]).map((each) => each.id)).toEqual(["y.loss", "y.accuracy", "y.f1"]);
  });

  it("does not show the loss of a single output twice", () => {
    expect(planCharts([state("a", ACCURACY, [ONE])]).some((each) => each.output === "combined")).toBe(false);
  });

  it("has the combined loss first where there are several outputs", () => {
    expect(planCharts([state("a", ACCURACY, [TWO])]).map((each) => each.id)).toEqual([
      "combined.loss",
      "y.accuracy",
      "y.loss",
      "z.loss",
      "z.r2",
    ]);
  });

  it("overlays the splits, and the runs", () => {
    const plans = planCharts([state("a", ACCURACY, [ONE]), state("b", ACCURACY, [ONE, ONE])]);
    expect(plans[0]?.lines.map((line) => `${line.run} ${line.split}`)).toEqual([
      "a training",
      "a validation",
      "b training",
      "b validation",
    ]);
  });

  it("shows the loss inside an epoch while there are few epochs to show", () => {
    const young = state("a", ACCURACY, [ONE]);
    const event = { kind: "step", epoch: 2, loss: 0.5, learning_rate: 0.1, steps_per_second: 1, eta_seconds: null };
    young.take({ ...event, step: 12 });
    expect(planCharts([young])[0]?.lines.some((line) => line.split === "within epoch")).toBe(true);
    const old = state("a", ACCURACY, [ONE, ONE, ONE, ONE]);
    old.take({ ...event, epoch: 5, step: 42 });
    expect(planCharts([old])[0]?.lines.some((line) => line.split === "within epoch")).toBe(false);
  });

  it("has the learning rate last, and only where it changes", () => {
    const made = state("a", ACCURACY, [ONE]);
    const event = { kind: "step", epoch: 1, loss: 0.5, steps_per_second: 1, eta_seconds: null };
    made.take({ ...event, step: 1, learning_rate: 0.1 });
    expect(planCharts([made]).at(-1)?.id).not.toBe("learning_rate");
    made.take({ ...event, step: 2, learning_rate: 0.05 });
    expect(planCharts([made]).at(-1)?.id).toBe("learning_rate");
  });

  it("has another signature when other lines are wanted", () => {
    const before = signature(planCharts([state("a", ACCURACY, [ONE])]));
    expect(signature(planCharts([state("a", ACCURACY, [ONE, ONE])]))).toBe(before);
    expect(signature(planCharts([state("a", ACCURACY, [TWO])]))).not.toBe(before);
  });

  it("has no chart for a run that said nothing", () => {
    expect(planCharts([new RunState("a")])).toEqual([]);
  });
});

/** The fold of events: what counts, what a resume makes void, and what an event of another version may not break. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { RunState } from "./state";

type Event = Record<string, unknown>;

const START = { kind: "run_started", run: "0001-aaaa", experiment: "e", process: 1, resumed_from_step: null };
const TRAINING = {
  kind: "training_started",
  epochs: 4,
  steps_per_epoch: 10,
  total_steps: 40,
  batch_size: 8,
  parameters: 5,
  frozen_parameters: 0,
  device: "cpu",
  threads: 2,
  optimizer: "adam",
  decides: { output: "y", metric: "accuracy", goal: "maximize" },
};

function metrics(split: string, epoch: number, value: unknown, best = false): Event {
  return { kind: "metrics", split, epoch, step: epoch * 10, values: { y: { accuracy: value } }, seconds: 0, best };
}

function step(at: number): Event {
  return {
    kind: "step",
    epoch: Math.floor((at - 1) / 10) + 1,
    step: at,
    loss: 1 / at,
    learning_rate: 0.1,
    steps_per_second: 5,
    eta_seconds: 3,
  };
}

function fold(...events: Event[]): RunState {
  const state = new RunState("0001-aaaa");
  events.forEach((event, seq) => state.take({ seq, time: 1000 + seq, ...event }));
  return state;
}

function recorded(name: string): Event[] {
  const path = new URL(`../../test/webview/events/${name}.jsonl`, import.meta.url);
  return readFileSync(path, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Event);
}

function values(state: RunState, split: string): number[] {
  const series = state.curve(split, "y", "accuracy")?.series;
  return series === undefined ? [] : [...series.values.subarray(0, series.length)];
}

describe("RunState", () => {
  it("keeps the curves of every split and the best epoch", () => {
    const state = fold(
      START,
      TRAINING,
      metrics("validation", 1, 0.5, true),
      metrics("validation", 2, 0.7, true),
      metrics("validation", 3, 0.6),
    );
    expect(values(state, "validation")).toEqual([0.5, 0.7, 0.6]);
    expect(state.best()).toEqual({ epoch: 2, step: 20, value: 0.7 });
    expect(state.progress?.epoch).toBe(3);
  });

  it("drops what a resume made void, and goes on", () => {
    const state = fold(
      START,
      TRAINING,
      step(5),
      metrics("validation", 1, 0.5, true),
      step(15),
      metrics("validation", 2, 0.9, true),
      step(25),
      { ...START, resumed_from_step: 10 },
      TRAINING,
      metrics("validation", 2, 0.6, true),
    );
    expect(values(state, "validation")).toEqual([0.5, 0.6]);
    expect(state.stepLoss.length).toBe(1);
    expect(state.best()?.value).toBe(0.6);
    expect(state.resumes).toEqual([10]);
    expect(state.starts).toBe(2);
  });

  it("forgets everything where a later process began again without a checkpoint", () => {
    const state = fold(START, TRAINING, metrics("test", 1, 0.5), START);
    expect(state.curves.size).toBe(0);
    expect(state.resumes).toEqual([]);
  });

  it("begins stages, results, problems and the end anew with each process", () => {
    const state = fold(
      START,
      { kind: "stage_started", stage: "fit", label: "Fitting" },
      { kind: "problem", problem: { code: "c", severity: "error", message: "m", path: "p", hint: "h" } },
      { kind: "run_finished", status: "failed", seconds: 1, message: "m" },
      { ...START, resumed_from_step: 0 },
    );
    expect([state.stages.size, state.problems.length, state.end]).toEqual([0, 0, null]);
  });

  it("shows what is not finite as a gap", () => {
    const state = fold(START, TRAINING, metrics("validation", 1, "nan"), metrics("validation", 2, "inf"));
    expect(values(state, "validation")).toEqual([Number.NaN, Infinity]);
    expect(state.curve("validation", "y", "accuracy")?.series.last()).toBeNaN();
  });

  it("places steps inside their epoch", () => {
    const state = fold(START, TRAINING, step(5), step(15), step(20));
    expect([...state.stepLoss.along("epoch").subarray(0, 3)]).toEqual([0.5, 1.5, 2]);
  });

  it("lets nothing of another version break it", () => {
    const state = fold(
      START,
      { kind: "metrics", split: "validation" },
      { kind: "weather", sun: true },
      { kind: "stage_finished" },
      { kind: "problem" },
      metrics("validation", 1, 0.5),
    );
    state.take(null);
    state.take("text");
    state.take([]);
    expect(values(state, "validation")).toEqual([0.5]);
    expect(state.stages.size + state.problems.length).toBe(0);
  });

  it("keeps the end of a long log, and says how much went", () => {
    const lines = Array.from({ length: 6000 }, (_, index) => ({ kind: "log", level: "info", message: String(index) }));
    const state = fold(START, ...lines);
    expect(state.logs.length + state.logsDropped).toBe(6000);
    expect(state.logs.at(-1)?.message).toBe("5999");
  });

  it("reads a run that was killed, resumed and finished, as its recorded stream tells it", () => {
    const state = new RunState("r");
    for (const event of recorded("resumed")) state.take(event);
    const accuracy = state.decidingCurve()?.series;
    expect(state.starts).toBe(2);
    expect(accuracy?.length).toBe(60);
    expect(accuracy?.along("epoch")[59]).toBe(60);
    expect(state.best()?.epoch).toBe(11);
    expect(state.end?.status).toBe("finished");
    expect([...state.evaluations.keys()]).toEqual(["training", "validation", "test"]);
    expect(state.evaluations.get("test")?.confusion["income"]?.counts).toEqual([
      [1122, 95],
      [149, 234],
    ]);
    expect([...state.stages.values()].every((stage) => stage.cached !== null)).toBe(true);
  });
});

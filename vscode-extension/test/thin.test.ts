/** What is left out of a long stream, and what never is. */
import { expect, test } from "vitest";
import type { RunEvent } from "../src/events.gen";
import { thin } from "../src/runs/thin";

const step = (seq: number, loss: number | "nan"): RunEvent => ({
  kind: "step",
  seq,
  time: seq,
  epoch: 1,
  step: seq,
  loss,
  learning_rate: 0.1,
  steps_per_second: 1,
  eta_seconds: null,
});

test("a short stream stays as it is", () => {
  const events = [step(0, 1), step(1, 2)];
  expect(thin(events, 5)).toEqual(events);
});

test("a hundred thousand steps become at most five thousand, in order, with both ends", () => {
  const events = Array.from({ length: 100_000 }, (_, seq) => step(seq, Math.sin(seq)));
  const kept = thin(events);
  expect(kept.length).toBeLessThanOrEqual(5_000);
  expect(kept.length).toBeGreaterThan(4_000);
  expect(kept[0]).toBe(events[0]);
  expect(kept.at(-1)).toBe(events.at(-1));
  expect(kept.map((each) => each.seq)).toEqual([...kept.map((each) => each.seq)].sort((a, b) => a - b));
});

test("one spike and one gap among many steps survive", () => {
  const events = Array.from({ length: 50_000 }, (_, seq) => step(seq, seq === 31_234 ? 99 : seq === 7_777 ? "nan" : 1));
  const losses = thin(events, 500).map((each) => (each.kind === "step" ? each.loss : 0));
  expect(losses).toContain(99);
  expect(losses).toContain("nan");
});

test("events of other kinds are never left out", () => {
  const log = (seq: number): RunEvent => ({ kind: "log", seq, time: seq, level: "info", message: "" });
  const events = Array.from({ length: 10_000 }, (_, seq) => (seq % 10 === 0 ? log(seq) : step(seq, seq)));
  expect(thin(events, 100).filter((each) => each.kind === "log")).toHaveLength(1_000);
});

/** Groups, filters, orders and words of the list of runs. */
import { expect, test } from "vitest";
import type { RunInfo } from "../src/contract";
import { age, bestOf, figureText, grouped, matching } from "../src/runs/order";
import { blank } from "../src/runs/record";

const run = (id: string, more: Partial<RunInfo> = {}): RunInfo => ({
  ...blank(`/runs/${more.experiment ?? "census"}/${id}`),
  status: "finished",
  decides: { output: "y", metric: "accuracy", goal: "maximize" },
  ...more,
});
const names = (runs: RunInfo[]): string[] => runs.map((each) => each.run);

test("a filter's words must all fit, in any field", () => {
  const runs = [run("0001-a", { tags: ["baseline"] }), run("0002-b", { status: "failed", tags: ["baseline"] })];
  expect(names(matching(runs, "baseline FAILED"))).toEqual(["0002-b"]);
  expect(names(matching(runs, "run 1"))).toEqual(["0001-a"]);
  expect(names(matching(runs, " "))).toEqual(["0001-a", "0002-b"]);
});

test("the best run comes first, whatever the goal is; one without a value comes last", () => {
  const loss = { output: "y", metric: "loss", goal: "minimize" };
  const runs = [
    run("0001-a", { value: null }),
    run("0002-b", { value: 0.5, decides: loss }),
    run("0003-c", { value: 0.2, decides: loss }),
  ];
  expect(names(grouped(runs, "best")[0]!.runs)).toEqual(["0003-c", "0002-b", "0001-a"]);
  const accuracy = [run("0001-a", { value: 0.5 }), run("0002-b", { value: 0.8 })];
  expect(names(grouped(accuracy, "best")[0]!.runs)).toEqual(["0002-b", "0001-a"]);
});

test("the experiment with the newest run comes first", () => {
  const runs = [
    run("0001-a", { experiment: "old", created: "2026-01-01" }),
    run("0002-b", { experiment: "new", created: "2026-02-01" }),
  ];
  expect(grouped(runs, "newest").map((each) => each.experiment)).toEqual(["new", "old"]);
});

test("there is no best among runs that different metrics decide, and none of one", () => {
  const other = { output: "y", metric: "loss", goal: "minimize" };
  expect(bestOf([run("0001-a", { value: 0.5 })])).toBeUndefined();
  expect(bestOf([run("0001-a", { value: 0.5 }), run("0002-b", { value: 0.1, decides: other })])).toBeUndefined();
  expect(bestOf([run("0001-a", { value: 0.5 }), run("0002-b", { value: 0.7 })])?.run).toBe("0002-b");
});

test.each([
  [5, "now"],
  [61, "1 min"],
  [7_300, "2 h"],
  [200_000, "2 d"],
])("%i seconds ago is %s", (seconds, text) => {
  const now = Date.parse("2026-06-01T12:00:00Z");
  expect(age(new Date(now - seconds * 1000).toISOString(), now)).toBe(text);
});

test.each([
  [0.856251, "0.8563"],
  [0.00001234, "1.23e-5"],
  [Number.NaN, "nan"],
  [0, "0"],
])("%d is written %s", (value, text) => expect(figureText(value)).toBe(text));

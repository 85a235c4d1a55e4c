/** From a run's record to what the list shows. */
import { expect, test } from "vitest";
import { advance, type Live, NOT_BEGUN, progress } from "../src/runs/live";
import { readRecord, shortName } from "../src/runs/record";
import type { RunEvent } from "../src/events.gen";

const FOLDER = "/p/runs/census/0012-3fa9";
const around = (alive: boolean) => ({ host: "here", alive: () => alive, tags: [] as string[] });
const record = (values: object): string => JSON.stringify({ format: 1, run: "0012-3fa9", ...values });

test("a finished run shows the deciding metric of its validation split", () => {
  const decides = { output: "income", metric: "accuracy", goal: "maximize" };
  const metrics = { training: { income: { accuracy: 0.9 } }, validation: { income: { accuracy: 0.85 } } };
  const { info } = readRecord(record({ status: "finished", decides, metrics }), FOLDER, around(false));
  expect(info).toMatchObject({ status: "finished", value: 0.85, experiment: "census" });
});

test("a run whose process is gone was killed", () => {
  const text = record({ status: "running", process: 7, hardware: { host: "here" } });
  expect(readRecord(text, FOLDER, around(false)).info.status).toBe("killed");
  expect(readRecord(text, FOLDER, around(true)).info.status).toBe("running");
});

test("a run of another machine is believed, and its process is not one of ours", () => {
  const text = record({ status: "running", process: 7, hardware: { host: "there" } });
  const run = readRecord(text, FOLDER, around(false));
  expect(run.info.status).toBe("running");
  expect(run.process).toBeUndefined();
});

test("a run that was sent elsewhere is believed, and its config is a file of the project here", () => {
  const there = { address: "http://127.0.0.1:8888", folder: "/there/runs/census/0012-3fa9" };
  const argv = ["main.py", "train", "configs/census.declml.yaml"];
  // The machine may have this one's name, and a process of that number.
  const text = record({
    status: "running",
    process: 7,
    hardware: { host: "here" },
    remote: there,
    folder: "/there",
    argv,
  });
  const run = readRecord(text, FOLDER, around(false));
  expect(run.info).toMatchObject({ status: "running", config: "/p/configs/census.declml.yaml" });
  expect(run.process).toBeUndefined();
  expect(run.remote).toBe("http://127.0.0.1:8888");
});

test.each(["", "[", "null", "3", '{"format": 2}', "{}"])("a record %j is listed as unreadable", (text) => {
  const { info, problem } = readRecord(text, FOLDER, around(true));
  expect(info).toMatchObject({ status: "unreadable", run: "0012-3fa9", experiment: "census" });
  expect(problem).not.toBe("");
});

test("the config is the file that was trained, in the folder that it lay in", () => {
  const text = record({ status: "finished", folder: "/p", argv: ["declml", "train", "configs/census.declml.yaml"] });
  expect(readRecord(text, FOLDER, around(true)).info.config).toBe("/p/census.declml.yaml");
});

test("numbers are short names, other ids are their own", () => {
  expect([shortName("0012-3fa9"), shortName("by-hand")]).toEqual(["run 12", "by-hand"]);
});

const told = (events: Partial<RunEvent>[]): Live => (events as RunEvent[]).reduce(advance, NOT_BEGUN);
const metrics = (epoch: number, accuracy: number | "nan", best: boolean, split = "validation"): Partial<RunEvent> => ({
  kind: "metrics",
  split,
  epoch,
  best,
  values: { income: { accuracy } },
});
const began: Partial<RunEvent>[] = [
  { kind: "run_started" },
  { kind: "training_started", epochs: 40, decides: { output: "income", metric: "accuracy", goal: "maximize" } },
];

test("the events tell the best value so far, not the last", () => {
  const live = told([...began, metrics(1, 0.8, true), metrics(2, 0.85, true), metrics(3, 0.82, false)]);
  expect(live).toMatchObject({ status: "running", best: 0.85, epoch: 3 });
  expect(progress(live)).toBe("epoch 3/40");
});

test("other splits do not decide", () => {
  expect(told([...began, metrics(1, 0.99, true, "training")]).best).toBeNull();
});

test("the last event tells how it ended", () => {
  const live = told([...began, { kind: "run_finished", status: "interrupted", message: "Stopped." }]);
  expect(live).toMatchObject({ status: "interrupted", message: "Stopped." });
});

test("the metrics of the best epoch stand together", () => {
  const epochs = [
    metrics(1, 0.7, true, "training"),
    metrics(1, 0.8, true),
    metrics(2, 0.9, false, "training"),
    metrics(2, 0.6, false),
  ];
  expect(told([...began, ...epochs]).metrics).toEqual({
    training: { income: { accuracy: 0.7 } },
    validation: { income: { accuracy: 0.8 } },
  });
});

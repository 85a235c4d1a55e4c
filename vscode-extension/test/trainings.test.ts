/** What is asked of the server while a training ends, and after the server that began it is gone. */
import { beforeEach, expect, test, vi } from "vitest";
import * as vscode from "vscode";
import type { RunStatus } from "../src/contract";
import type { Kernels } from "../src/kernels/kernels";
import type { Panels } from "../src/panel/panels";
import { RunStopper } from "../src/runs/stop";
import type { RunStore } from "../src/runs/store";
import type { LanguageServer, ServerState } from "../src/server/language_server";
import type { Training } from "../src/server/protocol";
import { TrainingCommands } from "../src/trainings/commands";
import { Trainings } from "../src/trainings/trainings";

const URI = "file:///p/census.declml.yaml";
const FOLDER = "/p/runs/census/0001-3fa9";
const STEADY: Training = {
  ...({ uri: URI, run: "0001-3fa9", experiment: "census", path: FOLDER, stage: "", message: "" } as Training),
  status: "running",
};

let asked: string[];
let signalled: number[];
let recorded: RunStatus;
let told: vscode.EventEmitter<Training>;
let state: vscode.EventEmitter<ServerState>;
let answers: Record<string, unknown>;
let trainings: Trainings;
let commands: TrainingCommands;
let stopper: RunStopper;

beforeEach(() => {
  asked = [];
  signalled = [];
  recorded = "running";
  told = new vscode.EventEmitter();
  state = new vscode.EventEmitter();
  answers = { "declml.train": { ...STEADY, status: "starting", run: "", path: "" }, "declml.stop": { stopped: true } };
  const server = {
    onTraining: told.event,
    onDidChangeState: state.event,
    start: () => Promise.resolve({ kind: "ready" }),
    command: (name: string) => {
      asked.push(name);
      return Promise.resolve(answers[name]);
    },
  };
  const run = () => ({
    info: { run: STEADY.run, path: FOLDER, status: recorded, config: "/p/census.declml.yaml" },
    process: 7,
  });
  const store = {
    get: run,
    refresh: () => Promise.resolve(run()),
    markStopping: () => undefined,
    markOutOfSight: () => undefined,
    addRoot: () => Promise.resolve(),
  };
  const panels = {
    training: () => Promise.resolve({ paths: [FOLDER] }),
    known: () => Promise.resolve(),
    nothing: () => undefined,
  };
  trainings = new Trainings(server as unknown as LanguageServer, store as unknown as RunStore);
  commands = new TrainingCommands(
    server as unknown as LanguageServer,
    trainings,
    panels as unknown as Panels,
    {} as Kernels,
  );
  stopper = new RunStopper(
    store as unknown as RunStore,
    trainings,
    server as unknown as LanguageServer,
    () => Promise.resolve({}),
    () => Promise.resolve(),
  );
  vi.spyOn(process, "kill").mockImplementation((pid) => {
    signalled.push(pid);
    return true;
  });
  return () => {
    commands.dispose();
    trainings.dispose();
    vi.restoreAllMocks();
  };
});

test("a run that says that it is interrupted is resumed once the server has seen its end", async () => {
  told.fire(STEADY);
  recorded = "interrupted";
  const resumed = commands.resume(URI, STEADY.run);
  await new Promise((resolve) => setTimeout(resolve));
  expect(asked).toEqual([]);
  told.fire({ ...STEADY, status: "interrupted" });
  await resumed;
  expect(asked).toContain("declml.train");
});

test("a training that is at work is not begun again, but a resume is for the server to refuse in words", async () => {
  told.fire(STEADY);
  await commands.train(URI, {});
  expect(asked).toEqual([]);
  answers["declml.train"] = { problem: "It is being trained already." };
  await commands.resume(URI, "0000-aaaa");
  expect(asked).toEqual(["declml.train"]);
});

test("of a server that is gone nothing more is heard: what it began is stopped by its process, and resumed", async () => {
  told.fire(STEADY);
  state.fire({ kind: "starting" });
  await stopper.stop(FOLDER);
  expect(asked).toEqual([]);
  expect(signalled).toEqual([7]);
  recorded = "interrupted";
  await commands.resume(URI, STEADY.run);
  expect(asked).toContain("declml.train");
});

test("a stop that the server knows no training for reaches the process", async () => {
  told.fire(STEADY);
  answers["declml.stop"] = { stopped: false };
  await stopper.stop(FOLDER);
  expect(signalled).toEqual([7]);
});

test("a training that ends before its stop is answered stays ended", async () => {
  told.fire(STEADY);
  const stopped = trainings.stop(URI);
  told.fire({ ...STEADY, status: "interrupted" });
  await stopped;
  expect(trainings.isRunning(URI)).toBe(false);
});

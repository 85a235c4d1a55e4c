/** The extension host's thread stays free while a run writes 200 events a second and a panel shows them. */
import * as assert from "node:assert";
import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as vscode from "vscode";
import { tabs, until, workspace } from "./patience.ts";

const LONGEST_MS = 50;
const SECONDS = 10;

/** Appends 200 steps a second, ten at a time, for as long as the test looks. */
const WRITER = `
const { appendFileSync } = require("node:fs");
const [file, first] = [process.argv[1], Number(process.argv[2])];
let seq = first;
setInterval(() => {
  let text = "";
  for (let i = 0; i < 10; i += 1, seq += 1) text += JSON.stringify({ seq, time: Date.now() / 1000, kind: "step", epoch: 1,
    step: seq, loss: Math.random(), learning_rate: 0.1, steps_per_second: 200, eta_seconds: 10 }) + "\\n";
  appendFileSync(file, text);
}, 50);
setTimeout(() => process.exit(), ${(SECONDS + 5) * 1000});
`;
const EARLIER = 100_000;

/** What is used of Node's newer versions: the thread's own computing time, in microseconds. */
interface Threads {
  threadCpuUsage(): { user: number; system: number };
}

/**
 * Look at this thread every few milliseconds. `longest` is the most that it computed between two looks, `late` how late
 * a look was at most: on a busy machine that is the wait for a processor as well.
 */
async function watchThread(milliseconds: number): Promise<{ longest: number; late: number }> {
  const computed = (): number => {
    const { user, system } = (process as unknown as Threads).threadCpuUsage();
    return (user + system) / 1000;
  };
  const every = 5;
  let [longest, late, last, before] = [0, 0, performance.now(), computed()];
  const timer = setInterval(() => {
    const [now, work] = [performance.now(), computed()];
    longest = Math.max(longest, work - before);
    late = Math.max(late, now - last - every);
    [last, before] = [now, work];
  }, every);
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
  clearInterval(timer);
  return { longest, late };
}

describe("pace", () => {
  it(`is free for ${LONGEST_MS} ms at most at 200 events a second, after ${EARLIER} events`, async () => {
    const folder = workspace("runs", "pace", "0001-pace").fsPath;
    mkdirSync(folder, { recursive: true });
    const step = (seq: number): string =>
      JSON.stringify({
        seq,
        time: seq,
        kind: "step",
        epoch: 1,
        step: seq,
        loss: 1,
        learning_rate: 0.1,
        steps_per_second: 1,
        eta_seconds: 1,
      });
    writeFileSync(
      join(folder, "events.jsonl"),
      `${Array.from({ length: EARLIER }, (_, seq) => step(seq)).join("\n")}\n`,
    );
    const record = {
      format: 1,
      run: "0001-pace",
      experiment: "pace",
      created: new Date().toISOString(),
      status: "running",
      process: process.pid,
    };
    writeFileSync(join(folder, "record.json"), JSON.stringify(record));
    await vscode.commands.executeCommand("declml.runs.refresh");
    await vscode.commands.executeCommand("declml.runs.open", { kind: "run", path: folder });
    await until("the panel", () => tabs().includes("run 1 · pace"));
    const env = { ...process.env, ELECTRON_RUN_AS_NODE: "1" };
    const writer = spawn(process.execPath, ["-e", WRITER, join(folder, "events.jsonl"), String(EARLIER)], { env });
    const { longest, late } = await watchThread(SECONDS * 1000);
    writer.kill();
    console.log(
      `  ..    longest work in one go ${longest.toFixed(1)} ms; the thread was late by ${late.toFixed(1)} ms at most`,
    );
    assert.ok(longest < LONGEST_MS, `it worked for ${longest} ms in one go`);
  });
});

/** What goes to a webview and what may come from one. */
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { HostMessage } from "../src/contract";
import { RunFeed } from "../src/panel/feed";
import { page } from "../src/panel/html";
import { readMessage, readState } from "../src/panel/messages";
import { inline, toYaml } from "../src/panel/yaml";
import { changes, fromPairs } from "../src/runs/changes";

let folder = "";
let feed: RunFeed | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "declml-feed-"));
});
afterEach(() => {
  feed?.close();
  rmSync(folder, { recursive: true });
});

const step = (seq: number): string =>
  `${JSON.stringify({ seq, time: seq, kind: "step", epoch: 1, step: seq, loss: 1, learning_rate: 0.1, steps_per_second: 1, eta_seconds: null })}\n`;
const steps = (from: number, to: number): string =>
  Array.from({ length: to - from }, (_, index) => step(from + index)).join("");

function begin(): HostMessage[] {
  const messages: HostMessage[] = [];
  feed = new RunFeed("0001-a", folder, (message) => messages.push(message));
  return messages;
}

test("a webview gets what there is, then what comes, without gap or overlap", async () => {
  writeFileSync(join(folder, "events.jsonl"), steps(0, 3));
  const messages = begin();
  await feed!.begin();
  expect(messages).toMatchObject([{ type: "snapshot", from: 0, to: 2 }]);
  appendFileSync(join(folder, "events.jsonl"), steps(3, 5));
  await vi.waitFor(() => expect(messages[1]).toMatchObject({ type: "events", from_seq: 3, to_seq: 4 }), 5_000);
});

test("a run without a stream yet has an empty snapshot, and its first events follow", async () => {
  const messages = begin();
  await feed!.begin();
  expect(messages).toMatchObject([{ type: "snapshot", to: -1, events: [] }]);
  writeFileSync(join(folder, "events.jsonl"), steps(0, 1));
  await vi.waitFor(() => expect(messages[1]).toMatchObject({ type: "events", from_seq: 0, to_seq: 0 }), 5_000);
});

test("thousands of events at once come as a thinned snapshot", async () => {
  const messages = begin();
  await feed!.begin();
  writeFileSync(join(folder, "events.jsonl"), steps(0, 20_000));
  await vi.waitFor(() => expect(messages.at(-1)).toMatchObject({ type: "snapshot", to: 19_999 }), 5_000);
  const last = messages.at(-1);
  expect(last?.type === "snapshot" && last.events.length).toBeLessThanOrEqual(5_000);
});

test("the plan is told as YAML and the log as its end", async () => {
  writeFileSync(join(folder, "plan.json"), '{"trainer": {"epochs": 3}}');
  writeFileSync(join(folder, "worker.log"), "a warning\n");
  const messages = begin();
  await feed!.begin();
  const resolved = { type: "resolved", run: "0001-a", text: "trainer:\n  epochs: 3\n" };
  await vi.waitFor(() => expect(messages).toContainEqual(resolved));
  await vi.waitFor(() => expect(messages).toContainEqual({ type: "log", run: "0001-a", text: "a warning\n" }));
});

const SHOWN = new Set(["0001-a", "0002-b"]);

test.each([
  [
    { type: "stop", run: "0001-a" },
    { type: "stop", run: "0001-a", again: false },
  ],
  [
    { type: "diffConfig", runs: ["0001-a", "0002-b"] },
    { type: "diffConfig", runs: ["0001-a", "0002-b"] },
  ],
  [
    { type: "copy", text: "x", more: 1 },
    { type: "copy", text: "x" },
  ],
])("%j is understood", (sent, read) => expect(readMessage(sent, SHOWN)).toEqual(read));

test.each([
  [null],
  ["stop"],
  [{ type: "stop" }],
  [{ type: "stop", run: "0009-z" }],
  [{ type: "openFolder", run: "../../etc" }],
  [{ type: "diffConfig", runs: ["0001-a", 3] }],
  [{ type: "diffConfig", runs: "0001-a" }],
  [{ type: "refetch", run: "0001-a" }],
  [{ type: "copy" }],
  [{ type: "eval", text: "1" }],
])("%j is not obeyed", (sent) => expect(readMessage(sent, SHOWN)).toBeUndefined());

test("a kept state that makes no sense shows nothing", () => {
  expect([undefined, null, {}, { paths: "x" }, { paths: [1, "a"] }].map(readState)).toEqual([[], [], [], [], ["a"]]);
});

test("a page takes one script by its nonce and nothing inline", () => {
  const text = page({ view: "run", title: "<b>", script: "s.js", style: "s.css", source: "https://x", nonce: "abc" });
  expect(text).toContain("default-src 'none'");
  expect(text).not.toContain("unsafe-");
  expect(text).not.toContain("<b>");
  expect(text.match(/<script/g)).toHaveLength(1);
});

test("YAML says what the data say", () => {
  const data = { a: [1, "two", null], b: { c: true, d: {} }, e: [{ name: "x", f: "yes" }, { name: "y: z" }] };
  expect(toYaml(data)).toBe(
    'a: [1, two, null]\nb:\n  c: true\n  d: {}\ne:\n  - name: x\n    f: "yes"\n  - name: "y: z"\n',
  );
  expect(inline({ a: [], "1": "" })).toBe('{"1": "", a: []}');
});

test("only what differs is told, items by their names", () => {
  const plan = (dropout: number, names: string[]) => ({
    combiner: { dropout, type: "concat" },
    inputs: names.map((name) => ({ name, type: "number" })),
  });
  expect(changes([plan(0.2, ["age"]), plan(0.4, ["sex", "age"])])).toEqual([
    { path: "combiner.dropout", values: ["0.2", "0.4"] },
    { path: "inputs.sex.name", values: [null, "sex"] },
    { path: "inputs.sex.type", values: [null, "number"] },
  ]);
});

test("the diffs of pairs are joined; what a swap brought along is left out", () => {
  const change = (path: string, before: unknown, after: unknown, kind = "changed", implied = false) => ({
    path,
    before,
    after,
    kind,
    implied,
  });
  const second = {
    config: [change("trainer.epochs", 40, 2), change("combiner.type", "a", "b"), change("x", 1, 2, "changed", true)],
  };
  const third = { config: [change("trainer.epochs", 40, 9), change("combiner.dropout", null, 0.1, "added")] };
  expect(fromPairs([second, third])).toEqual([
    { path: "trainer.epochs", values: ["40", "2", "9"] },
    { path: "combiner.type", values: ["a", "b", "a"] },
    { path: "combiner.dropout", values: [null, null, "0.1"] },
  ]);
});

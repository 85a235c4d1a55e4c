/** The small parts: interpreters, settings, restarts, kernels, tags, the trash, what a config looks like. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { looksLikeConfig } from "../src/config/content";
import { choose, expand, onPath } from "../src/interpreter/choose";
import { readKernels } from "../src/kernels/list";
import { isAlive } from "../src/runs/alive";
import { parseTags, readTags, writeTags } from "../src/runs/tags";
import { discard, restore } from "../src/runs/trash";
import { Restarts } from "../src/server/restarts";
import { forServer } from "../src/server/settings";
import { trustedFolders } from "../src/server/trust";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "declml-parts-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

test("the first source that names an interpreter wins; empty ones and broken ones are passed over", async () => {
  const source = (name: string, find: () => Promise<string | undefined>) => ({ name, find });
  const broken = source("broken", () => Promise.reject(new Error("no")));
  const sources = [
    source("empty", () => Promise.resolve("")),
    broken,
    source("a", () => Promise.resolve("/a")),
    source("b", () => Promise.resolve("/b")),
  ];
  expect(await choose(sources)).toEqual({ python: "/a", source: "a" });
  expect(await choose([broken])).toBeUndefined();
});

test.each([
  ["", ""],
  ["python3", "python3"],
  [".venv/bin/python", "/p/.venv/bin/python"],
  ["${workspaceFolder}/x/python", "/p/x/python"],
  ["~/env/bin/python", "/home/me/env/bin/python"],
  ["/usr/bin/python", "/usr/bin/python"],
])("the setting %j means %j", (setting, path) => expect(expand(setting, "/p", "/home/me")).toBe(path));

test("PATH is searched in its order", () => {
  const there = new Set(["/b/python", "/c/python3"]);
  expect(onPath(["python3", "python"], "/a::/b:/c", ":", (file) => there.has(file))).toBe("/b/python");
  expect(onPath(["python3"], "", ":", () => true)).toBeUndefined();
});

test("a server that ends five times in three minutes is not started again", () => {
  let now = 0;
  const restarts = new Restarts(() => now);
  expect([1, 2, 3, 4, 5].map(() => restarts.again())).toEqual([true, true, true, true, false]);
  now += 181_000;
  expect(restarts.again()).toBe(true);
});

test("the server is not told what only the editor reads", () => {
  expect(forServer({ interpreter: "x", trainOnSave: true, compare: "last" })).toEqual({ compare: "last" });
  expect(forServer(null)).toBeNull();
});

test("kernels are read, and what is none is left out", () => {
  const good = { name: "gpu", kind: "server", label: "GPU box", detail: "https://x", running: ["0001-a"] };
  expect(
    readKernels(JSON.stringify({ kernels: [good, { name: "x", kind: "moon" }, { kind: "local" }, null] })),
  ).toEqual([good]);
  expect(["", "Error: no command", "[]", '{"kernels": 3}'].map(readKernels)).toEqual([[], [], [], []]);
});

test("tags are kept beside the run, each once", async () => {
  expect(parseTags(" baseline, ,good,baseline")).toEqual(["baseline", "good"]);
  await writeTags(folder, ["baseline"]);
  expect(await readTags(folder)).toEqual(["baseline"]);
  await writeTags(folder, []);
  expect(readdirSync(folder)).toEqual([]);
  writeFileSync(join(folder, "tags.json"), '{"a": 1}');
  expect(await readTags(folder)).toEqual([]);
});

test("a deleted run can be put back, and one that was deleted long ago goes for good", async () => {
  const run = join(folder, "runs", "census", "0001-a");
  mkdirSync(run, { recursive: true });
  writeFileSync(join(run, "record.json"), "{}");
  const deleted = await discard(run, 1_000);
  expect(existsSync(run)).toBe(false);
  await restore(deleted);
  expect(existsSync(join(run, "record.json"))).toBe(true);
  const again = await discard(run, 2_000);
  mkdirSync(run, { recursive: true });
  await expect(restore(again)).rejects.toThrow("there again");
  await discard(run, 2_000 + 31 * 24 * 3600_000);
  expect(existsSync(again.to)).toBe(false);
});

test("a process is alive only if it is the one that was meant", () => {
  const now = Date.now() / 1000;
  expect(isAlive(process.pid, now)).toBe(true);
  expect(isAlive(0, now)).toBe(false);
  if (process.platform === "linux") expect(isAlive(process.pid, now - 3600)).toBe(false); // born after it was named
});

test.each([
  ["input_features:\n  - name: a\n", true],
  ["# a comment\n# declml\nname: x\n", true],
  ["name: x\n", false],
  ["# declml: off\ninput_features: []\n", false],
  ["  input_features: []\n", false],
])("%j is a config: %s", (text, is) => expect(looksLikeConfig(text)).toBe(is));

test("the folders of a trusted workspace are trusted by the server too", () => {
  expect(trustedFolders([], undefined)).toEqual({});
  expect(trustedFolders(["/srv/a", "/srv/b"], "/home/me")).toEqual({ DECLML_TRUST: "/home/me:/srv/a:/srv/b" });
});

/** Environments of a folder, and the goals of metrics as the server tells them. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { environmentsIn, interpreterOf } from "../src/interpreter/local";
import { differencesBetween } from "../src/runs/changes";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "declml-local-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function environment(name: string, parts: { config: boolean; python: boolean }): void {
  const python = interpreterOf(join(folder, name));
  mkdirSync(join(python, ".."), { recursive: true });
  if (parts.config) writeFileSync(join(folder, name, "pyvenv.cfg"), "");
  if (parts.python) writeFileSync(python, "");
}

test("the environments of a folder are found, also hidden ones; what only looks like one is none", async () => {
  environment("fresh", { config: true, python: true });
  environment(".venv", { config: true, python: true });
  environment("broken", { config: true, python: false });
  environment("tools", { config: false, python: true });
  writeFileSync(join(folder, "pyvenv.cfg"), "");
  expect(await environmentsIn(folder)).toEqual([".venv", "fresh"].map((each) => interpreterOf(join(folder, each))));
  expect(await environmentsIn(join(folder, "gone"))).toEqual([]);
});

test("the goals are what the server says of any pair; without a server there are none", async () => {
  const pair = { config: [], goals: { roc_auc: "maximize" } };
  expect(await differencesBetween(["a", "b", "c"], () => Promise.resolve(pair))).toEqual({
    changes: [],
    goals: { roc_auc: "maximize" },
  });
  expect(await differencesBetween([folder, folder], () => Promise.resolve(undefined))).toEqual({
    changes: [],
    goals: {},
  });
});

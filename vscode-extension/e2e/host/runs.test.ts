/** Runs in the real host: their configs in the editor's own diff, tags and the trash as the command line knows them. */
import * as assert from "node:assert";
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as vscode from "vscode";
import { shown, tabs, textOf, until, workspace } from "./patience.ts";

/** What the command line answers. */
function declml(...words: string[]): string {
  const python = vscode.workspace.getConfiguration("declml").get<string>("interpreter", "");
  const all = ["-P", "-m", "declml.cli.main", ...words];
  return execFileSync(python, all, { cwd: workspace().fsPath, encoding: "utf8" });
}

function folders(): string[] {
  const experiment = workspace("runs", "pairs").fsPath;
  return readdirSync(experiment)
    .sort()
    .map((each) => join(experiment, each));
}

function line(path: string | undefined): { kind: "run"; path: string } {
  assert.ok(path);
  return { kind: "run", path };
}

describe("runs", () => {
  before(async () => {
    const text = (await textOf("census.declml.yaml")).replace("name: census", "name: pairs");
    const short = text.replace("epochs: 40", "epochs: 1");
    for (const each of [short, short.replace("dropout: 0.2", "dropout: 0.4")]) {
      await shown("pairs.declml.yaml", each);
      declml("train", "pairs.declml.yaml", "--json");
    }
    await vscode.commands.executeCommand("declml.runs.refresh");
  });

  it("shows what differs between the configs of two runs in the editor's own diff, the older one left", async () => {
    const [first, second] = folders().map(line);
    await vscode.commands.executeCommand("declml.runs.diffConfig", second, [second, first]);
    const input = await until("the diff", () => {
      const found = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
      return found instanceof vscode.TabInputTextDiff && found;
    });
    assert.strictEqual(input.original.fsPath, join(first!.path, "config.yaml"));
    assert.strictEqual(input.modified.fsPath, join(second!.path, "config.yaml"));
    assert.match(readFileSync(input.modified.fsPath, "utf8"), /dropout: 0\.4/);
  });

  it("compares two runs in a panel", async () => {
    const lines = folders().map(line);
    await vscode.commands.executeCommand("declml.runs.compare", lines[0], lines);
    await until("the comparison", () => tabs().some((each) => /^Compare run \d+, run \d+$/.test(each)));
  });

  it("deletes a run so that the command line can put it back, and sees that it did", async () => {
    const [first] = folders();
    const path = line(first).path;
    // The message with Undo stays as long as nobody answers: the command is not waited for.
    void vscode.commands.executeCommand("declml.runs.delete", line(first));
    await until("it is gone", () => !existsSync(path));
    const id = path.split("/").at(-1)!;
    assert.ok(!declml("runs", "list").includes(id));
    assert.match(declml("runs", "restore", id), /is back in/);
    assert.ok(existsSync(path));
    assert.strictEqual(declml("runs", "tag", id, "baseline").trim(), `${id}  #baseline`);
  });
});

/** Which Python is used, and declml installed into one: with stand-ins for the Python extensions, and a real pip. */
import * as assert from "node:assert";
import { join } from "node:path";
import * as vscode from "vscode";
import { shown, textOf, until, workspace } from "./patience.ts";

interface StandIn {
  choose(path: string | undefined): void;
}

async function standIn(id: string): Promise<StandIn> {
  const extension = vscode.extensions.getExtension<StandIn>(id);
  assert.ok(extension, `${id} is not installed`);
  return extension.activate();
}

/** What `declml: Show Debug Information` says. */
async function information(): Promise<string> {
  await vscode.commands.executeCommand("declml.debugInformation");
  const editor = vscode.window.activeTextEditor;
  assert.ok(editor);
  const text = editor.document.getText();
  await vscode.commands.executeCommand("workbench.action.revertAndCloseActiveEditor");
  return text;
}

function untilSaid(what: string, ...wanted: RegExp[]): Promise<string> {
  return until(what, async () => {
    const text = await information();
    return wanted.every((each) => each.test(text)) && text;
  });
}

/** Pythons that the harness made, beside the workspace. */
const named = (name: string): string => join(workspace().fsPath, "..", "pythons", name);
const settings = (): vscode.WorkspaceConfiguration => vscode.workspace.getConfiguration("declml");

describe("interpreters", () => {
  before(async () => {
    await shown("census.declml.yaml", await textOf("census.declml.yaml"));
  });
  after(() => settings().update("interpreter", undefined, vscode.ConfigurationTarget.Workspace));

  it("says in the debug information what is in use", async () => {
    const text = await untilSaid("the server", /\| Server \| ready, version \d/);
    assert.match(text, /\| Python \| .+, from the setting declml\.interpreter \|/);
    assert.match(text, /\| Python version \| 3\.\d+\.\d+ \|/);
    assert.match(text, /\| declml \| \d+\.\d+/);
    assert.match(text, /\| Editor \| .+ 1\.\d+/);
  });

  it("uses the environment that is chosen in the Python extension", async () => {
    (await standIn("ms-python.python")).choose(named("of-the-extension"));
    await settings().update("interpreter", "", vscode.ConfigurationTarget.Workspace);
    const used = /\| Python \| \S+\/of-the-extension, from the Python extension \|/;
    await untilSaid("its Python", used, /\| Server \| ready/);
  });

  it("uses the one of the Python Environments extension before it, and follows another choice", async () => {
    const environments = await standIn("ms-python.vscode-python-envs");
    environments.choose(named("of-the-environments"));
    const used = /\| Python \| \S+\/of-the-environments, from the Python Environments extension \|/;
    await untilSaid("its Python", used, /\| Server \| ready/);
    environments.choose(undefined);
    await untilSaid("the Python extension's again", /\/of-the-extension, from the Python extension \|/, /ready/);
  });

  it("goes on without a choice, with the Python on PATH", async () => {
    (await standIn("ms-python.python")).choose("");
    await untilSaid("the one on PATH", /\| Python \| \S+\/python3?, from PATH \|/);
  });

  it("installs declml into a chosen environment, and starts there", async () => {
    const python = workspace("fresh", "bin", "python").fsPath;
    const before = await information();
    assert.ok(!before.includes(python));
    await vscode.commands.executeCommand("declml.install", python);
    const text = await untilSaid("the new environment", /\/fresh\/bin\/python, from the setting/, /\| Server \| ready/);
    assert.match(text, /\| declml \| \d+\.\d+/);
    assert.strictEqual(settings().inspect("interpreter")?.workspaceValue, python);
  });
});

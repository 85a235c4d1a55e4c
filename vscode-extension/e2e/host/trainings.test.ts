/** Trainings in the real host: the run panel, tags and deleting through the folders, a server that is killed. */
import * as assert from "node:assert";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as vscode from "vscode";
import { shown, tabs, textOf, until, workspace } from "./patience.ts";

interface RunRecord {
  status?: string;
  run: string;
}

async function records(experiment: string): Promise<RunRecord[]> {
  const found = await vscode.workspace.findFiles(
    new vscode.RelativePattern(workspace("runs", experiment), "*/record.json"),
  );
  return found.map((each) => JSON.parse(readFileSync(each.fsPath, "utf8")) as RunRecord);
}

/** Where the only run of an experiment stands, read at once. */
function status(experiment: string): string {
  const folder = workspace("runs", experiment).fsPath;
  const [run] = readdirSync(folder);
  return (JSON.parse(readFileSync(join(folder, run!, "record.json"), "utf8")) as RunRecord).status ?? "running";
}

/** How many epochs the runs of an experiment have told. */
function epochs(experiment: string): number {
  const folder = workspace("runs", experiment).fsPath;
  return (existsSync(folder) ? readdirSync(folder) : [])
    .map((run) => join(folder, run, "events.jsonl"))
    .filter((path) => existsSync(path))
    .map((path) => readFileSync(path, "utf8").split('"kind":"metrics"').length - 1)
    .reduce((sum, each) => sum + each, 0);
}

/** The language servers that this extension host has started. */
function servers(): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const parent = /\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, "utf8"))?.[1];
        return Number(parent) === process.pid && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("declml_lsp");
      } catch {
        return false; // it has ended meanwhile
      }
    });
}

describe("trainings", () => {
  it("trains a config, shows its panel, and says when nothing changed", async () => {
    const text = await textOf("census.declml.yaml");
    const document = await shown(
      "short.declml.yaml",
      text.replace("name: census", "name: short").replace("epochs: 40", "epochs: 2"),
    );
    await vscode.commands.executeCommand("declml.train", document.uri.toString());
    await until("the panel", () => tabs().includes("run 1 · short"));
    const [run] = await until("the end of the run", async () => {
      const found = await records("short");
      return found[0]?.status === "finished" && found;
    });
    assert.match(run!.run, /^0001-/);
    await vscode.commands.executeCommand("declml.train", document.uri.toString());
    assert.strictEqual((await records("short")).length, 1);
  });

  it("refuses a config that is wrong, and leaves no empty panel behind", async () => {
    const before = tabs().length;
    const document = await shown("wrong.declml.yaml", "name: wrong\ninput_features: 3\n");
    await vscode.commands.executeCommand("declml.train", document.uri.toString());
    await until("no panel", () => !tabs().includes("Training") && tabs().length <= before + 2);
  });

  it("trains on save, and a newer save interrupts the older training", async () => {
    const settings = vscode.workspace.getConfiguration("declml");
    await settings.update("trainOnSave", true, vscode.ConfigurationTarget.Workspace);
    const long = (await textOf("census.declml.yaml"))
      .replace("name: census", "name: saved")
      .replace("epochs: 40", "epochs: 500")
      .replace("early_stop: 8", "early_stop: -1")
      .replace("batch_size: 256", "batch_size: 16");
    const document = await shown("saved.declml.yaml", long);
    const save = async (line: string): Promise<void> => {
      const edit = new vscode.WorkspaceEdit();
      edit.insert(document.uri, new vscode.Position(document.lineCount, 0), line);
      await vscode.workspace.applyEdit(edit);
      await document.save();
    };
    const statuses = async (): Promise<string> =>
      (await records("saved")).map((each) => each.status ?? "running").join();
    await save("# one\n");
    await until("the first run", async () => (await records("saved")).length === 1);
    const first = await until("its panel", () => tabs().find((each) => each.endsWith("· saved")));
    const edit = new vscode.WorkspaceEdit();
    const at = document.getText().indexOf("dropout: 0.2");
    edit.replace(document.uri, new vscode.Range(document.positionAt(at), document.positionAt(at + 12)), "dropout: 0.3");
    await vscode.workspace.applyEdit(edit);
    await document.save();
    await until("the second run", async () => (await records("saved")).length === 2);
    assert.match(await statuses(), /interrupted/);
    await settings.update("trainOnSave", undefined, vscode.ConfigurationTarget.Workspace);
    await until("its panel", () => tabs().some((each) => each.endsWith("· saved") && each !== first));
    await vscode.commands.executeCommand("declml.stop", document.uri.toString());
    await until("both are stopped", async () => (await statuses()) === "interrupted,interrupted");
  });

  it("resumes a run in the moment in which it says that it is interrupted", async function () {
    this.timeout(240_000); // its process starts twice
    const long = (await textOf("census.declml.yaml"))
      .replace("name: census", "name: resumed")
      .replace("epochs: 40", "epochs: 500")
      .replace("early_stop: 8", "early_stop: -1")
      .replace("batch_size: 256", "batch_size: 16");
    const document = await shown("resumed.declml.yaml", long);
    const uri = document.uri.toString();
    await vscode.commands.executeCommand("declml.train", uri);
    await until("an epoch", () => epochs("resumed") > 0);
    await vscode.commands.executeCommand("declml.stop", uri);
    // Its process is at work for a moment longer, and the server waits for it.
    await until("the stop", () => status("resumed") === "interrupted", 5);
    const before = epochs("resumed");
    await vscode.commands.executeCommand("declml.resume", uri);
    await until("the resume", () => status("resumed") === "running");
    await until("an epoch more", () => epochs("resumed") > before);
    await vscode.commands.executeCommand("declml.stop", uri);
    await until("the end", () => status("resumed") === "interrupted");
  });

  it("starts the server again when it was killed", async () => {
    const [server] = await until("a server", () => servers().length === 1 && servers());
    process.kill(server!, "SIGKILL");
    await until("another server", () => servers().some((each) => each !== server));
    const document = await shown("again.declml.yaml", "nmae: x\n");
    await until("a problem", () =>
      vscode.languages.getDiagnostics(document.uri).some((each) => each.message.includes("'nmae'")),
    );
  });
});

/** What can be done with runs: look, filter, sort, tag, delete and take back, compare, open their files. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import * as vscode from "vscode";
import type { Panels } from "../panel/panels";
import { atWork, shortName } from "./record";
import { type Sort, SORTS } from "./order";
import type { KnownRun, RunStore } from "./store";
import type { RunStopper } from "./stop";
import { parseTags, writeTags } from "./tags";
import { type Deleted, discard, restore } from "./trash";
import type { Line, RunTree } from "./tree";

export class RunCommands implements vscode.Disposable {
  readonly #disposables: vscode.Disposable[] = [];
  readonly #deleted: Deleted[][] = [];

  constructor(
    private readonly store: RunStore,
    private readonly tree: RunTree,
    private readonly panels: Panels,
    stopper: RunStopper,
  ) {
    const command = (id: string, act: (...args: never[]) => unknown): void => {
      this.#disposables.push(vscode.commands.registerCommand(`declml.runs.${id}`, act));
    };
    const each = (id: string, act: (first: KnownRun, runs: KnownRun[]) => unknown, title = ""): void =>
      command(id, async (line?: Line, lines?: Line[]) => {
        const runs = await this.#chosen(line, lines, title);
        if (runs[0] !== undefined) await act(runs[0], runs);
      });
    command("refresh", async () => {
      await store.discover();
      await store.refreshAll();
    });
    command("filter", () => this.#filter());
    command("clearFilter", () => tree.filter(""));
    command("sort", () => this.#sort());
    command("undoDelete", () => this.#undo());
    each("open", (run) => panels.open("run", [run.info.path]), "Open which run?");
    each("stop", (_, runs) => Promise.all(runs.map((run) => stopper.stop(run.info.path))), "Stop which run?");
    each("resume", (run) => stopper.resume(run.info.path), "Resume which run?");
    each("tag", (first, runs) => this.#tag(first, runs));
    each("delete", (_, runs) => this.#delete(runs));
    each("diffConfig", (_, runs) => this.diffConfigs(runs.map((run) => run.info.path)));
    each("openConfig", (run) => this.openConfig(run.info.path));
    each("openFolder", (run) => this.openFolder(run.info.path));
    each("copyPath", (run) => vscode.env.clipboard.writeText(run.info.path));
    command("compare", (line?: Line, lines?: Line[]) => this.#compare(line, lines));
  }

  /** Show the configs of two runs in the editor's diff; of one run, against its file as it is now. */
  async diffConfigs(paths: readonly string[]): Promise<void> {
    const [first, second] = paths.map((path) => this.store.get(path)).filter((run) => run !== undefined);
    if (first === undefined) return;
    const left = vscode.Uri.file(join(first.info.path, "config.yaml"));
    if (second === undefined) {
      const now = first.info.config;
      if (now === undefined || !existsSync(now))
        return void vscode.window.showInformationMessage("Its config file is gone.");
      const title = `${shortName(first.info.run)} ↔ now`;
      return void vscode.commands.executeCommand("vscode.diff", left, vscode.Uri.file(now), title);
    }
    // The older one on the left: what was changed reads from left to right.
    const ordered = [first, second].sort((a, b) => a.info.created.localeCompare(b.info.created));
    const [before, after] = ordered.map((run) => vscode.Uri.file(join(run.info.path, "config.yaml")));
    const title = ordered.map((run) => shortName(run.info.run)).join(" ↔ ");
    await vscode.commands.executeCommand("vscode.diff", before, after, title);
  }

  /** Open the config file that a run was made from, else its copy in the run's folder. */
  async openConfig(path: string): Promise<void> {
    const config = this.store.get(path)?.info.config;
    const file = config !== undefined && existsSync(config) ? config : join(path, "config.yaml");
    await vscode.window.showTextDocument(vscode.Uri.file(file), { preview: true, viewColumn: vscode.ViewColumn.One });
  }

  /** Show a run's folder: in the explorer where it lies in the workspace, else in the machine's own. */
  async openFolder(path: string): Promise<void> {
    const folder = vscode.Uri.file(path);
    const inside = vscode.workspace.getWorkspaceFolder(folder) !== undefined;
    // The explorer opens the folder that it reveals only when the thing revealed lies in it.
    const target = inside ? vscode.Uri.joinPath(folder, "record.json") : folder;
    await vscode.commands.executeCommand(inside ? "revealInExplorer" : "revealFileInOS", target);
  }

  dispose(): void {
    for (const each of this.#disposables) each.dispose();
  }

  /** Return the runs that a command means: those selected, the one clicked, or the one that is picked from a list. */
  async #chosen(line: Line | undefined, lines: Line[] | undefined, title: string): Promise<KnownRun[]> {
    const named = lines !== undefined && lines.length > 0 ? lines : line === undefined ? [] : [line];
    const clicked = named.flatMap((each) => (each.kind === "run" ? [each.path] : []));
    const paths = named.length > 0 ? clicked : title === "" ? this.tree.selected : [];
    const runs = paths.map((path) => this.store.get(path)).filter((run) => run !== undefined);
    if (runs.length > 0 || title === "") return runs;
    const stops = title.startsWith("Stop");
    const candidates = stops ? this.store.running() : this.store.all();
    if (stops && candidates.length < 2) return candidates;
    const picked = await vscode.window.showQuickPick(candidates.map(pickItem), { title, matchOnDescription: true });
    return picked === undefined ? [] : [picked.run];
  }

  async #compare(line: Line | undefined, lines: Line[] | undefined): Promise<void> {
    let runs = await this.#chosen(line, lines, "");
    if (runs.length < 2) {
      const already = new Set(runs.map((run) => run.info.path));
      const items = this.store.all().map((run) => ({ ...pickItem(run), picked: already.has(run.info.path) }));
      if (items.length < 2) return void vscode.window.showInformationMessage("There must be two runs to compare.");
      const title = "Compare which runs?";
      const picked = await vscode.window.showQuickPick(items, { title, canPickMany: true, matchOnDescription: true });
      runs = (picked ?? []).map((each) => each.run);
    }
    if (runs.length < 2) return;
    runs.sort((a, b) => a.info.created.localeCompare(b.info.created));
    await this.panels.open(
      "compare",
      runs.map((run) => run.info.path),
    );
  }

  async #filter(): Promise<void> {
    const text = await vscode.window.showInputBox({
      title: "Filter runs",
      value: this.tree.filtered,
      placeHolder: "words of the id, experiment, status, trigger or a tag",
    });
    if (text !== undefined) this.tree.filter(text);
  }

  async #sort(): Promise<void> {
    const items = Object.entries(SORTS).map(([sort, label]) => ({ label, sort: sort as Sort }));
    const title = `Sort runs (now: ${this.tree.sorted.toLowerCase()})`;
    const picked = await vscode.window.showQuickPick(items, { title });
    if (picked !== undefined) await this.tree.sort(picked.sort);
  }

  async #tag(first: KnownRun, runs: KnownRun[]): Promise<void> {
    const typed = await vscode.window.showInputBox({
      title: runs.length === 1 ? `Tags of ${shortName(first.info.run)}` : `Tags of ${runs.length} runs`,
      value: (first.info.tags ?? []).join(", "),
      prompt: "Separated by commas; empty takes them away.",
    });
    if (typed === undefined) return;
    for (const run of runs) {
      await writeTags(run.info.path, parseTags(typed));
      await this.store.refresh(run.info.path);
    }
  }

  async #delete(runs: KnownRun[]): Promise<void> {
    const still = runs.filter((run) => !atWork(run.info.status));
    const [first] = still;
    if (first === undefined) return void vscode.window.showInformationMessage("Stop a run before you delete it.");
    const deleted: Deleted[] = [];
    for (const run of still) {
      deleted.push(await discard(run.info.path));
      await this.store.refresh(run.info.path);
    }
    this.#deleted.push(deleted);
    await this.#tellUndo();
    const what = still.length === 1 ? shortName(first.info.run) : `${still.length} runs`;
    const undo = "Undo";
    const picked = await vscode.window.showInformationMessage(`Deleted ${what}.`, undo);
    if (picked === undo && this.#deleted.includes(deleted)) await this.#undo(deleted);
  }

  async #undo(which = this.#deleted.at(-1)): Promise<void> {
    if (which === undefined) return;
    this.#deleted.splice(this.#deleted.indexOf(which), 1);
    await this.#tellUndo();
    for (const each of which) {
      try {
        await restore(each);
      } catch (error) {
        void vscode.window.showErrorMessage(`The run could not be put back. ${(error as Error).message}`);
      }
      await this.store.refresh(each.from);
    }
  }

  #tellUndo(): Thenable<unknown> {
    return vscode.commands.executeCommand("setContext", "declml.canUndoDelete", this.#deleted.length > 0);
  }
}

function pickItem(run: KnownRun): vscode.QuickPickItem & { run: KnownRun } {
  const { experiment, status, run: id } = run.info;
  return { label: shortName(id), description: `${experiment} · ${status} · ${id}`, run };
}

/** The Runs view: experiments, and under each its runs with status, deciding metric and age. */
import * as vscode from "vscode";
import type { RunStatus } from "../contract";
import { progress } from "./live";
import { age, bestOf, figureText, type Group, grouped, matching, type Sort, SORTS } from "./order";
import { atWork, shortName } from "./record";
import type { KnownRun, RunStore } from "./store";

/** A line of the view. */
export type Line = { kind: "experiment"; group: Group } | { kind: "run"; path: string };

const ICONS: Record<RunStatus, [string, string]> = {
  starting: ["loading~spin", "charts.blue"],
  running: ["loading~spin", "charts.blue"],
  stopping: ["loading~spin", "charts.yellow"],
  finished: ["pass", "testing.iconPassed"],
  failed: ["error", "testing.iconFailed"],
  interrupted: ["debug-pause", "charts.yellow"],
  killed: ["circle-slash", "testing.iconFailed"],
  reconnecting: ["debug-disconnect", "charts.yellow"],
  unreadable: ["question", "disabledForeground"],
};
/** Ages are told in minutes. */
const AGE_MS = 60_000;
/** Many runs at once change the view once. */
const PAUSE_MS = 100;

export class RunTree implements vscode.TreeDataProvider<Line>, vscode.Disposable {
  readonly view: vscode.TreeView<Line>;
  readonly #changed = new vscode.EventEmitter<Line | undefined>();
  readonly onDidChangeTreeData = this.#changed.event;
  readonly #disposables: vscode.Disposable[];
  #timer: NodeJS.Timeout | undefined;
  #selected: readonly string[] = [];
  #filter = "";
  #sort: Sort;

  constructor(
    private readonly store: RunStore,
    private readonly memory: vscode.Memento,
  ) {
    this.#sort = memory.get<Sort>("declml.runs.sort", "newest");
    this.view = vscode.window.createTreeView("declml.runs", {
      treeDataProvider: this,
      canSelectMany: true,
      showCollapseAll: true,
    });
    const ages = setInterval(() => this.view.visible && this.#changed.fire(undefined), AGE_MS);
    this.#disposables = [
      this.view,
      this.#changed,
      // Noted when it is made: the view knows of no selection while it is being drawn anew.
      this.view.onDidChangeSelection(({ selection }) => {
        this.#selected = selection.flatMap((line) => (line.kind === "run" ? [line.path] : []));
      }),
      store.onDidChange(() => this.refresh()),
      new vscode.Disposable(() => clearInterval(ages)),
      new vscode.Disposable(() => clearTimeout(this.#timer)),
    ];
  }

  /** The folders of the runs that are selected. */
  get selected(): readonly string[] {
    return this.#selected;
  }

  /** Show the view anew, soon. */
  refresh(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      const running = this.store.running().length;
      this.view.badge = running === 0 ? undefined : { value: running, tooltip: `${running} in training` };
      this.#changed.fire(undefined);
    }, PAUSE_MS);
  }

  /** Show only runs that fit; an empty filter shows all. */
  filter(text: string): void {
    this.#filter = text.trim();
    this.view.description = this.#filter === "" ? undefined : `"${this.#filter}"`;
    void vscode.commands.executeCommand("setContext", "declml.runsFiltered", this.#filter !== "");
    this.refresh();
  }

  get filtered(): string {
    return this.#filter;
  }

  async sort(sort: Sort): Promise<void> {
    this.#sort = sort;
    await this.memory.update("declml.runs.sort", sort);
    this.refresh();
  }

  get sorted(): string {
    return SORTS[this.#sort];
  }

  getChildren(line?: Line): Line[] {
    if (line === undefined) {
      const shown = matching(
        this.store.all().map((each) => each.info),
        this.#filter,
      );
      return grouped(shown, this.#sort).map((group) => ({ kind: "experiment", group }));
    }
    return line.kind === "experiment" ? line.group.runs.map((run) => ({ kind: "run", path: run.path })) : [];
  }

  getParent(): undefined {
    return undefined; // nothing is revealed by a program
  }

  getTreeItem(line: Line): vscode.TreeItem {
    if (line.kind === "experiment") return experimentItem(line.group);
    const run = this.store.get(line.path);
    return run === undefined ? new vscode.TreeItem("") : runItem(run, this.#isBest(run));
  }

  dispose(): void {
    for (const each of this.#disposables) each.dispose();
  }

  #isBest(run: KnownRun): boolean {
    const siblings = this.store.all().filter((each) => each.info.experiment === run.info.experiment);
    return bestOf(siblings.map((each) => each.info))?.path === run.info.path;
  }
}

function experimentItem(group: Group): vscode.TreeItem {
  const item = new vscode.TreeItem(group.experiment, vscode.TreeItemCollapsibleState.Expanded);
  item.id = `experiment:${group.experiment}`;
  item.description = group.runs.length === 1 ? "1 run" : `${group.runs.length} runs`;
  item.contextValue = "experiment";
  item.iconPath = new vscode.ThemeIcon("beaker");
  return item;
}

function runItem(run: KnownRun, best: boolean): vscode.TreeItem {
  const { info } = run;
  const live = atWork(info.status);
  const item = new vscode.TreeItem(`${shortName(info.run)}${best ? " ★" : ""}`);
  item.id = `run:${info.path}`;
  const value =
    info.value === null || info.decides === null ? [] : [`${info.decides.metric} ${figureText(info.value)}`];
  const when = live ? (WAITING.get(info.status) ?? progress(run.live)) : age(info.created, Date.now());
  const tags = (info.tags ?? []).map((tag) => `#${tag}`);
  // A narrow view cuts off the end: the age goes first.
  item.description = [...value, ...tags, when].filter((each) => each !== "").join(" · ");
  const [icon, colour] = ICONS[info.status];
  item.iconPath = new vscode.ThemeIcon(icon, new vscode.ThemeColor(colour));
  item.contextValue = `run ${live ? "live" : "still"} ${OPEN_ENDED.includes(info.status) ? "open" : "closed"}`;
  item.command = { command: "declml.runs.open", title: "Open Run", arguments: [{ kind: "run", path: info.path }] };
  item.tooltip = tooltip(run);
  item.accessibilityInformation = {
    label: `${shortName(info.run)} of ${info.experiment}, ${info.status}, ${item.description}${best ? ", the best" : ""}`,
  };
  return item;
}

/** What a run at work is told to be instead of its epoch. */
const WAITING: ReadonlyMap<RunStatus, string> = new Map([
  ["stopping", "stopping"],
  ["reconnecting", "out of sight"],
]);
const OPEN_ENDED: readonly RunStatus[] = ["interrupted", "killed", "failed"];

function tooltip(run: KnownRun): vscode.MarkdownString {
  const { info, live, problem } = run;
  const text = new vscode.MarkdownString();
  const rows: [string, string][] = [
    ["status", info.status],
    ["started", info.created === "" ? "" : new Date(info.created).toLocaleString()],
    ["from", info.trigger],
    ["on", run.remote ?? ""],
    ["took", info.seconds === null ? "" : `${Math.round(info.seconds)} s`],
    ["tags", (info.tags ?? []).join(", ")],
    ["says", live.message === "" ? problem : live.message],
  ];
  text.appendMarkdown(`**${info.experiment} / ${info.run}**\n\n`);
  for (const [name, value] of rows) {
    if (value === "") continue;
    text.appendMarkdown(`${name}: `);
    text.appendText(value); // a run's own words are no markup
    text.appendMarkdown("  \n");
  }
  return text;
}

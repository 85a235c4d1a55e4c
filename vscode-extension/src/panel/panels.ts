/** All panels of the window: opened, found again by what they show, and brought back after a reload. */
import { dirname } from "node:path";
import * as vscode from "vscode";
import type { RunStore } from "../runs/store";
import { PanelMemory } from "./memory";
import { readState } from "./messages";
import { type PanelActions, RunPanel, type View } from "./run_panel";

const TYPES: Record<View, string> = { run: "declml.run", compare: "declml.compare" };

export class Panels implements vscode.Disposable {
  readonly #open = new Set<RunPanel>();
  readonly #disposables: vscode.Disposable[];
  readonly #memory: PanelMemory;

  constructor(
    private readonly store: RunStore,
    private readonly actions: PanelActions,
    private readonly extension: vscode.Uri,
    keep: vscode.Memento,
  ) {
    this.#memory = new PanelMemory(keep);
    this.#disposables = (["run", "compare"] as const).map((view) =>
      vscode.window.registerWebviewPanelSerializer(TYPES[view], {
        deserializeWebviewPanel: async (webview, state) => {
          const panel = this.#take(view, webview);
          await this.#fill(panel, this.#memory.claim(view, readState(state)));
        },
      }),
    );
  }

  /** Show a config's training beside it; without a run, that one is on its way. */
  async training(config: string, path: string | undefined): Promise<RunPanel> {
    const shown = [...this.#open].find((each) => each.view === "run" && each.config === config);
    const panel = shown ?? this.#create("run", "Training", vscode.ViewColumn.Beside);
    panel.config = config;
    panel.webview.reveal(undefined, true);
    await this.#fill(panel, path === undefined ? [] : [path]);
    return panel;
  }

  /** Tell the panel of a config, if there is one, which run it shows. */
  async known(config: string, path: string): Promise<void> {
    const panel = [...this.#open].find((each) => each.view === "run" && each.config === config);
    if (panel !== undefined) await this.#fill(panel, [path]);
  }

  /** The training of a config ended before it had a run: its panel has nothing to show. */
  nothing(config: string): void {
    const panel = [...this.#open].find((each) => each.view === "run" && each.config === config);
    if (panel?.paths.length === 0) panel.webview.dispose();
  }

  /** Show runs: in the panel that shows just these, else in a new one. */
  async open(view: View, paths: readonly string[]): Promise<RunPanel> {
    const key = paths.join("\n");
    const shown = [...this.#open].find((each) => each.view === view && each.paths.join("\n") === key);
    const panel = shown ?? this.#create(view, "Run", vscode.ViewColumn.Active);
    panel.webview.reveal();
    await this.#fill(panel, paths);
    return panel;
  }

  dispose(): void {
    for (const each of this.#disposables) each.dispose();
  }

  #create(view: View, title: string, column: vscode.ViewColumn): RunPanel {
    const place = { viewColumn: column, preserveFocus: column === vscode.ViewColumn.Beside };
    return this.#take(view, vscode.window.createWebviewPanel(TYPES[view], title, place));
  }

  #take(view: View, webview: vscode.WebviewPanel): RunPanel {
    const panel = new RunPanel(view, webview, this.store, this.actions, this.extension);
    this.#open.add(panel);
    panel.onDidDispose(() => {
      this.#open.delete(panel);
      void this.#memory.write([...this.#open]);
    });
    return panel;
  }

  async #fill(panel: RunPanel, paths: readonly string[]): Promise<void> {
    // A run may lie in a folder that nobody has told of yet.
    for (const path of paths) await this.store.addRoot(dirname(dirname(path)));
    for (const path of paths) if (this.store.get(path) === undefined) await this.store.refresh(path);
    const config = panel.view === "run" && paths[0] !== undefined ? this.store.get(paths[0])?.info.config : undefined;
    // The next training of this config is shown in the same place, also after a reload.
    if (config !== undefined) panel.config ??= vscode.Uri.file(config).toString();
    await panel.show(paths);
    await this.#memory.write([...this.#open]);
  }
}

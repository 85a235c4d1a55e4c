/** The status bar while something trains: how far it is, how good, how long it takes yet. */
import * as vscode from "vscode";
import type { RunStatus } from "../contract";
import { progress } from "../runs/live";
import { figureText } from "../runs/order";
import { shortName } from "../runs/record";
import type { KnownRun, RunStore } from "../runs/store";

export class TrainingStatus implements vscode.Disposable {
  readonly #item = vscode.window.createStatusBarItem("declml.training", vscode.StatusBarAlignment.Left, 10);
  readonly #disposables: vscode.Disposable[];

  constructor(private readonly store: RunStore) {
    this.#item.name = "declml training";
    this.#disposables = [this.#item, store.onDidChange(() => this.#show())];
  }

  dispose(): void {
    for (const each of this.#disposables) each.dispose();
  }

  #show(): void {
    const running = this.store.running();
    void vscode.commands.executeCommand("setContext", "declml.running", running.length > 0);
    const [newest] = running;
    if (newest === undefined) return this.#item.hide();
    this.#item.text =
      running.length === 1 ? `$(loading~spin) ${sentence(newest)}` : `$(loading~spin) ${running.length} runs train`;
    this.#item.tooltip = running.map((each) => `${each.info.experiment}: ${sentence(each)}`).join("\n");
    this.#item.command =
      running.length === 1
        ? { command: "declml.runs.open", title: "Open Run", arguments: [{ kind: "run", path: newest.info.path }] }
        : "declml.runs.focus";
    this.#item.show();
  }
}

const WAITING: Partial<Record<RunStatus, string>> = { stopping: "stopping", reconnecting: "reconnecting" };

function sentence({ info, live }: KnownRun): string {
  const parts = [shortName(info.run), WAITING[info.status] ?? progress(live)];
  if (info.value !== null && info.decides !== null) parts.push(`${info.decides.metric} ${figureText(info.value)}`);
  if (info.status === "running" && live.etaSeconds !== null && Number.isFinite(live.etaSeconds))
    parts.push(duration(live.etaSeconds));
  return parts.join(" · ");
}

function duration(seconds: number): string {
  if (seconds < 60) return `${Math.round(seconds)} s left`;
  return seconds < 3600 ? `${Math.round(seconds / 60)} min left` : `${(seconds / 3600).toFixed(1)} h left`;
}

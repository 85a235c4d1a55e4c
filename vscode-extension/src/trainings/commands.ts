/** The commands that train: from the palette, the title bar, a lens, or a click in a panel. */
import * as vscode from "vscode";
import type { Kernels } from "../kernels/kernels";
import type { Panels } from "../panel/panels";
import { openDocument } from "../config/document";
import { mayRun, ready } from "../server/ready";
import type { LanguageServer } from "../server/language_server";
import { ENDED } from "../server/protocol";
import type { TrainOptions, Trainings } from "./trainings";

/** Names a config: an address from a lens, a file from the explorer, or nothing for the one in the editor. */
export type ConfigName = string | vscode.Uri | undefined;

export class TrainingCommands implements vscode.Disposable {
  readonly #disposables: vscode.Disposable[] = [];

  constructor(
    private readonly server: LanguageServer,
    private readonly trainings: Trainings,
    private readonly panels: Panels,
    private readonly kernels: Kernels,
  ) {
    const command = (id: string, act: (...args: never[]) => unknown): void => {
      this.#disposables.push(vscode.commands.registerCommand(id, act));
    };
    command("declml.train", (name?: ConfigName) => this.train(name, {}));
    command("declml.trainAgain", (name?: ConfigName) => this.train(name, { again: true }));
    command("declml.stop", (name?: ConfigName) => this.stop(name));
    command("declml.resume", (name?: ConfigName, run?: string) =>
      this.resume(name, typeof run === "string" ? run : undefined),
    );
    this.#disposables.push(
      trainings.onDidChange((training) => {
        const folder = trainings.folder(training);
        if (folder !== undefined) void panels.known(training.uri, folder);
        else if (ENDED.includes(training.status)) panels.nothing(training.uri);
        this.#tellContext();
      }),
      server.onDidChangeState(() => this.#tellContext()),
      vscode.window.onDidChangeActiveTextEditor(() => this.#tellContext()),
    );
  }

  /** Train a config and show its panel at once. */
  async train(name: ConfigName, options: TrainOptions): Promise<void> {
    const kernel = this.kernels.chosen;
    const all = kernel === undefined ? options : { ...options, kernel };
    await this.#begin(name, (document) => this.trainings.train(document, all), options.resume !== undefined);
  }

  async resume(name: ConfigName, run: string | undefined): Promise<void> {
    if (run !== undefined) return this.train(name, { resume: run });
    await this.#begin(name, (document) => this.trainings.resume(document), true);
  }

  /** Stop the named config's training; without a name the one in the editor, else the only one there is. */
  async stop(name: ConfigName): Promise<void> {
    const uri = typeof name === "string" ? name : (name ?? vscode.window.activeTextEditor?.document.uri)?.toString();
    if (uri !== undefined && this.trainings.isRunning(uri)) await this.trainings.stop(uri);
    else await vscode.commands.executeCommand("declml.runs.stop");
  }

  dispose(): void {
    for (const each of this.#disposables) each.dispose();
  }

  async #begin(
    name: ConfigName,
    act: (document: vscode.TextDocument) => ReturnType<Trainings["train"]>,
    resuming = false,
  ): Promise<void> {
    const document = await openDocument(name);
    if (document === undefined || !mayRun() || !(await ready(this.server))) return;
    const uri = document.uri.toString();
    const running = await this.trainings.trains(uri);
    const now = running ? this.trainings.get(uri) : undefined;
    const panel = await this.panels.training(uri, now === undefined ? undefined : this.trainings.folder(now));
    // What is asked for is at work already; another run is not, and the server says why it has to wait.
    if (running && !resuming) return;
    const training = await act(document);
    // Refused: the server has said why, and an empty panel would say nothing.
    if (training === undefined && panel.paths.length === 0) panel.webview.dispose();
  }

  #tellContext(): void {
    const here = vscode.window.activeTextEditor?.document.uri.toString();
    const running = here !== undefined && this.trainings.isRunning(here);
    void vscode.commands.executeCommand("setContext", "declml.runningHere", running);
  }
}

/** Trains a config each time it is saved, if the user wants that; a newer save interrupts the older training. */
import * as vscode from "vscode";
import { LANGUAGE } from "../config/document";
import type { TrainingCommands } from "./commands";
import type { Trainings } from "./trainings";

const SETTING = "trainOnSave";

export class TrainOnSave implements vscode.Disposable {
  readonly #item = vscode.window.createStatusBarItem("declml.trainOnSave", vscode.StatusBarAlignment.Right, 89);
  readonly #disposables: vscode.Disposable[];
  /** The newest save of each config; an older one that still waits gives way. */
  readonly #newest = new Map<string, number>();

  constructor(
    private readonly trainings: Trainings,
    private readonly commands: TrainingCommands,
  ) {
    this.#item.name = "declml: train on save";
    this.#item.command = "declml.toggleTrainOnSave";
    this.#item.text = "$(save) retrain";
    this.#item.tooltip = "declml trains this config each time it is saved. Click to end that.";
    this.#disposables = [
      this.#item,
      vscode.workspace.onDidSaveTextDocument((document) => void this.#saved(document)),
      vscode.window.onDidChangeActiveTextEditor(() => this.#show()),
      vscode.workspace.onDidChangeConfiguration(() => this.#show()),
      vscode.commands.registerCommand("declml.toggleTrainOnSave", () => this.#toggle()),
    ];
    this.#show();
  }

  dispose(): void {
    for (const each of this.#disposables) each.dispose();
  }

  async #saved(document: vscode.TextDocument): Promise<void> {
    const uri = document.uri.toString();
    if (document.languageId !== LANGUAGE || !this.#wanted(document.uri) || !vscode.workspace.isTrusted) return;
    const mine = (this.#newest.get(uri) ?? 0) + 1;
    this.#newest.set(uri, mine);
    if (!(await this.trainings.stopped(uri)) || this.#newest.get(uri) !== mine) return;
    // What cannot run says so in the text already; a message a save would be noise.
    const errors = vscode.languages
      .getDiagnostics(document.uri)
      .some((each) => each.severity === vscode.DiagnosticSeverity.Error);
    if (!errors) await this.commands.train(uri, {});
  }

  #wanted(uri: vscode.Uri | undefined): boolean {
    return vscode.workspace.getConfiguration("declml", uri).get<boolean>(SETTING, false);
  }

  async #toggle(): Promise<void> {
    const uri = vscode.window.activeTextEditor?.document.uri;
    const target =
      vscode.workspace.workspaceFolders === undefined
        ? vscode.ConfigurationTarget.Global
        : vscode.ConfigurationTarget.Workspace;
    await vscode.workspace.getConfiguration("declml", uri).update(SETTING, !this.#wanted(uri), target);
  }

  #show(): void {
    const document = vscode.window.activeTextEditor?.document;
    if (document?.languageId === LANGUAGE && this.#wanted(document.uri)) this.#item.show();
    else this.#item.hide();
  }
}

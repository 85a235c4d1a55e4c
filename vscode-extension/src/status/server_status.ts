/** The language status item: which server runs, in which Python, and what to do when none does. */
import * as vscode from "vscode";
import { LANGUAGE } from "../config/document";
import type { LanguageServer, ServerState } from "../server/language_server";

export class ServerStatus implements vscode.Disposable {
  readonly #item = vscode.languages.createLanguageStatusItem("declml.server", { language: LANGUAGE });
  readonly #listening: vscode.Disposable;

  constructor(private readonly server: LanguageServer) {
    this.#item.name = "declml";
    this.#listening = server.onDidChangeState((state) => this.#show(state));
    this.#show(server.state);
  }

  dispose(): void {
    this.#listening.dispose();
    this.#item.dispose();
  }

  #show(state: ServerState): void {
    const { choice, found } = this.server.facts;
    this.#item.busy = state.kind === "starting";
    this.#item.severity = vscode.LanguageStatusSeverity.Information;
    this.#item.command = { command: "declml.showLogs", title: "Show Logs" };
    this.#item.detail = choice === undefined ? "" : `${choice.python}, from ${choice.source}`;
    switch (state.kind) {
      case "ready":
        this.#item.text = `declml ${found?.declml ?? ""}`;
        this.#item.command = { command: "declml.restartServer", title: "Restart" };
        break;
      case "starting":
        this.#item.text = "declml is starting";
        break;
      case "untrusted":
        this.#item.text = "declml waits for trust";
        this.#item.detail = "The language server runs once the workspace is trusted.";
        this.#item.command = { command: "workbench.trust.manage", title: "Manage Trust" };
        break;
      case "missing":
        this.#item.severity = vscode.LanguageStatusSeverity.Warning;
        this.#item.text = "declml is not installed";
        this.#item.command = { command: "declml.install", title: "Install..." };
        break;
      default:
        this.#item.severity = vscode.LanguageStatusSeverity.Error;
        this.#item.text = "declml has stopped";
        this.#item.command = { command: "declml.restartServer", title: "Restart" };
    }
  }
}

/** What the server tells about a config, shown: every value in force, what training would do, the data's profile. */
import * as vscode from "vscode";
import { toYaml } from "../panel/yaml";
import type { Panels } from "../panel/panels";
import { atWork } from "../runs/record";
import type { RunStore } from "../runs/store";
import { mayRun, ready } from "../server/ready";
import type { LanguageServer } from "../server/language_server";
import { isRefusal, type ResolvedAnswer } from "../server/protocol";
import { openDocument } from "./document";

const SCHEME = "declml-resolved";

export class ConfigViews implements vscode.Disposable, vscode.TextDocumentContentProvider {
  readonly #texts = new Map<string, string>();
  readonly #changed = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.#changed.event;
  readonly #disposables: vscode.Disposable[];

  constructor(
    private readonly server: LanguageServer,
    private readonly store: RunStore,
    private readonly panels: Panels,
  ) {
    this.#disposables = [
      this.#changed,
      vscode.workspace.registerTextDocumentContentProvider(SCHEME, this),
      vscode.workspace.onDidCloseTextDocument((document) => this.#texts.delete(document.uri.toString())),
      vscode.workspace.onDidSaveTextDocument((document) => void this.#refresh(document)),
      vscode.commands.registerCommand("declml.resolvedConfig", (name?: string) => this.#resolved(name)),
      vscode.commands.registerCommand("declml.plan", (name?: string) =>
        this.#answer("plan", "What Training Would Do", name),
      ),
      vscode.commands.registerCommand("declml.profile", (name?: string) => this.#answer("profile", "Profile", name)),
      vscode.commands.registerCommand("declml.compare", (name?: string, run?: string) => this.#compare(name, run)),
    ];
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.#texts.get(uri.toString()) ?? "";
  }

  dispose(): void {
    for (const each of this.#disposables) each.dispose();
  }

  async #resolved(name: string | undefined): Promise<void> {
    const document = await openDocument(name);
    if (document === undefined || !(await ready(this.server))) return;
    const answer = await this.server.command<ResolvedAnswer>("declml.resolvedConfig", document.uri.toString());
    if (answer === undefined || isRefusal(answer)) return;
    await this.#show(vscode.Uri.parse(answer.uri), answer.text);
  }

  async #answer(command: "plan" | "profile", title: string, name: string | undefined): Promise<void> {
    const document = await openDocument(name);
    if (document === undefined || !mayRun() || !(await ready(this.server))) return;
    const location = vscode.ProgressLocation.Window;
    const answer = await vscode.window.withProgress({ location, title: `declml: ${title}` }, () =>
      this.server.command<unknown>(`declml.${command}`, document.uri.toString()),
    );
    if (answer === undefined || isRefusal(answer)) return;
    const file = document.uri.path.split("/").at(-1);
    await this.#show(vscode.Uri.parse(`${SCHEME}:${title} of ${file}`), toYaml(answer));
  }

  /** A lens names a run: one that trains is shown, another one is held against the config as it is now. */
  async #compare(name: string | undefined, id: string | undefined): Promise<void> {
    const document = await openDocument(name);
    if (document === undefined) return;
    const runs = this.store.all();
    const config = document.uri.fsPath;
    const run = runs.find(({ info }) => (typeof id === "string" ? info.run === id : info.config === config));
    if (run === undefined) return void vscode.window.showInformationMessage("This config has no run yet.");
    if (atWork(run.info.status)) {
      await this.panels.open("run", [run.info.path]);
      return;
    }
    const written = vscode.Uri.joinPath(vscode.Uri.file(run.info.path), "config.yaml");
    await vscode.commands.executeCommand(
      "vscode.diff",
      written,
      document.uri,
      `${run.info.run} ↔ ${document.uri.path.split("/").at(-1)}`,
    );
  }

  /** A resolved config that is on the screen follows its config. */
  async #refresh(document: vscode.TextDocument): Promise<void> {
    const source = document.uri.toString();
    const shown = [...this.#texts.keys()].find((each) => vscode.Uri.parse(each).query === source);
    if (shown === undefined) return;
    const answer = await this.server.command<ResolvedAnswer>("declml.resolvedConfig", source);
    if (answer === undefined || isRefusal(answer)) return;
    this.#texts.set(shown, answer.text);
    this.#changed.fire(vscode.Uri.parse(shown));
  }

  async #show(uri: vscode.Uri, text: string): Promise<void> {
    this.#texts.set(uri.toString(), text);
    this.#changed.fire(uri);
    const document = await vscode.workspace.openTextDocument(uri);
    await vscode.languages.setTextDocumentLanguage(document, "yaml");
    await vscode.window.showTextDocument(document, {
      viewColumn: vscode.ViewColumn.Beside,
      preserveFocus: true,
      preview: true,
    });
  }
}

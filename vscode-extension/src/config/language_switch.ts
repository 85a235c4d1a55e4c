/** Offers to treat a plain YAML file as a declml config when its content is one; asked once a file, and remembered. */
import * as vscode from "vscode";
import { looksLikeConfig } from "./content";
import { LANGUAGE } from "./document";

const KEY = "declml.asked";

export class LanguageSwitch implements vscode.Disposable {
  readonly #disposables: vscode.Disposable[];

  constructor(private readonly memory: vscode.Memento) {
    this.#disposables = [
      vscode.window.onDidChangeActiveTextEditor((editor) => void this.#look(editor?.document)),
      vscode.commands.registerCommand("declml.useLanguage", async () => {
        const document = vscode.window.activeTextEditor?.document;
        if (document !== undefined) await this.#use(document);
      }),
    ];
    void this.#look(vscode.window.activeTextEditor?.document);
  }

  dispose(): void {
    for (const each of this.#disposables) each.dispose();
  }

  async #look(document: vscode.TextDocument | undefined): Promise<void> {
    if (document?.languageId !== "yaml" || document.uri.scheme !== "file") return;
    const answers = this.memory.get<Record<string, boolean>>(KEY, {});
    const uri = document.uri.toString();
    if (answers[uri] === true) return void vscode.languages.setTextDocumentLanguage(document, LANGUAGE);
    if (answers[uri] === false || !looksLikeConfig(document.getText())) return;
    const [yes, no] = ["Use declml", "Not for This File"];
    const name = document.uri.path.split("/").at(-1);
    const picked = await vscode.window.showInformationMessage(`${name} is a declml config. Treat it as one?`, yes, no);
    if (picked === yes) await this.#use(document);
    else if (picked === no) await this.#remember(uri, false);
  }

  async #use(document: vscode.TextDocument): Promise<void> {
    await vscode.languages.setTextDocumentLanguage(document, LANGUAGE);
    await this.#remember(document.uri.toString(), true);
  }

  async #remember(uri: string, answer: boolean): Promise<void> {
    await this.memory.update(KEY, { ...this.memory.get<Record<string, boolean>>(KEY, {}), [uri]: answer });
  }
}

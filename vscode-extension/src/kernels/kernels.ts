/** Where trainings run: the list of the command line, the choice of this workspace, and its place in the status bar. */
import * as vscode from "vscode";
import { LANGUAGE } from "../config/document";
import { declml, type Said } from "../interpreter/declml";
import type { LanguageServer } from "../server/language_server";
import { mayRun, ready } from "../server/ready";
import { type Kernel, readKernels } from "./list";
import { KernelTokens } from "./tokens";

const KEY = "declml.kernel";
const PATIENCE_MS = 30_000;
const HEADINGS: Record<Kernel["kind"], [title: string, icon: string]> = {
  warm: ["Kept ready on this machine", "zap"],
  local: ["On this machine", "vm"],
  spec: ["Jupyter kernels of this machine", "notebook"],
  server: ["Jupyter servers", "remote"],
  ssh: ["Other machines", "terminal"],
};

interface Item extends vscode.QuickPickItem {
  /** The kernel's name; null for the default. */
  kernel?: string | null;
  command?: string;
}

export class Kernels implements vscode.Disposable {
  readonly #item = vscode.window.createStatusBarItem("declml.kernel", vscode.StatusBarAlignment.Right, 90);
  readonly #tokens: KernelTokens;
  readonly #disposables: vscode.Disposable[];

  constructor(
    private readonly context: vscode.ExtensionContext,
    private readonly server: LanguageServer,
  ) {
    this.#tokens = new KernelTokens(context.secrets, context.globalState);
    // Trainings are children of the server: it is started with what reaches the chosen kernel.
    server.environment = () => this.#tokens.environment(this.chosen);
    this.#item.name = "declml kernel";
    this.#item.command = "declml.selectKernel";
    this.#disposables = [
      this.#item,
      vscode.commands.registerCommand("declml.selectKernel", () => this.#select()),
      vscode.commands.registerCommand("declml.addKernelServer", () => this.#add()),
      vscode.commands.registerCommand("declml.forgetKernelServer", () => this.#forget()),
      vscode.window.onDidChangeVisibleTextEditors(() => this.#show()),
      server.onDidChangeState(() => this.#show()),
    ];
    this.#show();
  }

  /** The kernel that was chosen; undefined for the one that declml takes by itself. */
  get chosen(): string | undefined {
    return this.context.workspaceState.get<string>(KEY);
  }

  /** The variables with which a child process reaches the machine at an address. */
  reach(address: string): Promise<Record<string, string>> {
    return this.#tokens.environmentFor(address);
  }

  /** Ask for the token of a server that refused; false when the user has none. */
  async renewToken(address: string): Promise<boolean> {
    const before = JSON.stringify(await this.#tokens.environment(this.chosen));
    if (!(await this.#tokens.renew(address))) return false;
    // What trains next is a child of the server, and has its variables.
    if (JSON.stringify(await this.#tokens.environment(this.chosen)) !== before) await this.server.restart();
    return true;
  }

  dispose(): void {
    for (const each of this.#disposables) each.dispose();
  }

  async #select(): Promise<void> {
    if (!mayRun() || !(await ready(this.server))) return;
    const options = { title: "Where trainings run", matchOnDescription: true };
    const picked = await vscode.window.showQuickPick(this.#items(), options);
    if (picked?.command !== undefined) await vscode.commands.executeCommand(picked.command);
    if (picked?.kernel !== undefined) await this.#choose(picked.kernel ?? undefined);
  }

  async #choose(name: string | undefined): Promise<void> {
    const before = JSON.stringify(await this.#tokens.environment(this.chosen));
    await this.context.workspaceState.update(KEY, name);
    this.#show();
    // A running training is a process of its own and goes on.
    if (JSON.stringify(await this.#tokens.environment(name)) !== before) await this.server.restart();
  }

  async #items(): Promise<Item[]> {
    const kernels = await this.#list();
    const mark = (name: string | undefined): string => (name === this.chosen ? "$(check) " : "");
    const items: Item[] = [
      { label: `${mark(undefined)}default`, description: "the one that declml takes by itself", kernel: null },
    ];
    for (const [kind, [heading, icon]] of Object.entries(HEADINGS)) {
      const those = kernels.filter((each) => each.kind === kind);
      if (those.length === 0) continue;
      items.push({ label: heading, kind: vscode.QuickPickItemKind.Separator });
      for (const each of those) {
        const busy = each.running.length > 0 ? ` · trains ${each.running.length}` : "";
        const label = `${mark(each.name)}$(${icon}) ${each.label}`;
        items.push({ label, description: `${each.detail}${busy}`, kernel: each.name });
      }
    }
    items.push({ label: "", kind: vscode.QuickPickItemKind.Separator });
    items.push({ label: "$(python) Select Python interpreter...", command: "declml.selectInterpreter" });
    // A declml that lists no kernels cannot reach a server either.
    if (kernels.length > 0) items.push({ label: "$(add) Add a Jupyter server...", command: "declml.addKernelServer" });
    return items;
  }

  async #add(): Promise<void> {
    if (!mayRun() || !(await ready(this.server))) return;
    const asked = await this.#tokens.ask();
    if (asked === undefined) return;
    const { failed, said } = await this.#run(["add", asked.name, asked.address]);
    if (failed) return void vscode.window.showErrorMessage(said);
    await this.#tokens.keep(asked);
    await this.#choose(asked.name);
  }

  async #forget(): Promise<void> {
    const remote = (await this.#list()).filter((each) => each.kind === "server" || each.kind === "ssh");
    const items = remote.map((each) => ({ label: each.name, description: each.detail }));
    if (items.length === 0) return void vscode.window.showInformationMessage("No remote kernel is known.");
    const picked = await vscode.window.showQuickPick(items, { title: "Forget which kernel?" });
    if (picked === undefined) return;
    await this.#run(["remove", picked.label]);
    await this.#tokens.forget(picked.label);
    if (this.chosen === picked.label) await this.#choose(undefined);
  }

  /** Ask the command line; a declml that does not know the question has no kernels to choose from. */
  async #list(): Promise<Kernel[]> {
    return readKernels((await this.#run(["--json"])).said);
  }

  async #run(words: string[]): Promise<Said> {
    const python = this.server.facts.choice?.python;
    if (python === undefined) return { failed: true, said: "There is no Python." };
    const environment = await this.#tokens.environment(this.chosen);
    const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath;
    return declml(["kernels", ...words], { python, folder, environment, patienceMs: PATIENCE_MS });
  }

  #show(): void {
    // Also while the panel beside a config has the focus.
    const seen = vscode.window.visibleTextEditors.some((each) => each.document.languageId === LANGUAGE);
    if (!seen || this.server.state.kind !== "ready") return this.#item.hide();
    const name = this.chosen ?? "default";
    this.#item.text = `$(vm) kernel: ${name}`;
    this.#item.tooltip = `declml trains on the kernel '${name}'. Click for another one.`;
    this.#item.show();
  }
}

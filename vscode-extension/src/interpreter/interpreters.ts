/**
 * Which Python the extension uses, in this order:
 *
 * 1. the setting `declml.interpreter`;
 * 2. the choice in the Python Environments extension;
 * 3. the choice in the Python extension;
 * 4. `python3` or `python` on PATH.
 */
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter } from "node:path";
import * as vscode from "vscode";
import { type Choice, choose, expand, onPath } from "./choose";
import { environmentsIn } from "./local";
import { type Environment, type EnvironmentProvider, environmentsProvider, pythonProvider } from "./python_extensions";

/** The interpreters of this window. */
export class Interpreters implements vscode.Disposable {
  #providers: Promise<EnvironmentProvider[]> | undefined;
  readonly #disposables: vscode.Disposable[] = [];
  readonly #changed = new vscode.EventEmitter<void>();
  /** Another interpreter may be in force now. */
  readonly onDidChange = this.#changed.event;

  constructor() {
    this.#disposables.push(
      this.#changed,
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration("declml.interpreter")) this.#changed.fire();
      }),
      vscode.extensions.onDidChange(() => {
        // One of the Python extensions may have come or gone.
        this.#providers = undefined;
        this.#changed.fire();
      }),
    );
  }

  /** Return the interpreter in force for a folder; undefined when there is no Python at all. */
  async current(folder = vscode.workspace.workspaceFolders?.[0]): Promise<Choice | undefined> {
    const providers = await this.#providersOnce();
    const setting = vscode.workspace.getConfiguration("declml", folder).get<string>("interpreter", "");
    return choose([
      {
        name: "the setting declml.interpreter",
        find: () => Promise.resolve(expand(setting, folder?.uri.fsPath, homedir())),
      },
      ...providers.map((each) => ({ name: `the ${each.name}`, find: () => each.active(folder?.uri) })),
      { name: "PATH", find: () => Promise.resolve(onPath(NAMES, process.env["PATH"] ?? "", delimiter, existsSync)) },
    ]);
  }

  /** Return the one in force, every environment that the Python extensions know, and those in the workspace. */
  async all(): Promise<Environment[]> {
    const current = await this.current();
    const found = current === undefined ? [] : [{ python: current.python, name: `in use, from ${current.source}` }];
    for (const provider of await this.#providersOnce()) found.push(...(await provider.all()));
    const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath;
    if (folder !== undefined) {
      for (const python of await environmentsIn(folder)) found.push({ python, name: "an environment of this folder" });
    }
    return found.filter((each, index) => found.findIndex((other) => other.python === each.python) === index);
  }

  dispose(): void {
    for (const each of this.#disposables) each.dispose();
  }

  #providersOnce(): Promise<EnvironmentProvider[]> {
    this.#providers ??= Promise.all([environmentsProvider(), pythonProvider()]).then((found) => {
      const providers = found.filter((each) => each !== undefined);
      for (const each of providers) this.#disposables.push(each.onDidChange(() => this.#changed.fire()));
      return providers;
    });
    return this.#providers;
  }
}

const NAMES = process.platform === "win32" ? ["python.exe"] : ["python3", "python"];

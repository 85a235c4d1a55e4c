/** Choosing an interpreter and installing declml into one. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import * as vscode from "vscode";
import { mayRun } from "../server/ready";
import type { LanguageServer } from "../server/language_server";
import type { Interpreters } from "./interpreters";
import { interpreterOf } from "./local";

/** So much of what pip says is shown in a message; the log has all of it. */
const MOST_SAID = 200;

interface Item extends vscode.QuickPickItem {
  python?: string;
  browse?: boolean;
  create?: boolean;
}

/** Return the commands `declml.selectInterpreter` and `declml.install`. */
export function interpreterCommands(interpreters: Interpreters, server: LanguageServer): vscode.Disposable[] {
  return [
    vscode.commands.registerCommand("declml.selectInterpreter", async () => {
      if (!mayRun()) return;
      const python = await pick(interpreters, "The Python for the language server and for trainings");
      if (python !== undefined) await use(python, server);
    }),
    vscode.commands.registerCommand("declml.install", async (given?: string) => {
      if (!mayRun()) return;
      const place = "The environment to install declml into";
      const python = typeof given === "string" ? given : await pick(interpreters, place, true);
      if (python !== undefined && (await install(python, server.log))) await use(python, server);
    }),
  ];
}

async function pick(interpreters: Interpreters, title: string, mayCreate = false): Promise<string | undefined> {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath;
  const items: Item[] = (await interpreters.all()).map(({ python, name }) => ({
    // A path outside the workspace stays as it is.
    label: vscode.workspace.asRelativePath(python, false),
    description: name,
    python,
  }));
  if (mayCreate && folder !== undefined) {
    items.push({ label: "$(add) New environment", description: ".venv in this folder", create: true });
  }
  items.push({ label: "$(folder) Browse...", browse: true });
  const picked = await vscode.window.showQuickPick(items, { title, matchOnDescription: true });
  if (picked?.browse === true) {
    const files = await vscode.window.showOpenDialog({ title, canSelectMany: false });
    return files?.[0]?.fsPath;
  }
  if (picked?.create === true && folder !== undefined) return create(interpreters, folder);
  return picked?.python;
}

async function create(interpreters: Interpreters, folder: string): Promise<string | undefined> {
  const base = (await interpreters.current())?.python ?? "python3";
  const made = await told("Making an environment", (report) => run(base, ["-m", "venv", ".venv"], folder, report));
  return made ? interpreterOf(join(folder, ".venv")) : undefined;
}

async function install(python: string, log: vscode.LogOutputChannel): Promise<boolean> {
  const wanted = vscode.workspace.getConfiguration("declml").get<string>("package", "declml");
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath;
  let last = "";
  const done = await told("Installing declml", (report) =>
    run(python, ["-m", "pip", "install", "--disable-pip-version-check", wanted], folder, (line) => {
      log.info(line);
      report(line);
      last = line;
    }),
  );
  if (done) return true;
  const show = "Show Logs";
  const reason = last === "" ? "." : `: ${last.slice(0, MOST_SAID)}`;
  const picked = await vscode.window.showErrorMessage(`declml could not be installed with ${python}${reason}`, show);
  if (picked === show) log.show();
  return false;
}

/** Do something long with a progress message that can be cancelled. */
function told(
  title: string,
  act: (report: (line: string) => void, token?: vscode.CancellationToken) => Child,
): Thenable<boolean> {
  const options = { location: vscode.ProgressLocation.Notification, title, cancellable: true };
  return vscode.window.withProgress(options, (progress, token) => {
    const child = act((line) => progress.report({ message: line.slice(0, 80) }));
    token.onCancellationRequested(() => child.cancel());
    return child.done;
  });
}

interface Child {
  done: Promise<boolean>;
  cancel(): void;
}

function run(command: string, args: string[], folder: string | undefined, report: (line: string) => void): Child {
  const child = spawn(command, args, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  const read = (said: Buffer): void => {
    for (const line of said.toString().split("\n")) if (line.trim() !== "") report(line.trim());
  };
  child.stdout.on("data", read);
  child.stderr.on("data", read);
  const done = new Promise<boolean>((resolve) => {
    child.on("error", () => resolve(false));
    child.on("close", (code) => resolve(code === 0));
  });
  return { done, cancel: () => child.kill() };
}

/** Keep the choice for this workspace, or for all where there is none, and start the server with it. */
async function use(python: string, server: LanguageServer): Promise<void> {
  const settings = vscode.workspace.getConfiguration("declml");
  const target =
    vscode.workspace.workspaceFolders === undefined
      ? vscode.ConfigurationTarget.Global
      : vscode.ConfigurationTarget.Workspace;
  await settings.update("interpreter", python, target);
  await server.interpreterChanged();
}

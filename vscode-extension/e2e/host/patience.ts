/** Waiting for what comes late: everything that crosses the extension host's border. */
import * as vscode from "vscode";

const PATIENCE_MS = 60_000;

/** Ask until the answer is one, every so many milliseconds. */
export async function until<T>(
  what: string,
  ask: () => T | undefined | false | Promise<T | undefined | false>,
  every = 50,
): Promise<T> {
  for (const end = Date.now() + PATIENCE_MS; ;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (Date.now() > end) throw new Error(`did not happen in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, every));
  }
}

/** The folder that is open. */
export function workspace(...parts: string[]): vscode.Uri {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  if (folder === undefined) throw new Error("no folder is open");
  return vscode.Uri.joinPath(folder, ...parts);
}

/** Every tab's label. */
export function tabs(): string[] {
  return vscode.window.tabGroups.all.flatMap((group) => group.tabs.map((tab) => tab.label));
}

/** Write a config into the workspace and show it. */
export async function shown(name: string, text: string): Promise<vscode.TextDocument> {
  await vscode.workspace.fs.writeFile(workspace(name), Buffer.from(text));
  const document = await vscode.workspace.openTextDocument(workspace(name));
  await vscode.window.showTextDocument(document, vscode.ViewColumn.One);
  return document;
}

/** The text of a file of the workspace. */
export async function textOf(...parts: string[]): Promise<string> {
  return Buffer.from(await vscode.workspace.fs.readFile(workspace(...parts))).toString();
}

/** Which config a command means. */
import * as vscode from "vscode";

export const LANGUAGE = "declml";

const CELL = "vscode-notebook-cell";
const MAGIC = /^%%declml\b/;

/** Return whether a document is a config: a file of the language, or a notebook's cell with the magic. */
export function isConfig(document: vscode.TextDocument): boolean {
  if (document.languageId === LANGUAGE) return true;
  return document.uri.scheme === CELL && MAGIC.test(document.lineAt(0).text);
}

/** Return the named document, opened; without a name the config in the editor. Tells the user when there is none. */
export async function openDocument(name: string | vscode.Uri | undefined): Promise<vscode.TextDocument | undefined> {
  if (typeof name === "string") return vscode.workspace.openTextDocument(vscode.Uri.parse(name, true));
  if (name instanceof vscode.Uri) return vscode.workspace.openTextDocument(name);
  const shown = [vscode.window.activeTextEditor, ...vscode.window.visibleTextEditors];
  const editor = shown.find((each) => each?.document.languageId === LANGUAGE);
  if (editor !== undefined) return editor.document;
  void vscode.window.showInformationMessage("Open a declml config first.");
  return undefined;
}

/** Return the folder that a new file belongs into: the workspace's only one, or the one that is picked. */
export async function workspaceFolder(): Promise<vscode.WorkspaceFolder | undefined> {
  const folders = vscode.workspace.workspaceFolders ?? [];
  if (folders.length > 1) return vscode.window.showWorkspaceFolderPick();
  if (folders.length === 0) void vscode.window.showInformationMessage("Open a folder first.");
  return folders[0];
}

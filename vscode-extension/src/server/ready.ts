/** Asks, before something runs, whether it may and can; tells the user why not and what to do. */
import * as vscode from "vscode";
import type { LanguageServer, ServerState } from "./language_server";

/** Return whether the workspace is trusted; tells the user when it is not. */
export function mayRun(): boolean {
  if (vscode.workspace.isTrusted) return true;
  const manage = "Manage Trust";
  void vscode.window
    .showWarningMessage("Training runs code of this folder: declml waits until you trust the workspace.", manage)
    .then((picked) => picked === manage && vscode.commands.executeCommand("workbench.trust.manage"));
  return false;
}

/** Return whether the server runs, after starting it if need be; tells the user when it does not. */
export async function ready(server: LanguageServer): Promise<boolean> {
  const state = await server.start();
  if (state.kind === "ready") return true;
  if (state.kind === "missing") await offerInstallation(state);
  else if (state.kind === "untrusted") mayRun();
  else {
    const [logs, restart] = ["Show Logs", "Restart Server"];
    const picked = await vscode.window.showErrorMessage(
      "The declml language server could not be started.",
      logs,
      restart,
    );
    if (picked === logs) server.log.show();
    if (picked === restart) return (await server.restart()).kind === "ready";
  }
  return false;
}

/** Offer what helps when there is no Python or no declml. */
export async function offerInstallation(state: ServerState & { kind: "missing" }): Promise<void> {
  const [install, select] = ["Install declml...", "Select Interpreter..."];
  const none = state.choice === undefined || state.found === undefined;
  const message = none
    ? `declml needs a Python. ${state.choice === undefined ? "None was found." : `'${state.choice.python}' could not be started.`}`
    : `declml is not installed for ${state.choice?.python} (Python ${state.found?.version}, from ${state.choice?.source}).`;
  const picked = await vscode.window.showWarningMessage(message, ...(none ? [select] : [install, select]));
  if (picked === install) await vscode.commands.executeCommand("declml.install", state.choice?.python);
  if (picked === select) await vscode.commands.executeCommand("declml.selectInterpreter");
}

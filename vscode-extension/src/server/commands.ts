/** The commands about the server itself. */
import * as vscode from "vscode";
import type { LanguageServer } from "./language_server";
import { mayRun, ready } from "./ready";

/** Return `declml.restartServer`, `declml.showLogs` and `declml.debugInformation`. */
export function serverCommands(server: LanguageServer, extension: vscode.Extension<unknown>): vscode.Disposable[] {
  return [
    vscode.commands.registerCommand("declml.restartServer", async () => {
      if (!mayRun()) return;
      await server.restart();
      await ready(server);
    }),
    vscode.commands.registerCommand("declml.showLogs", () => server.log.show()),
    vscode.commands.registerCommand("declml.debugInformation", async () => {
      const content = information(server, extension);
      await vscode.window.showTextDocument(await vscode.workspace.openTextDocument({ language: "markdown", content }));
    }),
  ];
}

function information(server: LanguageServer, extension: vscode.Extension<unknown>): string {
  const { choice, found, serverVersion } = server.facts;
  const rows: [string, string][] = [
    ["Extension", String((extension.packageJSON as { version?: string }).version)],
    ["Editor", `${vscode.env.appName} ${vscode.version}`],
    [
      "Machine",
      `${process.platform} ${process.arch}${vscode.env.remoteName === undefined ? "" : `, remote: ${vscode.env.remoteName}`}`,
    ],
    ["Trusted", vscode.workspace.isTrusted ? "yes" : "no"],
    ["Server", `${server.state.kind}${serverVersion === "" ? "" : `, version ${serverVersion}`}`],
    ["Python", choice === undefined ? "none" : `${choice.python}, from ${choice.source}`],
    ["Python version", found?.version ?? "unknown"],
    ["declml", found?.declml ?? "not installed"],
  ];
  const settings = JSON.stringify(vscode.workspace.getConfiguration("declml"), undefined, 2);
  const table = rows.map(([name, value]) => `| ${name} | ${value} |`).join("\n");
  return `# declml: debug information\n\n| | |\n| --- | --- |\n${table}\n\n\`\`\`json\n${settings}\n\`\`\`\n`;
}

/** Writes new configs and projects by `declml init`. */
import { basename, join } from "node:path";
import * as vscode from "vscode";
import { declml } from "../interpreter/declml";
import { mayRun, ready } from "../server/ready";
import type { LanguageServer } from "../server/language_server";
import { workspaceFolder } from "./document";

const SAMPLES = [
  { label: "tabular", description: "Who earns more than 50,000 dollars? 8,000 rows of a census." },
  { label: "text", description: "Which short messages are spam?" },
];
const DATA = { Tables: ["csv", "tsv", "jsonl", "ndjson", "parquet"] };

/** Return the commands `declml.newConfig` and `declml.newSample`. */
export function newProjectCommands(server: LanguageServer): vscode.Disposable[] {
  return [
    vscode.commands.registerCommand("declml.newConfig", async (given?: vscode.Uri) => {
      if (!mayRun() || !(await ready(server))) return;
      const folder = await workspaceFolder();
      if (folder === undefined) return;
      const data = given ?? (await pickData(folder));
      if (data === undefined) return;
      const target = await vscode.window.showInputBox({
        title: `Which column of ${basename(data.fsPath)} is to be predicted?`,
        prompt: "Empty: declml guesses.",
      });
      if (target === undefined) return;
      const words = target.trim() === "" ? [] : ["--target", target.trim()];
      await init(server, folder, ["from-data", data.fsPath, ".", ...words]);
    }),
    vscode.commands.registerCommand("declml.newSample", async (template?: string) => {
      if (!mayRun() || !(await ready(server))) return;
      const folder = await workspaceFolder();
      if (folder === undefined) return;
      const named = typeof template === "string" ? template : undefined;
      const picked = named ?? (await vscode.window.showQuickPick(SAMPLES, { title: "Which sample project?" }))?.label;
      if (picked !== undefined) await init(server, folder, [picked, "."]);
    }),
  ];
}

async function pickData(folder: vscode.WorkspaceFolder): Promise<vscode.Uri | undefined> {
  const pattern = `**/*.{${DATA.Tables.join(",")}}`;
  const files = await vscode.workspace.findFiles(
    new vscode.RelativePattern(folder, pattern),
    "**/{.venv,node_modules,runs}/**",
    200,
  );
  const browse = "$(folder) Browse...";
  const items = [
    ...files.map((each) => ({ label: vscode.workspace.asRelativePath(each, false), uri: each })),
    { label: browse, uri: undefined },
  ];
  const picked = await vscode.window.showQuickPick(items, { title: "Which data file?" });
  if (picked?.uri !== undefined || picked === undefined) return picked?.uri;
  return (await vscode.window.showOpenDialog({ filters: DATA, defaultUri: folder.uri }))?.[0];
}

/** Run `declml init` in a folder and open the config that it wrote. */
async function init(server: LanguageServer, folder: vscode.WorkspaceFolder, words: string[]): Promise<void> {
  const python = server.facts.choice?.python ?? "python3";
  const { failed, said } = await declml(["init", ...words], { python, folder: folder.uri.fsPath });
  server.log.info(said.trim());
  if (failed) return void vscode.window.showErrorMessage(said.trim().split("\n").at(-1) ?? "declml init failed.");
  const config = /[\w./-]+\.declml\.yaml/.exec(said)?.[0];
  if (config !== undefined) await vscode.window.showTextDocument(vscode.Uri.file(join(folder.uri.fsPath, config)));
}

/** Tasks that run the command line on a config: check, plan and train, their problems read into the editor. */
import * as vscode from "vscode";
import type { Interpreters } from "../interpreter/interpreters";

export const TASK_TYPE = "declml";
const ACTIONS = ["check", "plan", "train"] as const;

interface Definition extends vscode.TaskDefinition {
  action: string;
  config: string;
  arguments?: string[];
}

export class DeclmlTasks implements vscode.TaskProvider {
  constructor(private readonly interpreters: Interpreters) {}

  async provideTasks(): Promise<vscode.Task[]> {
    if (!vscode.workspace.isTrusted) return [];
    const files = await vscode.workspace.findFiles(
      "**/{*.declml.yaml,*.declml.yml,declml.yaml}",
      "**/{node_modules,.venv,runs}/**",
      50,
    );
    const tasks = files.flatMap((file) => {
      const folder = vscode.workspace.getWorkspaceFolder(file);
      if (folder === undefined) return [];
      const config = vscode.workspace.asRelativePath(file, false);
      return ACTIONS.map((action) => this.#task({ type: TASK_TYPE, action, config }, folder));
    });
    return Promise.all(tasks);
  }

  async resolveTask(task: vscode.Task): Promise<vscode.Task | undefined> {
    const definition = task.definition as Definition;
    if (!vscode.workspace.isTrusted || !ACTIONS.some((each) => each === definition.action)) return undefined;
    const folder = typeof task.scope === "object" ? task.scope : vscode.workspace.workspaceFolders?.[0];
    // The definition must be the very one that was asked for, or the editor does not know its task again.
    return folder === undefined ? undefined : this.#task(definition, folder);
  }

  async #task(definition: Definition, folder: vscode.WorkspaceFolder): Promise<vscode.Task> {
    const python = (await this.interpreters.current(folder))?.python ?? "python3";
    const words = [
      "-P",
      "-m",
      "declml.cli.main",
      definition.action,
      definition.config,
      ...(definition.arguments ?? []),
    ];
    const execution = new vscode.ProcessExecution(python, words, { cwd: folder.uri.fsPath });
    const name = `${definition.action} ${definition.config}`;
    const task = new vscode.Task(definition, folder, name, "declml", execution, "$declml");
    task.group = definition.action === "check" ? vscode.TaskGroup.Test : undefined;
    task.presentationOptions = { reveal: vscode.TaskRevealKind.Always, clear: true };
    return task;
  }
}

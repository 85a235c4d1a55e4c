/** Wires the rooms together. What happens is in the rooms. */
import * as vscode from "vscode";
import { isConfig } from "./config/document";
import { LanguageSwitch } from "./config/language_switch";
import { newProjectCommands } from "./config/new_project";
import { ConfigViews } from "./config/views";
import { interpreterCommands } from "./interpreter/commands";
import { Interpreters } from "./interpreter/interpreters";
import { Kernels } from "./kernels/kernels";
import { panelActions } from "./panel/actions";
import { Panels } from "./panel/panels";
import { RunCommands } from "./runs/commands";
import { RemoteRuns } from "./runs/remote";
import { RunStopper } from "./runs/stop";
import { RunStore } from "./runs/store";
import { RunTree } from "./runs/tree";
import { serverCommands } from "./server/commands";
import { LanguageServer } from "./server/language_server";
import { offerInstallation } from "./server/ready";
import { ServerStatus } from "./status/server_status";
import { TrainingStatus } from "./status/training_status";
import { DeclmlTasks, TASK_TYPE } from "./tasks/provider";
import { TrainingCommands } from "./trainings/commands";
import { TrainOnSave } from "./trainings/train_on_save";
import { Trainings } from "./trainings/trainings";

let server: LanguageServer | undefined;

/** Called by VS Code once, when a config or a panel is opened. Starts the server without waiting for it. */
export function activate(context: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel("declml", { log: true });
  const interpreters = new Interpreters();
  const languages = new LanguageServer(interpreters, log);
  server = languages;
  const store = new RunStore();
  const trainings = new Trainings(server, store);
  const actions = panelActions(() => ({ store, stopper, commands, panels, server: languages }));
  const panels = new Panels(store, actions, context.extensionUri, context.workspaceState);
  const kernels = new Kernels(context, server);
  const training = new TrainingCommands(server, trainings, panels, kernels);
  const stopper = new RunStopper(
    store,
    trainings,
    server,
    (address) => kernels.reach(address),
    (config, run) => training.resume(config, run),
  );
  const tree = new RunTree(store, context.workspaceState);
  const commands = new RunCommands(store, tree, panels, stopper);
  const remote = new RemoteRuns(
    store,
    server,
    (address) => kernels.reach(address),
    (address) => kernels.renewToken(address),
    (path) => trainings.keepsUp(path),
  );
  context.subscriptions.push(
    remote,
    ...[log, interpreters, server, store, trainings, panels, kernels, training, tree, commands],
    ...serverCommands(server, context.extension),
    ...interpreterCommands(interpreters, server),
    ...newProjectCommands(server),
    new ConfigViews(server, store, panels),
    new TrainOnSave(trainings, training),
    new TrainingStatus(store),
    new ServerStatus(server),
    new LanguageSwitch(context.workspaceState),
    vscode.tasks.registerTaskProvider(TASK_TYPE, new DeclmlTasks(interpreters)),
    vscode.commands.registerCommand("declml.openPanel", () => openPanel(store, panels)),
  );
  void begin(server, store, interpreters, context);
}

/** Called by VS Code when the window closes. Trainings go on without it. */
export async function deactivate(): Promise<void> {
  await server?.stop();
}

async function begin(
  started: LanguageServer,
  store: RunStore,
  interpreters: Interpreters,
  context: vscode.ExtensionContext,
): Promise<void> {
  void store.discover();
  context.subscriptions.push(
    interpreters.onDidChange(() => {
      // A server that nobody has wanted yet is not started by a choice.
      if (started.state.kind !== "stopped") void started.interpreterChanged();
    }),
    vscode.workspace.onDidGrantWorkspaceTrust(() => void started.restart()),
    vscode.workspace.onDidOpenTextDocument((document) => {
      if (isConfig(document)) void startAndOffer(started);
    }),
    vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
      if (contentChanges.length === 0 || !isConfig(document)) return;
      noteEdited();
      // A cell becomes a config while it is typed.
      if (started.state.kind === "stopped") void startAndOffer(started);
    }),
  );
  if (vscode.workspace.textDocuments.some(isConfig)) await startAndOffer(started);
}

let edited = false;

/** Tick the walkthrough's step, once. */
function noteEdited(): void {
  if (edited) return;
  edited = true;
  void vscode.commands.executeCommand("setContext", "declml.edited", true);
}

let offered = false;

/** Start the server; when it cannot run for want of Python or declml, say so once a window. */
async function startAndOffer(started: LanguageServer): Promise<void> {
  const state = await started.start();
  if (state.kind !== "missing" || offered) return;
  offered = true;
  await offerInstallation(state);
}

/** Open the panel of the run that trains, else of the newest one. */
async function openPanel(store: RunStore, panels: Panels): Promise<void> {
  const run = store.running()[0] ?? store.all()[0];
  if (run === undefined) await vscode.window.showInformationMessage("There is no run yet.");
  else await panels.open("run", [run.info.path]);
}

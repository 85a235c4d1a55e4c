/** What clicks in a panel do. */
import * as vscode from "vscode";
import type { WebviewMessage } from "../contract";
import { differencesBetween, type PairDiff } from "../runs/changes";
import type { RunCommands } from "../runs/commands";
import type { RunStopper } from "../runs/stop";
import type { RunStore } from "../runs/store";
import type { LanguageServer } from "../server/language_server";
import { isRefusal, type Refusal } from "../server/protocol";
import type { Panels } from "./panels";
import type { PanelActions, RunPanel } from "./run_panel";

/** The rooms that a click reaches; filled in once all of them are there. */
export interface Reach {
  store: RunStore;
  stopper: RunStopper;
  commands: RunCommands;
  panels: Panels;
  server: LanguageServer;
}

/** Return the actions; `reach` is asked when something is clicked. */
export function panelActions(reach: () => Reach): PanelActions {
  return {
    differences: (paths) =>
      differencesBetween(paths, async (before, after) => {
        const { server } = reach();
        // A window that was just reloaded shows its panels before the server is there: it is waited for, not asked for.
        if (server.state.kind !== "ready" && server.state.kind !== "starting") return undefined;
        const answer = await server.command<PairDiff | Refusal>("declml.compare", "", before, after);
        return answer === undefined || isRefusal(answer) ? undefined : answer;
      }),
    act: (message, panel) => void act(message, panel, reach()),
  };
}

async function act(message: WebviewMessage, panel: RunPanel, reach: Reach): Promise<void> {
  const path = (run: string): string => panel.paths.find((each) => reach.store.get(each)?.info.run === run) ?? "";
  switch (message.type) {
    case "stop":
      // A second click is a second signal, whether the page says so or not.
      return reach.stopper.stop(path(message.run));
    case "resume":
      return reach.stopper.resume(path(message.run));
    case "openFolder":
      return reach.commands.openFolder(path(message.run));
    case "openConfig":
      return reach.commands.openConfig(path(message.run));
    case "diffConfig":
      return reach.commands.diffConfigs(message.runs.map(path));
    case "overlay":
      return overlay(panel, reach);
    case "copy":
      await vscode.env.clipboard.writeText(message.text);
      return;
    default:
      return;
  }
}

/** Let the user pick runs of the same experiment, and compare them with the one shown. */
async function overlay(panel: RunPanel, { store, panels }: Reach): Promise<void> {
  const shown = store.get(panel.paths[0] ?? "")?.info;
  if (shown === undefined) return;
  const others = store.all().filter(({ info }) => info.experiment === shown.experiment && info.path !== shown.path);
  const items = others.map(({ info }) => ({ label: info.run, description: info.status, path: info.path }));
  if (items.length === 0) {
    void vscode.window.showInformationMessage("There is no other run of this experiment yet.");
    return;
  }
  const picked = await vscode.window.showQuickPick(items, { title: "Compare with which runs?", canPickMany: true });
  if (picked !== undefined && picked.length > 0) {
    await panels.open("compare", [...picked.map((each) => each.path).reverse(), shown.path]);
  }
}

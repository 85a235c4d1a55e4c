/** Stops and resumes runs by their folder, also those that a terminal, a notebook or an earlier window began. */
import { existsSync } from "node:fs";
import * as vscode from "vscode";
import { declml } from "../interpreter/declml";
import type { LanguageServer } from "../server/language_server";
import { mayRun } from "../server/ready";
import type { Trainings } from "../trainings/trainings";
import { atWork } from "./record";
import type { Reach } from "./remote";
import type { KnownRun, RunStore } from "./store";

/** What resumes a training and shows it. */
export type Resume = (config: vscode.Uri, run: string) => Promise<void>;

export class RunStopper {
  constructor(
    private readonly store: RunStore,
    private readonly trainings: Trainings,
    private readonly server: LanguageServer,
    private readonly reach: Reach,
    private readonly resumeTraining: Resume,
  ) {}

  /** Ask a run to stop after a checkpoint; asked again, it ends at once. */
  async stop(path: string): Promise<void> {
    const run = this.store.get(path);
    if (run === undefined || !mayRun()) return;
    const uri = run.info.config === undefined ? undefined : vscode.Uri.file(run.info.config).toString();
    const training = uri === undefined ? undefined : this.trainings.get(uri);
    const own = uri !== undefined && training?.run === run.info.run && this.trainings.isRunning(uri);
    if (own && (await this.trainings.stop(uri))) return;
    // Its process takes the same signal that Ctrl-C in a terminal sends. The store has just seen that it is the run's.
    const fresh = await this.store.refresh(path);
    if (fresh === undefined || !atWork(fresh.info.status)) return;
    const again = fresh.info.status === "stopping";
    this.store.markStopping(path);
    if (fresh.process !== undefined) process.kill(fresh.process, "SIGINT");
    else await this.#stopElsewhere(fresh, again);
  }

  /** Let the command line stop a run on another machine. */
  async #stopElsewhere({ info, remote }: KnownRun, now: boolean): Promise<void> {
    const python = this.server.facts.choice?.python;
    if (remote === undefined || python === undefined) {
      void vscode.window.showWarningMessage("This run trains on another machine; stop it there.");
      return;
    }
    const place = { python, folder: info.path, environment: await this.reach(remote) };
    const { failed, said } = await declml(["stop", info.path, ...(now ? ["--now"] : [])], place);
    if (failed) void vscode.window.showErrorMessage(said);
  }

  /** Go on with a run that did not finish. */
  async resume(path: string): Promise<void> {
    const run = this.store.get(path)?.info;
    if (run === undefined) return;
    if (run.config === undefined || !existsSync(run.config)) {
      void vscode.window.showWarningMessage(`The config of ${run.run} is gone; a run is resumed from its config.`);
      return;
    }
    await this.resumeTraining(vscode.Uri.file(run.config), run.run);
  }
}

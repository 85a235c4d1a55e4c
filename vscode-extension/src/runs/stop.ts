/** Stops and resumes runs by their folder, also those that a terminal, a notebook or an earlier window began. */
import { existsSync } from "node:fs";
import * as vscode from "vscode";
import { mayRun } from "../server/ready";
import type { Trainings } from "../trainings/trainings";
import type { RunStore } from "./store";

/** What resumes a training and shows it. */
export type Resume = (config: vscode.Uri, run: string) => Promise<void>;

export class RunStopper {
  constructor(
    private readonly store: RunStore,
    private readonly trainings: Trainings,
    private readonly resumeTraining: Resume,
  ) {}

  /** Ask a run to stop after a checkpoint; asked again, it ends at once. */
  async stop(path: string): Promise<void> {
    const run = this.store.get(path);
    if (run === undefined || !mayRun()) return;
    const uri = run.info.config === undefined ? undefined : vscode.Uri.file(run.info.config).toString();
    const training = uri === undefined ? undefined : this.trainings.get(uri);
    if (uri !== undefined && training?.run === run.info.run && this.trainings.isRunning(uri)) {
      await this.trainings.stop(uri);
      return;
    }
    // Its process takes the same signal that Ctrl-C in a terminal sends. The store has just seen that it is the run's.
    const fresh = await this.store.refresh(path);
    const live = fresh?.info.status === "running" || fresh?.info.status === "stopping";
    if (!live) return;
    if (fresh.process === undefined) {
      void vscode.window.showWarningMessage("This run trains on another machine; stop it there.");
      return;
    }
    process.kill(fresh.process, "SIGINT");
    this.store.markStopping(path);
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

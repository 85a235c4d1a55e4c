/** The trainings of this window, by config: begun, stopped and resumed through the language server. */
import { join } from "node:path";
import * as vscode from "vscode";
import { atWork } from "../runs/record";
import type { RunStore } from "../runs/store";
import type { LanguageServer } from "../server/language_server";
import { ENDED, isRefusal, RECONNECTING, type Refusal, type RunsAnswer, type Training } from "../server/protocol";

/** What a training may be asked for beyond its config. */
export interface TrainOptions {
  again?: boolean;
  resume?: string;
  kernel?: string;
}

const PATIENCE_MS = 20_000;

export class Trainings implements vscode.Disposable {
  readonly #newest = new Map<string, Training>();
  readonly #changed = new vscode.EventEmitter<Training>();
  readonly onDidChange = this.#changed.event;
  readonly #listening: vscode.Disposable[];
  readonly #roots = new Map<string, string>();

  constructor(
    private readonly server: LanguageServer,
    private readonly store: RunStore,
  ) {
    this.#listening = [
      server.onTraining((training) => this.#take(training)),
      // A server that starts knows no training: what another one began goes on, and its run's folder tells of it.
      server.onDidChangeState((state) => {
        if (state.kind !== "ready") this.#newest.clear();
      }),
    ];
  }

  /** Return the newest training of a config, also after its end. */
  get(uri: string): Training | undefined {
    return this.#newest.get(uri);
  }

  isRunning(uri: string): boolean {
    const training = this.#newest.get(uri);
    return training !== undefined && !ENDED.includes(training.status);
  }

  /**
   * Return whether a config is being trained. A run tells its end a moment before its process is gone and the server
   * knows of it: that moment is waited for.
   */
  async trains(uri: string): Promise<boolean> {
    const training = this.#newest.get(uri);
    const folder = training === undefined ? undefined : this.folder(training);
    if (folder === undefined || !this.isRunning(uri)) return this.isRunning(uri);
    const run = await this.store.refresh(folder);
    if (run === undefined || atWork(run.info.status)) return this.isRunning(uri);
    return !(await this.#end(uri));
  }

  /** Return whether a training of this window is at work in a run's folder. */
  keepsUp(path: string): boolean {
    return [...this.#newest.values()].some((each) => !ENDED.includes(each.status) && this.folder(each) === path);
  }

  /** Return the folder of a training's run, as soon as it is known. */
  folder(training: Training): string | undefined {
    if (training.path !== "") return training.path;
    const root = this.#roots.get(training.uri);
    return root === undefined || training.run === "" ? undefined : join(root, training.experiment, training.run);
  }

  /** Save and train a config; undefined when the server could not be asked or refused, which the user was told. */
  async train(document: vscode.TextDocument, options: TrainOptions): Promise<Training | undefined> {
    return this.#begin(document, (uri) => this.server.command("declml.train", uri, options));
  }

  /** Go on with the newest run of the config that did not finish. */
  async resume(document: vscode.TextDocument): Promise<Training | undefined> {
    return this.#begin(document, (uri) => this.server.command("declml.resume", uri));
  }

  /** Ask the training of a config to stop after a checkpoint; asked again, it ends at once. */
  async stop(uri: string): Promise<boolean> {
    const answer = await this.server.command<{ stopped: boolean }>("declml.stop", uri);
    const training = this.#newest.get(uri);
    // It may have ended before the answer came.
    if (answer?.stopped === true && training !== undefined && !ENDED.includes(training.status)) {
      this.#take({ ...training, status: "stopping" });
      const folder = this.folder(training);
      if (folder !== undefined) this.store.markStopping(folder);
    }
    return answer?.stopped ?? false;
  }

  /** Stop a config's training and wait for its end; false when it does not end in time. */
  async stopped(uri: string): Promise<boolean> {
    if (!this.isRunning(uri)) return true;
    const ended = this.#end(uri);
    if (!(await this.stop(uri))) return !this.isRunning(uri);
    if (await ended) return true;
    await this.stop(uri);
    return this.#end(uri);
  }

  dispose(): void {
    for (const each of this.#listening) each.dispose();
    this.#changed.dispose();
  }

  async #begin(
    document: vscode.TextDocument,
    ask: (uri: string) => Promise<Training | Refusal | undefined>,
  ): Promise<Training | undefined> {
    if (document.isDirty && !(await document.save())) return undefined;
    const uri = document.uri.toString();
    const answer = await ask(uri);
    if (answer === undefined || isRefusal(answer)) return undefined;
    const runs = await this.server.command<RunsAnswer>("declml.runs", uri);
    if (runs !== undefined) {
      this.#roots.set(uri, runs.root);
      await this.store.addRoot(runs.root);
    }
    const known = this.#newest.get(uri);
    // A notification may have come first, and knows more.
    if (known === undefined || ENDED.includes(known.status)) this.#take(answer);
    else this.#take(known);
    return this.#newest.get(uri);
  }

  #end(uri: string): Promise<boolean> {
    return new Promise((resolve) => {
      const done = (ended: boolean): void => {
        clearTimeout(timer);
        listening.dispose();
        resolve(ended);
      };
      const timer = setTimeout(() => done(false), PATIENCE_MS);
      const listening = this.onDidChange((training) => {
        if (training.uri === uri && ENDED.includes(training.status)) done(true);
      });
      if (!this.isRunning(uri)) done(true);
    });
  }

  #take(training: Training): void {
    this.#newest.set(training.uri, training);
    this.#changed.fire(training);
    const folder = this.folder(training);
    if (folder === undefined) return;
    this.store.markOutOfSight(folder, training.status === RECONNECTING);
    void this.store.refresh(folder);
  }
}

/**
 * Runs on other machines: their folders here are copies, which somebody has to keep up. Whoever began a run does; when
 * that was a window or a terminal that is gone, this window does it, by `declml attach`.
 */
import type { ChildProcess } from "node:child_process";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import * as vscode from "vscode";
import { followDeclml } from "../interpreter/declml";
import type { LanguageServer } from "../server/language_server";
import { RECONNECTING, TOKEN_REFUSED } from "../server/protocol";
import { EVENTS, type KnownRun, type RunStore } from "./store";

/** A copy that did not grow for so long has nobody who keeps it up, or a slow run; a second copier does no harm. */
const SILENT_MS = 5_000;
/** After an attempt that failed. */
const PAUSE_MS = 60_000;

/** The variables with which a child process reaches an address. */
export type Reach = (address: string) => Promise<Record<string, string>>;

/** Asks the user for the token of an address that refused; false when there is none. */
export type Renew = (address: string) => Promise<boolean>;

export class RemoteRuns implements vscode.Disposable {
  /** Null while it is found out whether one is needed. */
  readonly #copiers = new Map<string, ChildProcess | null>();
  readonly #notBefore = new Map<string, number>();
  /** The addresses whose token was asked for; once a window. */
  readonly #asked = new Set<string>();
  readonly #listening: vscode.Disposable;

  constructor(
    private readonly store: RunStore,
    private readonly server: LanguageServer,
    private readonly reach: Reach,
    private readonly renew: Renew,
    /** Whether a training of this window's server keeps a run's folder up. */
    private readonly isOwn: (path: string) => boolean,
  ) {
    this.#listening = store.onDidChange((path) => {
      const run = path === undefined ? undefined : store.get(path);
      if (run !== undefined) void this.#look(run);
    });
  }

  dispose(): void {
    this.#listening.dispose();
    // Only the copying ends; the runs go on.
    for (const each of this.#copiers.values()) each?.kill("SIGINT");
  }

  async #look(run: KnownRun): Promise<void> {
    const { path } = run.info;
    if (run.remote === undefined || run.info.status !== "running" || !vscode.workspace.isTrusted) return;
    if (this.#copiers.has(path) || this.isOwn(path) || Date.now() < (this.#notBefore.get(path) ?? 0)) return;
    const python = this.server.facts.choice?.python;
    if (python === undefined || this.server.state.kind !== "ready") return;
    this.#copiers.set(path, null);
    const grown = await stat(join(path, EVENTS)).catch(() => undefined);
    if (grown !== undefined && Date.now() - grown.mtimeMs < SILENT_MS) return void this.#copiers.delete(path);
    const environment = await this.reach(run.remote);
    const place = { python, folder: path, environment };
    const { log } = this.server;
    const { remote } = run;
    let refused = false;
    log.info(`Following ${run.info.run} on ${remote}.`);
    const copier = followDeclml(["attach", path, "--json"], place, {
      line: (text) => {
        if (this.#take(path, text) === TOKEN_REFUSED) refused = true;
      },
      ended: (complaint) => {
        if (complaint !== "") log.warn(`Following ${run.info.run} ended: ${complaint}`);
        this.#copiers.delete(path);
        this.#notBefore.set(path, Date.now() + PAUSE_MS);
        this.store.markOutOfSight(path, false);
        if (refused) void this.#askOnce(remote);
      },
    });
    this.#copiers.set(path, copier);
  }

  /** Ask for a token, and follow at once when there is one. */
  async #askOnce(address: string): Promise<void> {
    if (this.#asked.has(address)) return;
    this.#asked.add(address);
    if (!(await this.renew(address))) return;
    this.#asked.delete(address);
    this.#notBefore.clear();
  }

  /** Take a line of a copier; return the code of a problem. */
  #take(path: string, line: string): string | undefined {
    let said: { kind?: unknown; message?: unknown; problem?: { code?: string } };
    try {
      said = JSON.parse(line) as typeof said;
    } catch {
      return undefined;
    }
    if (said.kind === "problem") this.server.log.warn(line);
    // An event may have come before the line broke: only a notice tells how it is.
    if (said.kind === "notice") this.store.markOutOfSight(path, said.message === RECONNECTING);
    return said.kind === "problem" ? said.problem?.code : undefined;
  }
}

/** The language server of this window: started in the user's Python, started again after a crash, with a limit. */
import * as vscode from "vscode";
import type { LanguageClient } from "vscode-languageclient/node";
import type { Choice } from "../interpreter/choose";
import type { Interpreters } from "../interpreter/interpreters";
import { type Probe, probe } from "../interpreter/probe";
import { LastingLenses } from "./lenses";
import type { EventNotification, Training } from "./protocol";
import { Restarts } from "./restarts";

/** How the server stands. `missing` means that there is no Python, or none with declml. */
export type ServerState =
  | { kind: "stopped" | "starting" | "ready" | "untrusted" }
  | { kind: "failed"; message: string }
  | { kind: "missing"; choice: Choice | undefined; found: Probe | undefined };

/** What is known of the server, for the debug information. */
export interface ServerFacts {
  choice: Choice | undefined;
  found: Probe | undefined;
  serverVersion: string;
}

export class LanguageServer implements vscode.Disposable {
  #client: LanguageClient | undefined;
  #state: ServerState = { kind: "stopped" };
  /** Starts and stops, one after the other. */
  #queue: Promise<void> = Promise.resolve();
  readonly #restarts = new Restarts();
  readonly #lenses = new LastingLenses();
  readonly #changed = new vscode.EventEmitter<ServerState>();
  readonly #trainings = new vscode.EventEmitter<Training>();
  readonly #events = new vscode.EventEmitter<EventNotification>();
  readonly onDidChangeState = this.#changed.event;
  readonly onTraining = this.#trainings.event;
  readonly onEvent = this.#events.event;
  /** More variables for the server and its children. */
  environment: () => Promise<Record<string, string>> = () => Promise.resolve({});
  facts: ServerFacts = { choice: undefined, found: undefined, serverVersion: "" };

  constructor(
    private readonly interpreters: Interpreters,
    readonly log: vscode.LogOutputChannel,
  ) {}

  get state(): ServerState {
    return this.#state;
  }

  /** Start the server unless it runs; the answer is the state that came of it. */
  async start(): Promise<ServerState> {
    if (this.#client === undefined || this.#state.kind !== "ready") await this.#enqueue(() => this.#start());
    return this.#state;
  }

  /** Stop the server and start it anew, in the interpreter that is in force now. */
  async restart(): Promise<ServerState> {
    this.#restarts.reset();
    await this.#enqueue(async () => {
      await this.#stop();
      await this.#start();
    });
    return this.#state;
  }

  /** Restart if another interpreter is in force than the one that the server runs in. */
  async interpreterChanged(): Promise<void> {
    const choice = await this.interpreters.current();
    if (choice?.python !== this.facts.choice?.python || this.#state.kind !== "ready") await this.restart();
  }

  /** Ask for one of the server's commands; undefined when there is no server to ask. */
  async command<Answer>(name: string, ...args: unknown[]): Promise<Answer | undefined> {
    if ((await this.start()).kind !== "ready" || this.#client === undefined) return undefined;
    return this.#client.sendRequest<Answer>("workspace/executeCommand", { command: name, arguments: args });
  }

  async stop(): Promise<void> {
    await this.#enqueue(() => this.#stop());
  }

  dispose(): void {
    for (const each of [this.#changed, this.#trainings, this.#events, this.#lenses]) each.dispose();
  }

  #enqueue(act: () => Promise<void>): Promise<void> {
    this.#queue = this.#queue.then(act).catch((error: unknown) => {
      this.log.error(String(error));
      this.#become({ kind: "failed", message: String(error) });
    });
    return this.#queue;
  }

  async #start(): Promise<void> {
    if (this.#client !== undefined && this.#state.kind === "starting") await this.#settled();
    if (this.#state.kind === "ready") return;
    if (!vscode.workspace.isTrusted) return this.#become({ kind: "untrusted" });
    this.#become({ kind: "starting" });
    const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath;
    const choice = await this.interpreters.current();
    const found = choice === undefined ? undefined : await probe(choice.python, folder);
    this.facts = { choice, found, serverVersion: "" };
    if (choice === undefined || found === undefined || found.declml === null) {
      this.log.warn(choice === undefined ? "There is no Python." : `There is no declml for ${choice.python}.`);
      return this.#become({ kind: "missing", choice, found });
    }
    this.log.info(
      `Starting with ${choice.python} (Python ${found.version}, declml ${found.declml}), from ${choice.source}`,
    );
    await this.#connect(choice.python, folder);
  }

  async #connect(python: string, folder: string | undefined): Promise<void> {
    // Most of the extension's code is the client's: it is read when a server is wanted, not when VS Code starts.
    const { buildClient, CloseAction, ErrorAction, State } = await import("./client");
    const client = buildClient({
      python,
      folder,
      environment: await this.environment(),
      log: this.log,
      lenses: this.#lenses,
      errorHandler: {
        error: () => ({ action: ErrorAction.Continue }),
        closed: () => {
          if (this.#client !== client) return { action: CloseAction.DoNotRestart, handled: true };
          const again = this.#restarts.again();
          if (!again) this.#giveUp();
          return { action: again ? CloseAction.Restart : CloseAction.DoNotRestart, handled: true };
        },
      },
    });
    this.#client = client;
    client.onNotification("declml/training", (training: Training) => this.#trainings.fire(training));
    client.onNotification("declml/event", (event: EventNotification) => this.#events.fire(event));
    client.onDidChangeState(({ newState }) => {
      if (this.#client !== client) return;
      if (newState === State.Running) this.#become({ kind: "ready" });
      else if (newState === State.Starting) this.#become({ kind: "starting" });
    });
    await client.start();
    this.facts.serverVersion = client.initializeResult?.serverInfo?.version ?? "";
  }

  /** Wait until a client that starts again by itself has done so or has given up. */
  #settled(): Promise<void> {
    return new Promise((resolve) => {
      const listening = this.onDidChangeState((state) => {
        if (state.kind === "starting") return;
        listening.dispose();
        resolve();
      });
    });
  }

  #giveUp(): void {
    this.#become({ kind: "failed", message: "The language server ended five times in three minutes." });
    const [restart, logs] = ["Restart Server", "Show Logs"];
    void vscode.window
      .showErrorMessage("The declml language server keeps ending. Its log says why.", restart, logs)
      .then((picked) => {
        if (picked === restart) void this.restart();
        if (picked === logs) this.log.show();
      });
  }

  async #stop(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    this.#become({ kind: "stopped" });
    // A server that does not answer is ended by the client after its own patience.
    await client?.dispose().catch((error: unknown) => this.log.warn(String(error)));
  }

  #become(state: ServerState): void {
    this.#state = state;
    void vscode.commands.executeCommand("setContext", "declml.serverReady", state.kind === "ready");
    this.#changed.fire(state);
  }
}

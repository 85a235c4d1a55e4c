/** One webview with one run, or with several compared. It shows what the folders say, and passes on what is clicked. */
import { randomBytes } from "node:crypto";
import * as vscode from "vscode";
import type { HostMessage, RunInfo, WebviewMessage } from "../contract";
import type { Differences } from "../runs/changes";
import { blank, shortName } from "../runs/record";
import type { RunStore } from "../runs/store";
import { RunFeed } from "./feed";
import { page } from "./html";
import { readMessage } from "./messages";

export type View = "run" | "compare";

/** What a click does, done by whoever owns it. */
export interface PanelActions {
  act(message: WebviewMessage, panel: RunPanel): void;
  /** What differs between the configs of these runs, and what is better for which metric. */
  differences(paths: readonly string[]): Promise<Differences>;
}

export class RunPanel implements vscode.Disposable {
  #feeds = new Map<string, RunFeed>();
  #paths: string[] = [];
  #ready = false;
  #told = new Map<string, string>();
  readonly #disposables: vscode.Disposable[] = [];
  readonly #gone = new vscode.EventEmitter<void>();
  readonly onDidDispose = this.#gone.event;
  /** The config whose trainings are shown here, where there is one. */
  config: string | undefined;

  constructor(
    readonly view: View,
    readonly webview: vscode.WebviewPanel,
    private readonly store: RunStore,
    private readonly actions: PanelActions,
    extension: vscode.Uri,
  ) {
    const dist = vscode.Uri.joinPath(extension, "dist", "webview");
    const inside = webview.webview;
    inside.options = { enableScripts: true, localResourceRoots: [dist] };
    webview.iconPath = {
      light: vscode.Uri.joinPath(extension, "media", "file-light.svg"),
      dark: vscode.Uri.joinPath(extension, "media", "file-dark.svg"),
    };
    this.#disposables.push(
      inside.onDidReceiveMessage((message: unknown) => this.#take(message)),
      webview.onDidChangeViewState(() => {
        // A hidden page is thrown away; when it is shown again a new one says that it is ready.
        if (!webview.visible) this.#pause();
      }),
      webview.onDidDispose(() => this.dispose()),
      store.onDidChange((path) => this.#tellStates(path)),
      vscode.window.onDidChangeActiveColorTheme(() => this.#post({ type: "theme" })),
    );
    const uri = (name: string): string => inside.asWebviewUri(vscode.Uri.joinPath(dist, name)).toString();
    inside.html = page({
      view,
      title: webview.title,
      script: uri(`${view}.js`),
      style: uri(`${view}.css`),
      source: inside.cspSource,
      nonce: randomBytes(24).toString("base64url"),
    });
  }

  /** The folders of the runs that are shown. */
  get paths(): readonly string[] {
    return this.#paths;
  }

  /** Show other runs; none means that a training was asked for and is not known yet. */
  async show(paths: readonly string[]): Promise<void> {
    const same = paths.length === this.#paths.length && paths.every((each, index) => each === this.#paths[index]);
    if (same && this.#ready) return;
    this.#paths = [...paths];
    this.webview.title = this.#title();
    if (this.#ready) await this.#begin();
  }

  dispose(): void {
    for (const each of this.#feeds.values()) each.close();
    for (const each of this.#disposables) each.dispose();
    this.#gone.fire();
    this.#gone.dispose();
  }

  #title(): string {
    const infos = this.#infos();
    const [first] = infos;
    if (first === undefined) return "Training";
    if (this.view === "compare") return `Compare ${infos.map((each) => shortName(each.run)).join(", ")}`;
    return `${shortName(first.run)} · ${first.experiment}`;
  }

  #infos(): RunInfo[] {
    return this.#paths.map((path) => this.store.get(path)?.info ?? blank(path));
  }

  async #begin(): Promise<void> {
    for (const each of this.#feeds.values()) each.close();
    this.#feeds.clear();
    this.#told.clear();
    const runs = this.#infos();
    const differences = this.view === "compare" ? await this.actions.differences(this.#paths) : {};
    const settings = { smoothing: 0, logScale: false };
    this.#post({ type: "init", view: this.view, runs, settings, ...differences });
    for (const info of runs) {
      const feed = new RunFeed(info.run, info.path, (message) => this.#post(message));
      this.#feeds.set(info.run, feed);
      void feed.begin();
    }
    this.#tellStates(undefined);
  }

  #pause(): void {
    this.#ready = false;
    for (const each of this.#feeds.values()) each.pause();
  }

  #take(value: unknown): void {
    const message = readMessage(value, new Set(this.#infos().map((each) => each.run)));
    if (message?.type === "ready") {
      this.#ready = true;
      void this.#begin();
    } else if (message?.type === "refetch") {
      void this.#feeds.get(message.run)?.begin();
    } else if (message !== undefined) {
      this.actions.act(message, this);
    }
  }

  /** Tell where the runs stand, if that is news. */
  #tellStates(path: string | undefined): void {
    if (!this.#ready) return;
    for (const each of this.#paths) {
      const run = path === undefined || path === each ? this.store.get(each) : undefined;
      if (run === undefined) continue;
      const message = run.live.message === "" ? run.problem : run.live.message;
      const news = JSON.stringify([run.info, message]);
      if (this.#told.get(each) === news) continue;
      this.#told.set(each, news);
      const { run: id, status } = run.info;
      this.#post({ type: "state", run: id, status, info: run.info, ...(message === "" ? {} : { message }) });
    }
  }

  #post(message: HostMessage): void {
    if (this.#ready) void this.webview.webview.postMessage(message);
  }
}

/** What every view has in common: the runs it shows, their states, what the host said of them, and its frames. */
import type { HostMessage, RunInfo, ViewSettings } from "../contract";
import { Feed } from "./feed";
import { Frames } from "./frames";
import type { Host } from "./host";
import type { Told } from "./standing";
import { adoptScheme, watchScheme } from "./theme";

type Init = Extract<HostMessage, { type: "init" }>;

/** What a view does when something came in. */
export interface Hooks {
  /** What is shown is new. */
  init(message: Init): void;
  /** A run's text came: its resolved config or its process's output. */
  text(kind: "resolved" | "log", run: string, text: string): void;
  /** The colours changed. */
  recolor(): void;
  /** Draw all that is new. */
  draw(): void;
}

export class Session {
  readonly feed: Feed;
  readonly frames: Frames;
  readonly told = new Map<string, Told>();
  infos: RunInfo[] = [];
  settings: ViewSettings = { smoothing: 0, logScale: false };
  readonly #root: HTMLElement;
  readonly #hooks: Hooks;
  readonly #unwatch: () => void;

  constructor(root: HTMLElement, host: Host, hooks: Hooks) {
    this.#root = root;
    this.#hooks = hooks;
    this.feed = new Feed((message) => host.post(message), Date.now);
    this.frames = new Frames(() => hooks.draw());
    root.classList.add("declml");
    adoptScheme(root);
    this.#unwatch = watchScheme(() => this.#recolor());
  }

  /** What is known of a run; undefined when it is not shown. */
  info(run: string): RunInfo | undefined {
    return this.infos.find((each) => each.run === run);
  }

  receive(message: HostMessage): void {
    switch (message.type) {
      case "init":
        this.infos = [...message.runs];
        this.settings = message.settings;
        this.told.clear();
        this.feed.keep(this.infos.map((each) => each.run));
        this.#hooks.init(message);
        break;
      case "snapshot":
      case "events":
        if (!this.feed.take(message)) return;
        break;
      case "state":
        this.told.set(message.run, { status: message.status, message: message.message ?? "" });
        if (message.info !== undefined) {
          const { info } = message;
          this.infos = this.infos.map((each) => (each.run === info.run ? info : each));
        }
        break;
      case "resolved":
      case "log":
        this.#hooks.text(message.type, message.run, message.text);
        break;
      case "theme":
        this.#recolor();
        return;
    }
    this.frames.request();
  }

  dispose(): void {
    this.#unwatch();
    this.frames.dispose();
  }

  #recolor(): void {
    adoptScheme(this.#root);
    this.#hooks.recolor();
    this.frames.request();
  }
}

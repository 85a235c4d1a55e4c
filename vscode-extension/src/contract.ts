/**
 * What the extension host and a webview say to each other: plain JSON, and nothing else crosses between them.
 *
 * The truth about a run is its folder's `events.jsonl`; the host reads it and passes its events on as they stand there.
 * A webview says `ready` once and is then told `init`, one `snapshot` a run, and `events` from there on. Every batch
 * carries the sequence numbers it covers: a webview that sees a gap asks for it with `refetch`.
 */
import type { Figure, RunEvent } from "./events.gen";

/**
 * How a run stands. `starting` and `stopping` are known only to the editor that asked for it; `reconnecting`: the run's
 * machine is out of sight, and the host tries again.
 */
export type RunStatus =
  | "starting"
  | "running"
  | "stopping"
  | "finished"
  | "failed"
  | "interrupted"
  | "killed"
  | "reconnecting"
  | "unreadable";

/** The metric that picks the best epoch. `goal` is `minimize` or `maximize`. */
export interface Decides {
  output: string;
  metric: string;
  goal: string;
}

/** One run as a list shows it. */
export interface RunInfo {
  /** The id, such as `0012-3fa9`. It names the run in every message. */
  run: string;
  experiment: string;
  /** The run's folder on the host's machine. Shown, never opened by a webview. */
  path: string;
  status: RunStatus;
  /** The config file's path on the host's machine, where it is known. */
  config?: string;
  /** The config's address, where it is a document of this window. */
  uri?: string;
  /** When it was created: ISO 8601. */
  created: string;
  decides: Decides | null;
  /** The deciding metric on the validation split, of the best epoch so far. */
  value: number | null;
  /** Final metrics: split -> output -> metric -> number. Empty until there are any. */
  metrics: Record<string, Record<string, Record<string, Figure>>>;
  /** Wall time so far; null when unknown. */
  seconds: number | null;
  /** Who started it: `cli`, `editor`, `notebook`, ... */
  trigger: string;
  /** The user's own words on it. */
  tags?: string[];
}

/** What a view remembers over a reload; the webview's own state comes on top. */
export interface ViewSettings {
  /** Weight of the past in the smoothed curve: 0 (none) to below 1. */
  smoothing: number;
  logScale: boolean;
}

/** One value that differs between the configs of the compared runs. `values` are in the order of `init.runs`. */
export interface Change {
  /** The path in the config: `trainer.learning_rate`. */
  path: string;
  /** Each as a person would write it; null where it is absent. */
  values: (string | null)[];
}

export type HostMessage =
  /** Begins (or begins again): what is shown, oldest run first. `changes` and `goals` (metric -> `maximize` or
   * `minimize`) only in the view `compare`.
   */
  | {
      type: "init";
      view: "run" | "compare";
      runs: RunInfo[];
      settings: ViewSettings;
      changes?: Change[];
      goals?: Record<string, string>;
    }
  /** All events up to and with `to`, `step` events thinned. It replaces what was known of the run. */
  | { type: "snapshot"; run: string; from: 0; to: number; events: RunEvent[] }
  /** What came since: every event from `from_seq` to `to_seq`, both included. */
  | { type: "events"; run: string; from_seq: number; to_seq: number; events: RunEvent[] }
  /** The run's standing; `info` when more than that is new. */
  | { type: "state"; run: string; status: RunStatus; message?: string; info?: RunInfo }
  /** Every value in force, as YAML. */
  | { type: "resolved"; run: string; text: string }
  /** The end of what the training process wrote beside its events. */
  | { type: "log"; run: string; text: string }
  /** The colours changed: read the theme's variables anew. */
  | { type: "theme" };

export type WebviewMessage =
  | { type: "ready" }
  /** Stop after a checkpoint; with `again` at once. */
  | { type: "stop"; run: string; again?: boolean }
  | { type: "resume"; run: string }
  | { type: "openFolder"; run: string }
  | { type: "openConfig"; run: string }
  /** Show these runs in one chart. */
  | { type: "overlay"; runs: string[] }
  /** Events are missing from here on: send a snapshot, or the rest. */
  | { type: "refetch"; run: string; from_seq: number }
  /** Show the configs of two runs in the editor's own diff. */
  | { type: "diffConfig"; runs: string[] }
  | { type: "copy"; text: string };

/** What a webview keeps with `setState` at least, so that the host can bring it back after a reload. */
export interface PanelState {
  view: "run" | "compare";
  /** The folders of the runs shown. */
  paths: string[];
}

/**
 * How the two sides find each other. `src/webview/run.ts` becomes `dist/webview/run.js` and `run.css` (all CSS it
 * imports), `src/webview/compare.ts` likewise. The page is `<body data-view="run|compare"><main id="root"></main></body>`
 * with a strict policy: one script by nonce, one stylesheet file, no inline styles in the markup.
 * `init` with no runs means that a training has been asked for and its run is not known yet.
 */
export const ROOT_ELEMENT = "root";

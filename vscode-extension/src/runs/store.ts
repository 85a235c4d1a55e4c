/** Every run that this window knows, whoever made it: read from the folders, and kept up as they change. */
import { readdir, readFile, stat } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import * as vscode from "vscode";
import type { RunInfo } from "../contract";
import type { RunEvent } from "../events.gen";
import { isAlive } from "./alive";
import { watchFolder } from "./folder_watch";
import { advance, type Live, NOT_BEGUN } from "./live";
import { atWork, readRecord, type StoredRun } from "./record";
import { EventTail } from "./tail";
import { readTags } from "./tags";

export const RECORD = "record.json";
export const EVENTS = "events.jsonl";
const HOST = hostname();
/** A list need not be newer than this. */
const PAUSE_MS = 250;
const RUNS = "runs";
const RECORDS = `**/*/*/${RECORD}`;
const ELSEWHERE = ["node_modules", ".venv", "site-packages"];

/** A run with where it stands. */
export interface KnownRun extends StoredRun {
  live: Live;
}

interface Follower {
  end(): void;
}

export class RunStore implements vscode.Disposable {
  readonly #roots = new Map<string, vscode.Disposable>();
  readonly #runs = new Map<string, KnownRun>();
  readonly #followers = new Map<string, Follower>();
  /** The folders of runs whose machines cannot be reached at the moment. */
  readonly #outOfSight = new Set<string>();
  /** The folders that are looked through at the moment. */
  readonly #looking = new Set<string>();
  #newcomers: vscode.FileSystemWatcher | undefined;
  readonly #changed = new vscode.EventEmitter<string | undefined>();
  /** Tells the folder of a run that is new, gone or otherwise; undefined for several. */
  readonly onDidChange = this.#changed.event;

  /** Return every run, the newest first. */
  all(): KnownRun[] {
    return [...this.#runs.values()].sort((a, b) => (a.info.created < b.info.created ? 1 : -1));
  }

  get(path: string): KnownRun | undefined {
    return this.#runs.get(path);
  }

  /** Return the runs that train now. */
  running(): KnownRun[] {
    return this.all().filter((each) => atWork(each.info.status));
  }

  /** Look for folders of runs in the workspace, now and from now on: whatever holds `EXPERIMENT/RUN/record.json`. */
  async discover(): Promise<void> {
    const root = ({ fsPath }: vscode.Uri): string => dirname(dirname(dirname(fsPath)));
    if (this.#newcomers === undefined) {
      // The first run of a project may come from a terminal or a notebook.
      this.#newcomers = vscode.workspace.createFileSystemWatcher(RECORDS, false, false, true);
      const look = (uri: vscode.Uri): void => {
        if (!ELSEWHERE.some((each) => uri.path.includes(`/${each}/`))) void this.addRoot(root(uri));
      };
      this.#newcomers.onDidCreate(look);
      this.#newcomers.onDidChange(look);
    }
    // Where runs come by default; what the editor's own watcher misses while folders are made is seen here.
    for (const each of vscode.workspace.workspaceFolders ?? []) await this.addRoot(join(each.uri.fsPath, RUNS));
    const found = await vscode.workspace.findFiles(RECORDS, `**/{${ELSEWHERE.join(",")}}/**`, 5000);
    for (const each of found) await this.addRoot(root(each));
  }

  /** Take a folder of runs, which need not exist yet, and everything that appears in it. */
  async addRoot(root: string): Promise<void> {
    if (this.#roots.has(root)) return;
    const watcher = vscode.workspace.createFileSystemWatcher(
      new vscode.RelativePattern(vscode.Uri.file(root), "*/*/{record,tags}.json"),
    );
    const look = (uri: vscode.Uri): void => void this.refresh(dirname(uri.fsPath));
    watcher.onDidCreate(look);
    watcher.onDidChange(look);
    watcher.onDidDelete(look);
    const end = watchFolder(root, () => void this.#lookForNew(root));
    this.#roots.set(root, vscode.Disposable.from(watcher, { dispose: end }));
    await this.#scan(root);
  }

  /** Read everything anew. */
  async refreshAll(): Promise<void> {
    for (const path of [...this.#runs.keys()]) await this.#read(path);
    for (const root of this.#roots.keys()) await this.#scan(root);
    this.#changed.fire(undefined);
  }

  /** Read one run anew. */
  async refresh(path: string): Promise<KnownRun | undefined> {
    await this.#read(path);
    this.#changed.fire(path);
    return this.#runs.get(path);
  }

  /** Note that the user asked for a stop, which the run's files tell only when it is over. */
  markStopping(path: string): void {
    const run = this.#runs.get(path);
    if (run?.info.status !== "running") return;
    run.info = { ...run.info, status: "stopping" };
    this.#changed.fire(path);
  }

  /** Note whether the line to a run's machine is broken. It is believed to go on there. */
  markOutOfSight(path: string, broken: boolean): void {
    if (broken === this.#outOfSight.has(path)) return;
    if (broken) this.#outOfSight.add(path);
    else this.#outOfSight.delete(path);
    void this.refresh(path);
  }

  dispose(): void {
    for (const each of this.#followers.values()) each.end();
    for (const each of this.#roots.values()) each.dispose();
    this.#newcomers?.dispose();
    this.#changed.dispose();
  }

  async #scan(root: string): Promise<void> {
    for (const experiment of await folders(root)) {
      for (const run of await folders(join(root, experiment))) await this.#read(join(root, experiment, run));
    }
    this.#changed.fire(undefined);
  }

  /** Read the runs of a folder that are not known yet. */
  async #lookForNew(root: string): Promise<void> {
    if (this.#looking.has(root)) return;
    this.#looking.add(root);
    try {
      for (const experiment of await folders(root)) {
        for (const run of await folders(join(root, experiment))) {
          const path = join(root, experiment, run);
          if (this.#runs.has(path)) continue;
          await this.#read(path);
          if (this.#runs.has(path)) this.#changed.fire(path);
        }
      }
    } finally {
      this.#looking.delete(root);
    }
  }

  async #read(path: string): Promise<void> {
    const file = join(path, RECORD);
    const [text, facts] = await Promise.all([
      readFile(file, "utf8").catch(() => undefined),
      stat(file).catch(() => undefined),
    ]);
    if (text === undefined) {
      this.#followers.get(path)?.end();
      this.#followers.delete(path);
      this.#runs.delete(path);
      this.#outOfSight.delete(path);
      return;
    }
    const namedAt = facts === undefined ? undefined : facts.mtimeMs / 1000;
    const stored = readRecord(text, path, {
      host: HOST,
      alive: (pid) => isAlive(pid, namedAt),
      tags: await readTags(path),
    });
    const before = this.#runs.get(path);
    if (stored.info.status === "running") {
      if (before?.info.status === "stopping") stored.info.status = "stopping";
      else if (this.#outOfSight.has(path)) stored.info.status = "reconnecting";
    } else {
      this.#outOfSight.delete(path);
    }
    this.#runs.set(path, merge(stored, before?.live ?? NOT_BEGUN));
    this.#follow(path, atWork(stored.info.status));
  }

  async #catchUp(path: string): Promise<void> {
    let state = NOT_BEGUN;
    await new EventTail(join(path, EVENTS)).read((events) => {
      for (const event of events) state = advance(state, event);
    });
    const run = this.#runs.get(path);
    if (run === undefined || state === NOT_BEGUN) return;
    this.#runs.set(path, merge(run, state));
    this.#changed.fire(path);
  }

  /** Follow the events of a run while it trains: its record tells the figures only at the end. */
  #follow(path: string, live: boolean): void {
    const follower = this.#followers.get(path);
    if (!live) {
      follower?.end();
      this.#followers.delete(path);
      // One that did not finish has its figures in its events alone, of which the last ones may not have been read.
      const run = this.#runs.get(path);
      if (follower !== undefined || (run?.info.value === null && run.live === NOT_BEGUN)) void this.#catchUp(path);
      return;
    }
    if (follower !== undefined) return;
    const tail = new EventTail(join(path, EVENTS));
    let waiting: NodeJS.Timeout | undefined;
    let state = NOT_BEGUN;
    const read = async (): Promise<void> => {
      waiting = undefined;
      const take = (events: RunEvent[]): void => {
        for (const event of events) state = advance(state, event);
      };
      const before = tail.last;
      if (await tail.read(take)) {
        // What was read before the stream began anew is void.
        state = NOT_BEGUN;
        tail.rewind();
        await tail.read(take);
      }
      const run = this.#runs.get(path);
      if (tail.last === before || run === undefined) return;
      this.#runs.set(path, merge(run, state));
      this.#changed.fire(path);
    };
    // A process that is gone without a word changes no file: the record is looked at now and then as well.
    const unwatch = watchFolder(path, (name) => {
      if (name === undefined || name === EVENTS) waiting ??= setTimeout(() => void read(), PAUSE_MS);
      if (name === undefined || name === RECORD) void this.refresh(path);
    });
    const end = (): void => {
      clearTimeout(waiting);
      unwatch();
    };
    this.#followers.set(path, { end });
    void read();
  }
}

/** Put what the events tell into what the list shows, as long as the record does not tell it. */
function merge(stored: StoredRun, live: Live): KnownRun {
  const info: RunInfo = {
    ...stored.info,
    decides: stored.info.decides ?? live.decides,
    value: stored.info.value ?? live.best,
    metrics: Object.keys(stored.info.metrics).length > 0 ? stored.info.metrics : live.metrics,
  };
  if (atWork(info.status)) info.value = live.best ?? info.value;
  return { ...stored, info, live };
}

async function folders(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  return entries.filter((each) => each.isDirectory() && !each.name.startsWith(".")).map((each) => each.name);
}

/**
 * Sends one run's stream to one webview: everything there is, then what comes, at most ten times a second. Knows
 * nothing of VS Code.
 */
import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { HostMessage } from "../contract";
import type { RunEvent } from "../events.gen";
import { watchFolder } from "../runs/folder_watch";
import { EventTail } from "../runs/tail";
import { MOST_STEPS, thin } from "../runs/thin";
import { toYaml } from "./yaml";

const PAUSE_MS = 100;
/** More than this at once is a stream that is caught up with: a thinned snapshot is shorter. */
const MOST_IN_A_BATCH = 2_000;
const LOG_BYTES = 64 * 1024;

export class RunFeed {
  readonly #tail: EventTail;
  #unwatch: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #busy: Promise<void> = Promise.resolve();
  #closed = false;

  /** `run` is how the messages name it, `folder` where it lies. */
  constructor(
    readonly run: string,
    readonly folder: string,
    private readonly post: (message: HostMessage) => void,
  ) {
    this.#tail = new EventTail(join(folder, "events.jsonl"));
  }

  /** Send everything anew, and what comes from then on. */
  begin(): Promise<void> {
    this.#unwatch ??= watchFolder(this.folder, (name) => {
      this.#soon();
      if (name === "worker.log") void this.#sendLog();
      if (name === "plan.json") void this.#sendPlan();
    });
    void this.#sendPlan();
    void this.#sendLog();
    return this.#next(() => this.#snapshot());
  }

  /** Say nothing until `begin`: nobody looks. */
  pause(): void {
    this.#unwatch?.();
    this.#unwatch = undefined;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  close(): void {
    this.#closed = true;
    this.pause();
  }

  #soon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.#next(() => this.#batch());
    }, PAUSE_MS);
  }

  /** One after the other: a batch must not overtake the snapshot before it. */
  #next(act: () => Promise<void>): Promise<void> {
    this.#busy = this.#busy.then(() => (this.#closed ? undefined : act()));
    return this.#busy;
  }

  async #snapshot(): Promise<void> {
    this.#tail.rewind();
    let events: RunEvent[] = [];
    let added = 0;
    await this.#tail.read((read) => {
      for (const event of read) events.push(event);
      added += read.length;
      // On the way, too: all of a long stream at once would hold up the thread.
      if (added > MOST_STEPS) [events, added] = [thin(events), 0];
    });
    this.#send({ type: "snapshot", run: this.run, from: 0, to: this.#tail.last, events: thin(events) });
  }

  async #batch(): Promise<void> {
    const from = this.#tail.last + 1;
    const events: RunEvent[] = [];
    const restarted = await this.#tail.read((read) => {
      for (const event of read) events.push(event);
    });
    if (restarted || events.length > MOST_IN_A_BATCH) return this.#snapshot();
    if (events.length === 0) return;
    this.#send({ type: "events", run: this.run, from_seq: from, to_seq: this.#tail.last, events });
  }

  async #sendPlan(): Promise<void> {
    const text = await readFile(join(this.folder, "plan.json"), "utf8").catch(() => undefined);
    if (text === undefined) return;
    try {
      this.#send({ type: "resolved", run: this.run, text: toYaml(JSON.parse(text)) });
    } catch {
      // A damaged plan: the runs view says so where it matters.
    }
  }

  async #sendLog(): Promise<void> {
    const text = await endOf(join(this.folder, "worker.log"));
    if (text !== "") this.#send({ type: "log", run: this.run, text });
  }

  #send(message: HostMessage): void {
    if (!this.#closed) this.post(message);
  }
}

async function endOf(path: string): Promise<string> {
  const file = await open(path, "r").catch(() => undefined);
  if (file === undefined) return "";
  try {
    const { size } = await file.stat();
    const length = Math.min(size, LOG_BYTES);
    const { buffer } = await file.read(Buffer.alloc(length), 0, length, size - length);
    const text = buffer.toString("utf8");
    return size > length ? text.slice(text.indexOf("\n") + 1) : text;
  } finally {
    await file.close();
  }
}

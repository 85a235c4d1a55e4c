/** Keeps the states of runs in step with what a host sends: what overlaps is dropped, and a gap is asked for again. */
import type { HostMessage, WebviewMessage } from "../contract";
import { RunState } from "./state";

type Batch = Extract<HostMessage, { type: "snapshot" | "events" }>;

/** The least time between two requests for the same gap, in milliseconds. */
const ASK_AGAIN_AFTER = 2000;

interface Followed {
  state: RunState;
  /** The sequence number that comes next. */
  next: number;
  askedAt: number | null;
}

/** The runs that one view follows. */
export class Feed {
  readonly #runs = new Map<string, Followed>();
  readonly #post: (message: WebviewMessage) => void;
  readonly #now: () => number;

  constructor(post: (message: WebviewMessage) => void, now: () => number) {
    this.#post = post;
    this.#now = now;
  }

  /** The state of a run, empty before its first events. */
  state(run: string): RunState {
    return this.#followed(run).state;
  }

  /** The sequence number that is expected next for a run. */
  next(run: string): number {
    return this.#followed(run).next;
  }

  /** Whether any event of the run has come. */
  knows(run: string): boolean {
    return (this.#runs.get(run)?.next ?? 0) > 0;
  }

  /** Forget all runs but these. */
  keep(runs: readonly string[]): void {
    for (const run of this.#runs.keys()) if (!runs.includes(run)) this.#runs.delete(run);
  }

  /** Take a batch; returns whether the run's state is new. */
  take(batch: Batch): boolean {
    const followed = this.#followed(batch.run);
    if (batch.type === "snapshot") {
      followed.state = new RunState(batch.run);
      followed.next = batch.to + 1;
      followed.askedAt = null;
      for (const event of batch.events) followed.state.take(event);
      return true;
    }
    if (batch.to_seq < followed.next) return false;
    if (batch.from_seq > followed.next) {
      this.#ask(batch.run, followed);
      return false;
    }
    for (const event of batch.events) {
      // Events without a number come from a host that sends them in order and once.
      if (typeof event.seq !== "number" || event.seq >= followed.next) followed.state.take(event);
    }
    followed.next = batch.to_seq + 1;
    followed.askedAt = null;
    return true;
  }

  #ask(run: string, followed: Followed): void {
    const now = this.#now();
    if (followed.askedAt !== null && now - followed.askedAt < ASK_AGAIN_AFTER) return;
    followed.askedAt = now;
    this.#post({ type: "refetch", run, from_seq: followed.next });
  }

  #followed(run: string): Followed {
    let followed = this.#runs.get(run);
    if (followed === undefined) {
      followed = { state: new RunState(run), next: 0, askedAt: null };
      this.#runs.set(run, followed);
    }
    return followed;
  }
}

/** Batches that overlap, are missing or come twice leave the same curves as if all had come in order. */
import { describe, expect, it } from "vitest";
import type { HostMessage, WebviewMessage } from "../contract";
import type { RunEvent } from "../events.gen";
import { Feed } from "./feed";

type Batch = Extract<HostMessage, { type: "snapshot" | "events" }>;

function event(seq: number): RunEvent {
  return { seq, time: seq, kind: "log", level: "info", message: String(seq) };
}

function events(from: number, to: number): RunEvent[] {
  return Array.from({ length: to - from + 1 }, (_, index) => event(from + index));
}

function batch(from: number, to: number): Batch {
  return { type: "events", run: "r", from_seq: from, to_seq: to, events: events(from, to) };
}

function snapshot(to: number): Batch {
  return { type: "snapshot", run: "r", from: 0, to, events: events(0, to) };
}

function feed(): { it: Feed; posted: WebviewMessage[]; clock: { now: number }; seen: () => string[] } {
  const posted: WebviewMessage[] = [];
  const clock = { now: 0 };
  const it = new Feed(
    (message) => posted.push(message),
    () => clock.now,
  );
  return { it, posted, clock, seen: () => it.state("r").logs.map((each) => each.message) };
}

const upTo = (last: number): string[] => Array.from({ length: last + 1 }, (_, index) => String(index));

describe("Feed", () => {
  it("goes on after a snapshot", () => {
    const { it: fed, seen } = feed();
    fed.take(snapshot(3));
    fed.take(batch(4, 6));
    expect(seen()).toEqual(upTo(6));
  });

  it("drops what overlaps, in part or whole", () => {
    const { it: fed, posted, seen } = feed();
    fed.take(snapshot(3));
    fed.take(batch(2, 5));
    expect(fed.take(batch(1, 4))).toBe(false);
    expect(seen()).toEqual(upTo(5));
    expect(posted).toEqual([]);
  });

  it("asks for what is missing, once for a while, and takes the answer", () => {
    const { it: fed, posted, clock, seen } = feed();
    fed.take(snapshot(3));
    fed.take(batch(6, 7));
    fed.take(batch(8, 9));
    expect(posted).toEqual([{ type: "refetch", run: "r", from_seq: 4 }]);
    clock.now = 5000;
    fed.take(batch(10, 10));
    expect(posted).toHaveLength(2);
    fed.take(batch(4, 10));
    expect(seen()).toEqual(upTo(10));
  });

  it("lets a snapshot replace what was known", () => {
    const { it: fed, seen } = feed();
    fed.take(snapshot(9));
    fed.take(snapshot(2));
    expect(seen()).toEqual(upTo(2));
    expect(fed.next("r")).toBe(3);
  });

  it("takes a thinned snapshot by the numbers that it covers", () => {
    const { it: fed, posted } = feed();
    fed.take({ type: "snapshot", run: "r", from: 0, to: 9, events: [event(0), event(9)] });
    fed.take(batch(10, 11));
    expect(posted).toEqual([]);
    expect(fed.next("r")).toBe(12);
  });

  it("forgets runs that are not shown any more", () => {
    const { it: fed } = feed();
    fed.take(snapshot(2));
    fed.keep(["other"]);
    expect(fed.knows("r")).toBe(false);
  });
});

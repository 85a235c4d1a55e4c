/**
 * Reads a run's event stream from where it stopped, by byte offset. Knows nothing of VS Code.
 *
 * The file only grows. An unfinished last line is left for the next time, a broken one and an unknown kind are skipped.
 */
import { type FileHandle, open } from "node:fs/promises";
import { EVENT_KINDS, type RunEvent } from "../events.gen";

/** So much is parsed in one go: a few milliseconds of the host's thread. */
const CHUNK_BYTES = 128 * 1024;
const KINDS: ReadonlySet<string> = new Set(EVENT_KINDS);
const NEWLINE = 10;

/** A place in one event stream. */
export class EventTail {
  #offset = 0;
  #last = -1;
  #reading: Promise<void> = Promise.resolve();

  constructor(private readonly file: string) {}

  /** The sequence number of the last event read, -1 before the first. */
  get last(): number {
    return this.#last;
  }

  /** Begin anew: the next read gives everything. */
  rewind(): void {
    this.#offset = 0;
    this.#last = -1;
  }

  /**
   * Give the events since the last read to `take`, a chunk at a time. A file that does not exist yet has none. Returns
   * whether the file became shorter, which means that all that was read is void and has been read anew.
   */
  async read(take: (events: RunEvent[]) => void): Promise<boolean> {
    let restarted = false;
    // One after the other: two at once would read the same bytes.
    this.#reading = this.#reading.then(async () => {
      const file = await open(this.file, "r").catch(() => undefined);
      if (file === undefined) return;
      try {
        const { size } = await file.stat();
        if (size < this.#offset) {
          this.rewind();
          restarted = true;
        }
        await this.#readTo(file, size, take);
      } finally {
        await file.close();
      }
    });
    await this.#reading;
    return restarted;
  }

  async #readTo(file: FileHandle, size: number, take: (events: RunEvent[]) => void): Promise<void> {
    let buffer = Buffer.allocUnsafe(CHUNK_BYTES);
    let position = this.#offset;
    let held = 0; // bytes of an unfinished line at the buffer's start
    while (position < size) {
      if (held === buffer.length) buffer = Buffer.concat([buffer], buffer.length * 2); // one line longer than a chunk
      const { bytesRead } = await file.read(buffer, held, Math.min(buffer.length - held, size - position), position);
      if (bytesRead === 0) return;
      position += bytesRead;
      const filled = buffer.subarray(0, held + bytesRead);
      const end = filled.lastIndexOf(NEWLINE) + 1;
      if (end > 0) {
        const events = parseLines(filled.toString("utf8", 0, end));
        this.#offset += end;
        this.#last = events.at(-1)?.seq ?? this.#last;
        if (events.length > 0) take(events);
      }
      held = filled.length - end;
      filled.copyWithin(0, end);
      // Others want the thread as well.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

/** Return the events of whole lines. */
export function parseLines(text: string): RunEvent[] {
  const events: RunEvent[] = [];
  for (const line of text.split("\n")) {
    if (line === "") continue;
    try {
      const event = JSON.parse(line) as Partial<RunEvent> | null;
      if (typeof event?.kind === "string" && KINDS.has(event.kind) && typeof event.seq === "number") {
        events.push(event as RunEvent);
      }
    } catch {
      // a line that a crash cut off
    }
  }
  return events;
}

/** Reading a stream that grows, is cut off in the middle of a line, or begins anew. */
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { RunEvent } from "../src/events.gen";
import { EventTail, parseLines } from "../src/runs/tail";

let folder = "";
let file = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "declml-tail-"));
  file = join(folder, "events.jsonl");
});
afterEach(() => rmSync(folder, { recursive: true }));

const line = (seq: number, message = ""): string =>
  `${JSON.stringify({ seq, time: 1, kind: "log", level: "info", message })}\n`;

async function read(tail: EventTail): Promise<{ seqs: number[]; restarted: boolean }> {
  const seqs: number[] = [];
  const restarted = await tail.read((events: RunEvent[]) => seqs.push(...events.map((each) => each.seq)));
  return { seqs, restarted };
}

test("a file that is not there yet has no events", async () => {
  expect((await read(new EventTail(file))).seqs).toEqual([]);
});

test("each event is given once, whatever was read before", async () => {
  const tail = new EventTail(file);
  writeFileSync(file, line(0) + line(1));
  expect((await read(tail)).seqs).toEqual([0, 1]);
  appendFileSync(file, line(2));
  expect((await read(tail)).seqs).toEqual([2]);
  expect((await read(tail)).seqs).toEqual([]);
  expect(tail.last).toBe(2);
});

test("an unfinished last line waits for its end", async () => {
  const tail = new EventTail(file);
  const text = line(1, "größer als ein Byte");
  const bytes = Buffer.from(text);
  const cut = bytes.indexOf(0xc3) + 1; // in the middle of a character
  writeFileSync(file, Buffer.concat([Buffer.from(line(0)), bytes.subarray(0, cut)]));
  expect((await read(tail)).seqs).toEqual([0]);
  appendFileSync(file, bytes.subarray(cut));
  expect((await read(tail)).seqs).toEqual([1]);
});

test("lines longer and streams larger than a chunk come whole", async () => {
  const tail = new EventTail(file);
  writeFileSync(file, line(0, "x".repeat(300_000)) + Array.from({ length: 5_000 }, (_, seq) => line(seq + 1)).join(""));
  const { seqs } = await read(tail);
  expect(seqs).toHaveLength(5_001);
  expect(seqs.at(-1)).toBe(5_000);
});

test("a file that became shorter is read anew, and the reader is told", async () => {
  const tail = new EventTail(file);
  writeFileSync(file, line(0) + line(1));
  await read(tail);
  writeFileSync(file, line(0));
  expect(await read(tail)).toEqual({ seqs: [0], restarted: true });
});

test("two reads at once give no event twice", async () => {
  const tail = new EventTail(file);
  writeFileSync(file, line(0) + line(1));
  const [first, second] = await Promise.all([read(tail), read(tail)]);
  expect([...first.seqs, ...second.seqs]).toEqual([0, 1]);
});

test("broken lines and kinds that are not known are left out", () => {
  const text = `${line(0)}{"seq": 1, "kind": "song"}\n{"seq": 2, "ki\n[]\nnull\n${line(3)}`;
  expect(parseLines(text).map((each) => each.seq)).toEqual([0, 3]);
});

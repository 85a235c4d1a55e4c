/**
 * `npm run bench:webview`: what long runs cost in the panel. Times are of the page's own script in a frame or a message,
 * in headless Chromium that paints in software.
 */
import type { RunEvent } from "../../src/events.gen";
import { Stage, infoOf } from "./stage";

const POINTS = 100_000;
const SECONDS = 5;
const BATCHES_A_SECOND = 10;
const EVENTS_IN_A_BATCH = 20;

interface Times {
  count: number;
  p50: number;
  p95: number;
  max: number;
}

/** A long run: a point of each metric on two splits at every second event, a step event between them. */
function events(run: string, from: number, count: number, seed: number, epochs: number): RunEvent[] {
  const made: RunEvent[] = [];
  for (let seq = from; seq < from + count; seq += 1) {
    const time = 1_700_000_000 + seq / 20;
    if (seq === 0) {
      made.push({ seq, time, kind: "run_started", run, experiment: "long", process: 1, resumed_from_step: null });
    } else if (seq === 1) {
      made.push({
        seq,
        time,
        kind: "training_started",
        epochs,
        steps_per_epoch: 10,
        total_steps: epochs * 10,
        batch_size: 32,
        parameters: 1000,
        frozen_parameters: 0,
        device: "cpu",
        threads: 2,
        optimizer: "adam",
        decides: { output: "y", metric: "accuracy", goal: "maximize" },
      });
    } else {
      const epoch = Math.floor(seq / 2);
      const noise = Math.sin(seq * 12.9898 + seed) * 0.05;
      const loss = 1 / (1 + seq / 4000) + 0.2 + noise;
      const values = { combined: { loss }, y: { loss, accuracy: 1 - loss / 2, f1_macro: 0.9 - loss / 2 } };
      const split = seq % 2 === 0 ? "training" : "validation";
      made.push({ seq, time, kind: "metrics", split, epoch, step: epoch * 10, values, seconds: 0.1, best: false });
    }
  }
  return made;
}

function timesOf(each: readonly number[]): Times {
  const sorted = [...each].sort((a, b) => a - b);
  const at = (share: number): number => Number((sorted[Math.floor((sorted.length - 1) * share)] ?? 0).toFixed(1));
  return { count: sorted.length, p50: at(0.5), p95: at(0.95), max: at(1) };
}

interface BenchWindow {
  frames: number[];
  makeEvents: typeof events;
  /** Hand the page a batch of each run as its listener takes it; returns the milliseconds of script. */
  give(runs: string[], from: number, count: number, points: number): number;
}

async function measure(stage: Stage, runs: number, smoothing: number): Promise<Record<string, unknown>> {
  const shown = await stage.show("run", { width: 1400 });
  const { page } = shown;
  // The events are made on the page: what carries them there is not what is measured.
  await page.evaluate(`window.makeEvents = ${events.toString()}`);
  await page.evaluate(() => {
    const bench = window as unknown as BenchWindow;
    const plain = window.requestAnimationFrame.bind(window);
    bench.frames = [];
    window.requestAnimationFrame = (callback) =>
      plain((now) => {
        const began = performance.now();
        callback(now);
        bench.frames.push(performance.now() - began);
      });
    bench.give = (names, from, count, points) => {
      let spent = 0;
      names.forEach((run, index) => {
        const all = bench.makeEvents(run, from, count, index, points);
        const data =
          from === 0
            ? { type: "snapshot", run, from: 0, to: count - 1, events: all }
            : { type: "events", run, from_seq: from, to_seq: from + count - 1, events: all };
        const began = performance.now();
        window.dispatchEvent(new MessageEvent("message", { data }));
        spent += performance.now() - began;
      });
      return spent;
    };
  });
  const frames = async (act: () => Promise<void>): Promise<Times> => {
    await page.evaluate(() => ((window as unknown as BenchWindow).frames.length = 0));
    await act();
    // Frames below a twentieth of a millisecond are the bench's own waiting.
    const all = await page.evaluate(() => (window as unknown as BenchWindow).frames);
    return timesOf(all.filter((each) => each > 0.05));
  };
  const names = Array.from({ length: runs }, (_, index) => `000${index + 1}-long`);
  // Two events make one point of each of two splits.
  const count = POINTS * 2;
  const infos = names.map((run) => infoOf(events(run, 0, 2, 0, POINTS), { run }));
  let fold = 0;
  const first = await frames(async () => {
    await shown.send({ type: "init", view: "run", runs: infos, settings: { smoothing, logScale: false } });
    fold = await page.evaluate(
      ([runs, events, points]) => (window as unknown as BenchWindow).give(runs, 0, events, points),
      [names, count, POINTS] as const,
    );
    await shown.send();
  });
  let next = count;
  const taken: number[] = [];
  const live = await frames(async () => {
    for (let batch = 0; batch < SECONDS * BATCHES_A_SECOND; batch += 1) {
      taken.push(
        await page.evaluate(
          async ([runs, from, events, points]) => {
            const spent = (window as unknown as BenchWindow).give(runs, from, events, points);
            await new Promise((done) => setTimeout(done, 100));
            return spent;
          },
          [names, next, EVENTS_IN_A_BATCH, POINTS] as const,
        ),
      );
      next += EVENTS_IN_A_BATCH;
    }
  });
  const zoom = await frames(async () => {
    await page.locator(".d-focus").first().focus();
    for (let at = 0; at < 6; at += 1) {
      await page.keyboard.press("+");
      await shown.send();
    }
    await page.keyboard.press("Escape");
    await shown.send();
  });
  const heap = await page.evaluate(
    () => (performance as unknown as { memory: { usedJSHeapSize: number } }).memory.usedJSHeapSize / 2 ** 20,
  );
  shown.check();
  await shown.close();
  return {
    runs,
    smoothing,
    points_a_curve: POINTS,
    fold_ms: Math.round(fold),
    first,
    live,
    batch: timesOf(taken),
    zoom,
    heap_mib: Math.round(heap),
  };
}

const stage = await Stage.open();
try {
  for (const [runs, smoothing] of [
    [1, 0],
    [1, 0.9],
    [3, 0.9],
  ] as const) {
    console.log(JSON.stringify(await measure(stage, runs, smoothing)));
  }
} finally {
  await stage.close();
}

/** Thins a curve to what a screen can show: per pixel column its first, lowest, highest and last point. */
import { after } from "./series";

/** A thinned curve. Only the first `length` entries count; a NaN in `ys` lifts the pen. */
export class Outline {
  xs = new Float64Array(1024);
  ys = new Float64Array(1024);
  length = 0;
  /** The range of the values in it; `low > high` when there are none. */
  low = Infinity;
  high = -Infinity;

  /** Empty it, keeping its memory. */
  clear(): void {
    this.length = 0;
    this.low = Infinity;
    this.high = -Infinity;
  }

  add(x: number, y: number): void {
    if (this.length === this.xs.length) {
      const xs = new Float64Array(this.length * 2);
      const ys = new Float64Array(this.length * 2);
      xs.set(this.xs);
      ys.set(this.ys);
      this.xs = xs;
      this.ys = ys;
    }
    this.xs[this.length] = x;
    this.ys[this.length] = y;
    this.length += 1;
    if (y < this.low) this.low = y;
    if (y > this.high) this.high = y;
  }
}

/** What part of a curve is wanted, and how wide it is on the screen. */
export interface Window {
  /** The range on the x axis. One neighbour on each side is kept, so that lines leave the picture. */
  from: number;
  to: number;
  /** Pixel columns. */
  columns: number;
  /** Leave out what is not greater than 0, which has no place on a log scale. */
  positive?: boolean;
}

/**
 * Write the part of a curve inside `window` into `out`. Peaks are never lost: a column keeps its extremes. A column in
 * which only some points are missing shows the others; one in which all are missing is a gap.
 */
export function decimate(xs: Float64Array, ys: Float64Array, length: number, window: Window, out: Outline): void {
  out.clear();
  const start = Math.max(0, after(xs, length, window.from) - 1);
  const end = Math.min(length, after(xs, length, window.to) + 1);
  const width = window.to - window.from;
  const least = window.positive ? Number.MIN_VALUE : -Number.MAX_VALUE;
  if (end - start <= window.columns * 4 || !(width > 0)) {
    for (let at = start; at < end; at += 1) {
      const y = ys[at] as number;
      out.add(xs[at] as number, y >= least && y < Infinity ? y : Number.NaN);
    }
    return;
  }
  const scale = window.columns / width;
  let at = start;
  while (at < end) {
    const column = Math.floor(((xs[at] as number) - window.from) * scale);
    const next = Math.max(at + 1, before(xs, at, end, window.from + (column + 1) / scale));
    addColumn(xs, ys, at, next, least, out);
    at = next;
  }
}

/** The points from `start` to before `end` as one column. This loop is where the time of a long curve goes. */
function addColumn(xs: Float64Array, ys: Float64Array, start: number, end: number, least: number, out: Outline): void {
  let [low, high, lowAt, highAt] = [Infinity, -Infinity, -1, -1];
  for (let at = start; at < end; at += 1) {
    const y = ys[at] as number;
    if (y < low && y >= least) {
      low = y;
      lowAt = at;
    }
    if (y > high && y < Infinity && y >= least) {
      high = y;
      highAt = at;
    }
  }
  if (lowAt < 0) {
    out.add(xs[start] as number, Number.NaN);
    return;
  }
  const counts = (at: number): boolean => (ys[at] as number) >= least && (ys[at] as number) < Infinity;
  let [first, last] = [start, end - 1];
  while (!counts(first)) first += 1;
  while (!counts(last)) last -= 1;
  const [earlier, later] = [Math.min(lowAt, highAt), Math.max(lowAt, highAt)];
  out.add(xs[first] as number, ys[first] as number);
  if (earlier > first && earlier < last) out.add(xs[earlier] as number, ys[earlier] as number);
  if (later > earlier && later > first && later < last) out.add(xs[later] as number, ys[later] as number);
  if (last > first) out.add(xs[last] as number, ys[last] as number);
}

/** The first index from `start` to `end` whose number is not below `x`. */
function before(sorted: Float64Array, start: number, end: number, x: number): number {
  let [low, high] = [start, end];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as number) < x) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Ranges of axes: what the data covers, with room around it. */
import type { Line } from "./plan";
import type { Axis } from "./series";

/** What all lines cover on an axis; `[0, 1]` when there is nothing. */
export function extentOf(lines: Iterable<Line>, axis: Axis): [number, number] {
  let low = Infinity;
  let high = -Infinity;
  for (const { series } of lines) {
    if (series.length === 0) continue;
    const xs = series.along(axis);
    low = Math.min(low, xs[0] as number);
    high = Math.max(high, xs[series.length - 1] as number);
  }
  if (!(low <= high)) return [0, 1];
  return low === high ? [low - 0.5, high + 0.5] : [low, high];
}

/** A range of values with room above and below; never empty, and above 0 on a log scale. */
export function padded(low: number, high: number, log: boolean): [number, number] {
  if (!(low <= high)) return log ? [0.1, 1] : [0, 1];
  if (log) {
    const room = Math.max(1.05, (high / low) ** 0.05);
    return [low / room, high * room];
  }
  const room = high > low ? (high - low) * 0.06 : Math.abs(high) * 0.1 || 0.5;
  return [low - room, high + room];
}

/** `range` made `factor` times as wide around `center`, kept inside `extent`; null when that is all of it. */
export function zoomed(
  range: readonly [number, number],
  extent: readonly [number, number],
  center: number,
  factor: number,
): [number, number] | null {
  const from = Math.max(extent[0], center - (center - range[0]) * factor);
  const to = Math.min(extent[1], center + (range[1] - center) * factor);
  return from <= extent[0] && to >= extent[1] ? null : [from, to];
}

/**
 * Where a log axis has its ticks: 1, 2, 5 of each power of ten, or powers alone where there are many, or each digit or
 * even steps where there are few.
 */
export function logTicks(low: number, high: number, most: number): number[] {
  const [first, last] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  const powers = Array.from({ length: last - first + 1 }, (_, index) => first + index);
  const inside = (ticks: number[]): number[] => ticks.filter((each) => each >= low && each <= high);
  const every = Math.ceil(powers.length / Math.max(1, most));
  const alone = inside(powers.filter((power) => power % every === 0).map((power) => 10 ** power));
  const three = inside(powers.flatMap((power) => [1, 2, 5].map((digit) => rounded(digit * 10 ** power))));
  if (three.length > most) return alone;
  if (three.length >= 3) return three;
  const digits = inside(
    powers.flatMap((power) => [1, 2, 3, 4, 5, 6, 7, 8, 9].map((each) => rounded(each * 10 ** power))),
  );
  if (digits.length >= 3 && digits.length <= most) return digits;
  const rough = (high - low) / Math.max(2, most - 1);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((each) => each * power >= rough) ?? 10) * power;
  const start = Math.ceil(low / step);
  return Array.from({ length: Math.floor(high / step) - start + 1 }, (_, index) => rounded((start + index) * step));
}

/** Without the last digits, in which binary fractions differ from decimal ones. */
function rounded(value: number): number {
  return Number(value.toPrecision(12));
}

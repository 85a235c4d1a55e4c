/** A thinned curve shows every peak, leaves gaps open and stays in its window. */
import { describe, expect, it } from "vitest";
import { Outline, decimate } from "./decimate";

const COUNT = 100_000;

function thinned(ys: readonly number[], window: Parameters<typeof decimate>[3]): { x: number; y: number }[] {
  const xs = Float64Array.from(ys, (_, index) => index);
  const out = new Outline();
  decimate(xs, Float64Array.from(ys), ys.length, window, out);
  return Array.from({ length: out.length }, (_, at) => ({ x: out.xs[at] as number, y: out.ys[at] as number }));
}

describe("decimate", () => {
  it("keeps few points as they are", () => {
    expect(thinned([1, 2, 3], { from: 0, to: 2, columns: 100 }).map(({ y }) => y)).toEqual([1, 2, 3]);
  });

  it("keeps a single peak among many points, and at most four points a column", () => {
    const ys = Array.from({ length: COUNT }, () => 0.5);
    ys[77_777] = 9;
    ys[33_333] = -9;
    const points = thinned(ys, { from: 0, to: COUNT - 1, columns: 500 });
    expect(points.length).toBeLessThanOrEqual(4 * 501);
    expect(points.find(({ y }) => y === 9)?.x).toBe(77_777);
    expect(points.find(({ y }) => y === -9)?.x).toBe(33_333);
  });

  it("keeps the points in order, with the first and the last", () => {
    const points = thinned(
      Array.from({ length: COUNT }, (_, index) => Math.sin(index / 700) + Math.sin(index)),
      { from: 0, to: COUNT - 1, columns: 300 },
    );
    expect(points[0]?.x).toBe(0);
    expect(points.at(-1)?.x).toBe(COUNT - 1);
    expect(points.every(({ x }, index) => index === 0 || x > (points[index - 1]?.x ?? 0))).toBe(true);
  });

  it("opens a gap where a whole column is missing", () => {
    const ys = Array.from({ length: COUNT }, (_, index) => (index >= 40_000 && index < 60_000 ? Number.NaN : 1));
    const gap = thinned(ys, { from: 0, to: COUNT - 1, columns: 100 }).filter(({ y }) => Number.isNaN(y));
    expect(gap.length).toBeGreaterThan(15);
    expect(gap.every(({ x }) => x >= 39_000 && x < 60_000)).toBe(true);
  });

  it("treats infinite values as gaps", () => {
    expect(thinned([1, Infinity, -Infinity, 2], { from: 0, to: 3, columns: 10 }).map(({ y }) => y)).toEqual([
      1,
      Number.NaN,
      Number.NaN,
      2,
    ]);
  });

  it("takes one neighbour beyond each side of the window", () => {
    const points = thinned([0, 1, 2, 3, 4, 5, 6], { from: 2.5, to: 4.5, columns: 50 });
    expect(points.map(({ x }) => x)).toEqual([2, 3, 4, 5]);
  });

  it("leaves out what has no place on a log scale", () => {
    expect(thinned([0, -1, 2], { from: 0, to: 2, columns: 10, positive: true }).map(({ y }) => y)).toEqual([
      Number.NaN,
      Number.NaN,
      2,
    ]);
  });

  it("knows the range of what it shows", () => {
    const out = new Outline();
    decimate(Float64Array.of(0, 1, 2), Float64Array.of(5, Number.NaN, -2), 3, { from: 0, to: 2, columns: 9 }, out);
    expect([out.low, out.high]).toEqual([-2, 5]);
  });
});

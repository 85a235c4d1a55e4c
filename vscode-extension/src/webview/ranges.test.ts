/** Axes cover the data with room around it, and their ticks are round. */
import { describe, expect, it } from "vitest";
import { extentOf, logTicks, padded, zoomed } from "./ranges";
import { Series } from "./series";

describe("padded", () => {
  it("leaves room, also around a flat line and around nothing", () => {
    expect(padded(0, 1, false)).toEqual([-0.06, 1.06]);
    expect(padded(5, 5, false)).toEqual([4.5, 5.5]);
    expect(padded(0, 0, false)).toEqual([-0.5, 0.5]);
    expect(padded(Infinity, -Infinity, false)).toEqual([0, 1]);
  });

  it("stays above 0 on a log scale", () => {
    const [low, high] = padded(0.001, 10, true);
    expect(low).toBeGreaterThan(0);
    expect(low).toBeLessThan(0.001);
    expect(high).toBeGreaterThan(10);
  });
});

describe("zoomed", () => {
  it("keeps the centre and stays inside, and is nothing when it shows everything", () => {
    expect(zoomed([0, 100], [0, 100], 50, 0.5)).toEqual([25, 75]);
    expect(zoomed([25, 75], [0, 100], 25, 2)).toEqual([25, 100]);
    expect(zoomed([25, 75], [0, 100], 50, 2)).toBeNull();
  });
});

describe("logTicks", () => {
  it("has round ticks over parts of a decade, some decades and many", () => {
    expect(logTicks(0.2447, 0.53, 6)).toEqual([0.3, 0.4, 0.5]);
    expect(logTicks(0.336, 0.352, 6)).toEqual([0.34, 0.345, 0.35]);
    expect(logTicks(0.09, 6, 6)).toEqual([0.1, 0.2, 0.5, 1, 2, 5]);
    expect(logTicks(1e-7, 10, 6).every((each) => Math.log10(each) % 1 === 0)).toBe(true);
  });
});

describe("extentOf", () => {
  it("covers all lines, and is never empty", () => {
    const one = new Series();
    one.push(5, 1, 0);
    const line = { run: "a", index: 0, split: "training", faint: false, series: one };
    expect(extentOf([line], "step")).toEqual([4.5, 5.5]);
    expect(extentOf([], "step")).toEqual([0, 1]);
  });
});

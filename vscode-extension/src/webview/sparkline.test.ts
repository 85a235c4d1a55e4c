/** A small curve stays in its box and shows its gaps. */
import { describe, expect, it } from "vitest";
import { Series } from "./series";
import { sparkPath } from "./sparkline";

function path(values: number[]): string {
  const series = new Series();
  values.forEach((value, index) => series.push(index, index, value));
  return sparkPath(series, 100, 20);
}

describe("sparkPath", () => {
  it("fills its box from the lowest to the highest value", () => {
    expect(path([0, 1])).toBe("M0.0 20.0L100.0 0.0");
  });

  it("lifts the pen at a gap", () => {
    expect(path([0, Number.NaN, 1])).toBe("M0.0 20.0M100.0 0.0");
  });

  it("draws a flat line in the middle, and nothing of nothing", () => {
    expect(path([3, 3])).toBe("M0.0 10.0L100.0 10.0");
    expect(path([Number.NaN])).toBe("");
    expect(path([])).toBe("");
  });
});

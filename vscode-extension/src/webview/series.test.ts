/** Curves grow, forget what is void, and are smoothed as they grow. */
import { describe, expect, it } from "vitest";
import { Series } from "./series";

function series(values: readonly number[]): Series {
  const made = new Series();
  values.forEach((value, index) => made.push((index + 1) * 10, index + 1, value));
  return made;
}

describe("Series", () => {
  it("keeps every point beyond its first capacity", () => {
    const made = series(Array.from({ length: 1000 }, (_, index) => index));
    expect(made.length).toBe(1000);
    expect(made.values[999]).toBe(999);
    expect(made.along("step")[999]).toBe(10_000);
    expect(made.along("epoch")[999]).toBe(1000);
  });

  it("forgets the points after a step, and goes on from there", () => {
    const made = series([1, 2, 3, 4]);
    made.truncate(20);
    expect(made.length).toBe(2);
    made.push(30, 3, 9);
    expect([...made.values.subarray(0, made.length)]).toEqual([1, 2, 9]);
  });

  it("starts its smoothed twin at the first value", () => {
    const smooth = series([4, 4, 4]).smoothed(0.9);
    expect([...smooth.subarray(0, 3)].map((each) => Number(each.toFixed(9)))).toEqual([4, 4, 4]);
  });

  it("smooths as a mean that forgets, corrected for its start", () => {
    const smooth = series([1, 0, 0]).smoothed(0.5);
    expect(smooth[0]).toBeCloseTo(1);
    expect(smooth[1]).toBeCloseTo(1 / 3);
    expect(smooth[2]).toBeCloseTo(1 / 7);
  });

  it("smooths the same in one go and point by point, also after a resume", () => {
    const values = [3, 1, 4, 1, 5, 9, 2, 6];
    const grown = new Series();
    values.forEach((value, index) => {
      grown.push(index, index, value);
      grown.smoothed(0.8);
    });
    grown.truncate(4);
    grown.push(5, 5, 9);
    const whole = new Series();
    [3, 1, 4, 1, 5, 9].forEach((value, index) => whole.push(index, index, value));
    expect(grown.smoothed(0.8).subarray(0, 6)).toEqual(whole.smoothed(0.8).subarray(0, 6));
  });

  it("leaves gaps as gaps, and they do not weigh", () => {
    const smooth = series([2, Number.NaN, 2]).smoothed(0.7);
    expect(smooth[1]).toBeNaN();
    expect(smooth[2]).toBeCloseTo(2);
  });

  it("finds the nearest point, and none in an empty curve", () => {
    const made = series([1, 2, 3]);
    expect(made.nearest("step", 14)).toBe(0);
    expect(made.nearest("step", 16)).toBe(1);
    expect(made.nearest("step", -5)).toBe(0);
    expect(made.nearest("step", 500)).toBe(2);
    expect(new Series().nearest("step", 1)).toBe(-1);
  });

  it("never steps back on its axis", () => {
    const made = new Series();
    made.push(10, 2, 1);
    made.push(5, 1, 2);
    expect([...made.along("step").subarray(0, 2)]).toEqual([10, 10]);
  });
});

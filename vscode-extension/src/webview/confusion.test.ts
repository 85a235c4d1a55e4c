/** Shares of rows, and many classes joined into few. */
import { describe, expect, it } from "vitest";
import { condensed, rowShares } from "./confusion";

describe("rowShares", () => {
  it("are of the row, and 0 where it is empty", () => {
    expect(
      rowShares([
        [3, 1],
        [0, 0],
      ]),
    ).toEqual([
      [0.75, 0.25],
      [0, 0],
    ]);
  });
});

describe("condensed", () => {
  const classes = ["a", "b", "c", "d"];
  const counts = [
    [1, 0, 0, 0],
    [0, 9, 1, 0],
    [0, 0, 2, 1],
    [2, 2, 2, 9],
  ];

  it("leaves few classes alone", () => {
    const table = { classes, counts };
    expect(condensed(table, 4)).toBe(table);
  });

  it("keeps the classes with the most rows and loses no row", () => {
    const table = condensed({ classes, counts }, 3);
    expect(table.classes).toEqual(["b", "d", "2 others"]);
    const sum = (rows: number[][]): number => rows.flat().reduce((a, b) => a + b, 0);
    expect(sum(table.counts)).toBe(sum(counts));
    expect(table.counts).toEqual([
      [9, 0, 1],
      [2, 9, 4],
      [0, 1, 3],
    ]);
  });
});

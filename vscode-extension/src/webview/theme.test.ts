/** The ground's brightness is read from what editors and notebooks write. */
import { describe, expect, it } from "vitest";
import { luminance, parseColor } from "./theme";

describe("parseColor", () => {
  it("reads what themes write", () => {
    expect(parseColor("#fff")).toEqual([1, 1, 1]);
    expect(parseColor(" #1f1f1f ")?.[0]).toBeCloseTo(0.1216, 3);
    expect(parseColor("rgb(255, 0, 0)")).toEqual([1, 0, 0]);
    expect(parseColor("#11223344")).not.toBeNull();
  });

  it("says nothing of what is see-through or no colour", () => {
    expect(parseColor("rgba(0, 0, 0, 0)")).toBeNull();
    expect(parseColor("var(--x)")).toBeNull();
    expect(parseColor("")).toBeNull();
  });
});

describe("luminance", () => {
  it("goes from black to white", () => {
    expect([luminance([0, 0, 0]), luminance([1, 1, 1])]).toEqual([0, 1]);
  });
});

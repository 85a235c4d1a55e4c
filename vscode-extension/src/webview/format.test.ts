/** Numbers and times read as people write them, and as the terminal does. */
import { describe, expect, it } from "vitest";
import { ageText, deltaText, durationText, figure, figureOrNull, metricText, shareText, tickText } from "./format";

describe("figure", () => {
  it("reads what JSON has no number for", () => {
    expect(figure("nan")).toBeNaN();
    expect([figure("inf"), figure("-inf"), figure(2)]).toEqual([Infinity, -Infinity, 2]);
    expect(() => figure("2")).toThrow(TypeError);
    expect(figureOrNull(undefined)).toBeNull();
  });
});

describe("metricText", () => {
  it.each([
    [0.85625, "0.8562"],
    [0, "0.0000"],
    [-0.5, "\u22120.5000"],
    [20_022.71, "20,022.7"],
    [628_000_000, "6.28e8"],
    [0.00001234, "1.23e\u22125"],
    ["nan", "nan"],
    ["-inf", "\u2212inf"],
    [null, "\u2013"],
  ] as const)("writes %s as %s", (value, text) => {
    expect(metricText(value)).toBe(text);
  });
});

describe("deltaText", () => {
  it("always has a sign", () => {
    expect([deltaText(0.015), deltaText(-0.015), deltaText(0)]).toEqual(["+0.0150", "\u22120.0150", "0"]);
  });
});

describe("durationText", () => {
  it.each([
    [0.4, "0.4 s"],
    [9.97, "10 s"],
    [12, "12 s"],
    [200, "3 min 20 s"],
    [7500, "2 h 05 min"],
    [null, "\u2013"],
  ])("writes %s as %s", (seconds, text) => {
    expect(durationText(seconds)).toBe(text);
  });
});

describe("ageText", () => {
  it("says how long ago", () => {
    const now = Date.parse("2026-11-22T12:00:00Z");
    expect(ageText("2026-11-22T11:59:30Z", now)).toBe("just now");
    expect(ageText("2026-11-22T11:40:00Z", now)).toBe("20 min ago");
    expect(ageText("2026-11-20T12:00:00Z", now)).toBe("2 days ago");
    expect(ageText("never", now)).toBe("");
  });
});

describe("shareText", () => {
  it("never rounds something to nothing or to everything", () => {
    expect([shareText(0), shareText(0.004), shareText(0.39), shareText(0.996), shareText(1)]).toEqual([
      "0 %",
      "0.4 %",
      "39 %",
      "99.6 %",
      "100 %",
    ]);
  });
});

describe("tickText", () => {
  it("has as many digits as tell neighbours apart", () => {
    expect([tickText(2.25, 0.25), tickText(2, 0.25), tickText(0.3, 0.1), tickText(40_000, 10_000)]).toEqual([
      "2.25",
      "2.00",
      "0.3",
      "40k",
    ]);
    expect([tickText(0, 1), tickText(2e9, 1e9), tickText(-5, 5)]).toEqual(["0", "2e9", "\u22125"]);
  });
});

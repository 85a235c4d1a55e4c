/** A curve the size of a word. */
import { Outline, decimate } from "./decimate";
import { s } from "./dom";
import type { Series } from "./series";

const WIDTH = 96;
const HEIGHT = 22;

/** The path of a curve in a box, with gaps where values are missing; empty for a curve of no points. */
export function sparkPath(series: Series, width: number, height: number): string {
  const xs = series.along("step");
  if (series.length === 0) return "";
  const [from, to] = [xs[0] as number, xs[series.length - 1] as number];
  const out = new Outline();
  decimate(xs, series.values, series.length, { from, to, columns: width / 2 }, out);
  if (!(out.low <= out.high)) return "";
  const [xScale, yScale] = [
    to > from ? width / (to - from) : 0,
    out.high > out.low ? height / (out.high - out.low) : 0,
  ];
  let down = false;
  let path = "";
  for (let at = 0; at < out.length; at += 1) {
    const y = out.ys[at] as number;
    if (Number.isNaN(y)) {
      down = false;
      continue;
    }
    const top = yScale === 0 ? height / 2 : (out.high - y) * yScale;
    path += `${down ? "L" : "M"}${(((out.xs[at] as number) - from) * xScale).toFixed(1)} ${top.toFixed(1)}`;
    down = true;
  }
  return path;
}

/** Return the drawing; `name` is read to those who do not see it. */
export function sparkline(series: Series, name: string): SVGElement {
  return s(
    "svg",
    {
      class: "d-spark",
      viewBox: `-1 -2 ${WIDTH + 2} ${HEIGHT + 4}`,
      width: WIDTH,
      height: HEIGHT,
      role: "img",
      "aria-label": name,
    },
    s("path", { d: sparkPath(series, WIDTH, HEIGHT) }),
  );
}

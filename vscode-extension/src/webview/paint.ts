/** Paints the lines of a chart on uPlot's canvas. */
import type uPlot from "uplot";
import type { Outline } from "./decimate";
import type { Line } from "./plan";
import type { Axis } from "./series";
import { type Colors, dashOf } from "./theme";

/** How all charts of a group are drawn. */
export interface View {
  axis: Axis;
  smoothing: number;
  /** The zoomed range; null follows the data. */
  range: [number, number] | null;
  /** What all the curves cover. */
  extent: [number, number];
  colors: Colors;
  /** Colour by split where one run is shown, else by run. */
  single: boolean;
  /** Steps or epochs worth a mark. */
  marks: readonly { x: number; label: string }[];
}

/** A line, thinned to what the chart can show. */
export interface Drawn {
  line: Line;
  raw: Outline;
  smooth: Outline | null;
}

/** How this chart differs from the others of its group. */
export interface Look {
  log: boolean;
  /** Only the deciding metric's chart names the best epoch. */
  decides: boolean;
  font: string;
}

/** Curves with no more points than this show them. */
const DOTS_UP_TO = 40;

/** Paint the lines of a chart, and its marks below them. */
export function paint(plot: uPlot, view: View, drawn: readonly Drawn[], look: Look): void {
  const { ctx, bbox } = plot;
  const ratio = devicePixelRatio || 1;
  ctx.save();
  ctx.beginPath();
  // A little wider than the plot: a dot at its edge is whole.
  ctx.rect(bbox.left - 4 * ratio, bbox.top - 4 * ratio, bbox.width + 8 * ratio, bbox.height + 8 * ratio);
  ctx.clip();
  paintMarks(plot, view, look, ratio);
  ctx.lineJoin = "round";
  // The deciding splits come first in a legend and last in the picture: on top.
  for (const { line, raw, smooth } of [...drawn].reverse()) {
    ctx.strokeStyle = ctx.fillStyle = colorOf(line, view);
    ctx.setLineDash(dashOf(line.split === "within epoch" ? "validation" : line.split).map((each) => each * ratio));
    if (line.faint || smooth !== null) {
      ctx.globalAlpha = line.faint ? 0.35 : 0.28;
      ctx.lineWidth = ratio;
      stroke(plot, raw, ratio, { log: look.log, dots: false });
    }
    if (!line.faint) {
      ctx.globalAlpha = 1;
      ctx.lineWidth = 1.75 * ratio;
      stroke(plot, smooth ?? raw, ratio, { log: look.log, dots: view.single });
    }
  }
  ctx.restore();
}

function paintMarks(plot: uPlot, view: View, look: Look, ratio: number): void {
  const { ctx, bbox } = plot;
  ctx.strokeStyle = ctx.fillStyle = view.colors.text;
  ctx.lineWidth = ratio;
  ctx.setLineDash([2 * ratio, 3 * ratio]);
  ctx.font = `${10 * ratio}px ${look.font}`;
  ctx.textBaseline = "top";
  for (const { x, label } of view.marks) {
    const left = Math.round(plot.valToPos(x, "x", true));
    if (left < bbox.left || left > bbox.left + bbox.width) continue;
    ctx.globalAlpha = 0.55;
    ctx.beginPath();
    ctx.moveTo(left + 0.5, bbox.top);
    ctx.lineTo(left + 0.5, bbox.top + bbox.height);
    ctx.stroke();
    if (!look.decides && label === "best") continue;
    ctx.globalAlpha = 0.9;
    const fits = left + ctx.measureText(label).width + 6 * ratio < bbox.left + bbox.width;
    ctx.textAlign = fits ? "left" : "right";
    ctx.fillText(label, left + (fits ? 4 : -4) * ratio, bbox.top + 2 * ratio);
  }
  ctx.globalAlpha = 1;
}

function stroke(plot: uPlot, outline: Outline, ratio: number, look: { log: boolean; dots: boolean }): void {
  const { ctx, bbox, scales } = plot;
  const y = scales["y"];
  const [xMin, xMax] = [scales["x"]?.min ?? 0, scales["x"]?.max ?? 1];
  const map = look.log ? Math.log10 : (value: number): number => value;
  const [yMin, yMax] = [map(y?.min ?? 0), map(y?.max ?? 1)];
  const [xScale, yScale] = [bbox.width / (xMax - xMin || 1), bbox.height / (yMax - yMin || 1)];
  const dots = look.dots && outline.length <= DOTS_UP_TO;
  const path = new Path2D();
  const points = new Path2D();
  let down = false;
  for (let at = 0; at < outline.length; at += 1) {
    const value = outline.ys[at] as number;
    if (Number.isNaN(value)) {
      down = false;
      continue;
    }
    const left = bbox.left + ((outline.xs[at] as number) - xMin) * xScale;
    const top = bbox.top + (yMax - map(value)) * yScale;
    if (down) path.lineTo(left, top);
    else path.moveTo(left, top);
    // A point between two gaps would be no line at all.
    const alone = !down && (at + 1 >= outline.length || Number.isNaN(outline.ys[at + 1]));
    down = true;
    if (dots || alone) {
      points.moveTo(left + 2 * ratio, top);
      points.arc(left, top, 2 * ratio, 0, 2 * Math.PI);
    }
  }
  ctx.stroke(path);
  ctx.fill(points);
}

/** The colour of a line. */
export function colorOf(line: Line, view: Pick<View, "colors" | "single">): string {
  const { colors } = view;
  if (!view.single) return colors.runs[line.index % colors.runs.length] ?? colors.text;
  return colors.splits[line.split === "within epoch" ? "training" : line.split] ?? colors.text;
}

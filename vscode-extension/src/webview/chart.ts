/**
 * One chart on the screen. uPlot has the axes, the scales and the mouse; the lines are thinned here, from the
 * curves' own arrays, so that no point is copied or joined with those of other curves, and painted in `paint.ts`.
 */
import uPlot from "uplot";
import { Outline, decimate } from "./decimate";
import { h } from "./dom";
import { metricText, tickText } from "./format";
import { type Drawn, type Look, type View, paint } from "./paint";
import type { ChartPlan } from "./plan";
import { logTicks, padded } from "./ranges";
import type { Axis, Series } from "./series";

export interface ChartEvents {
  /** The mouse or a key points at `x`; null when it left. */
  hover(x: number | null): void;
  zoom(range: [number, number] | null): void;
}

const HEIGHT = 200;
const AXIS_HEIGHT = 20;
/** Distances between the ticks of an axis: 1, 2, 5, 10, ... and on an axis that may have fractions from 0.01. */
const ANY_STEPS = Array.from({ length: 12 }, (_, power) => [1, 2, 5].map((each) => each * 10 ** (power - 2))).flat();
const WHOLE_STEPS = ANY_STEPS.filter((each) => each >= 1);

/** Lines of one metric. `draw` paints anew; nothing is painted on its own. */
export class Chart {
  readonly element: HTMLElement;
  log = false;
  #plan: ChartPlan;
  #view: View | null = null;
  #plot: uPlot | null = null;
  #drawn: Drawn[] = [];
  #width = 0;
  #yRange: [number, number] | null = null;
  #quiet = false;
  readonly #events: ChartEvents;

  constructor(plan: ChartPlan, events: ChartEvents) {
    this.#plan = plan;
    this.#events = events;
    this.element = h("div", { class: "d-plot" });
  }

  /** Show other lines; those that stay keep their memory. */
  setPlan(plan: ChartPlan): void {
    this.#plan = plan;
  }

  /** Zoomed in upwards or downwards. */
  get zoomedY(): boolean {
    return this.#yRange !== null;
  }

  resetY(): void {
    this.#yRange = null;
  }

  /** Paint with `view`. Does nothing before the chart has a width. */
  draw(view: View): void {
    this.#view = view;
    const width = Math.floor(this.element.clientWidth);
    if (width < 40) return;
    if (this.#plot === null) this.#make(width);
    else if (width !== this.#width) this.#plot.setSize({ width, height: HEIGHT });
    this.#width = width;
    const [from, to] = view.range ?? view.extent;
    const [low, high] = this.#outline(view, from, to);
    this.#plot?.setData([
      [from, to],
      [low, high],
    ] as uPlot.AlignedData);
  }

  /** Draw the line of the pointer at `x`; null takes it away. */
  point(x: number | null): void {
    if (this.#plot === null) return;
    const left = x === null ? -10 : this.#plot.valToPos(x, "x");
    this.#quiet = true;
    this.#plot.setCursor({ left, top: x === null ? -10 : 0 }, false);
    this.#quiet = false;
  }

  /** Start anew with the next draw: after another scale or other colours. */
  remake(): void {
    this.#plot?.destroy();
    this.#plot = null;
  }

  dispose(): void {
    this.remake();
    this.element.remove();
  }

  /** Thin every line to the pixels there are; returns the range of the values. */
  #outline(view: View, from: number, to: number): [number, number] {
    const window = { from, to, columns: Math.max(50, this.#width - 60), positive: this.log };
    const lines = this.#plan.lines.filter((line) => line.series.length > 0);
    let low = Infinity;
    let high = -Infinity;
    this.#drawn = lines.map((line, index) => {
      const { series } = line;
      const old = this.#drawn[index];
      const raw = old?.raw ?? new Outline();
      decimate(series.along(view.axis), series.values, series.length, window, raw);
      let smooth: Outline | null = null;
      if (view.smoothing > 0 && series.length > 1) {
        smooth = old?.smooth ?? new Outline();
        decimate(series.along(view.axis), series.smoothed(view.smoothing), series.length, window, smooth);
      }
      low = Math.min(low, raw.low);
      high = Math.max(high, raw.high);
      return { line, raw, smooth };
    });
    return this.#yRange ?? padded(low, high, this.log);
  }

  #make(width: number): void {
    const view = (): View => this.#view as View;
    const axis: uPlot.Axis = {
      stroke: () => view().colors.text,
      font: "11px " + getComputedStyle(this.element).fontFamily,
      grid: { stroke: () => view().colors.grid, width: 1 },
      ticks: { show: false },
    };
    const options: uPlot.Options = {
      width,
      height: HEIGHT,
      padding: [8, 10, 0, 0],
      legend: { show: false },
      cursor: {
        y: false,
        points: { show: false },
        drag: { x: true, y: true, uni: 24, setScale: false },
        bind: { dblclick: () => () => (this.#reset(), null) },
      },
      scales: {
        x: { time: false, range: (_, low, high) => [low, high] },
        // eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment -- uPlot's code has no such enum
        y: { distr: this.log ? 3 : 1, range: (_, low, high) => [low, high] },
      },
      axes: [
        {
          ...axis,
          size: AXIS_HEIGHT,
          gap: 4,
          space: 60,
          incrs: () => (this.#whole() ? WHOLE_STEPS : ANY_STEPS),
          values: (_, ticks) => labels(ticks),
        },
        {
          ...axis,
          size: axisWidth,
          gap: 4,
          space: 28,
          ...(this.log
            ? { splits: (_plot, _axis, low, high) => logTicks(low, high, 6), filter: (_, ticks) => ticks }
            : {}),
          values: (_, ticks) => labels(ticks),
        },
      ],
      series: [{}, { paths: () => null, points: { show: false } }],
      hooks: {
        draw: [(plot) => this.#view !== null && paint(plot, this.#view, this.#drawn, this.#look())],
        setCursor: [(plot) => this.#hovered(plot)],
        setSelect: [(plot) => this.#selected(plot)],
      },
    };
    this.#plot = new uPlot(
      options,
      [
        [0, 1],
        [0, 1],
      ],
      this.element,
    );
    this.#plot.root.setAttribute("aria-hidden", "true");
  }

  /** Steps and whole epochs have no fractions on their axis. */
  #whole(): boolean {
    const view = this.#view;
    if (view === null) return true;
    const [from, to] = view.range ?? view.extent;
    return view.axis === "step" || to - from > 3;
  }

  #look(): Look {
    return { log: this.log, decides: this.#plan.decides, font: getComputedStyle(this.element).fontFamily };
  }

  #reset(): void {
    this.#yRange = null;
    this.#events.zoom(null);
  }

  #hovered(plot: uPlot): void {
    if (this.#quiet) return;
    const left = plot.cursor.left ?? -1;
    this.#events.hover(left < 0 ? null : plot.posToVal(left, "x"));
  }

  #selected(plot: uPlot): void {
    const { left, top, width, height } = plot.select;
    if (width === 0 && height === 0) return;
    const whole = { width: plot.over.clientWidth, height: plot.over.clientHeight };
    if (height > 0 && height < whole.height) {
      this.#yRange = [plot.posToVal(top + height, "y"), plot.posToVal(top, "y")];
    }
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    const range = this.#view?.range ?? null;
    if (width > 0 && width < whole.width) {
      this.#events.zoom([plot.posToVal(left, "x"), plot.posToVal(left + width, "x")]);
    } else {
      this.#events.zoom(range);
    }
  }
}

/** What a line says at `x`, or at its end without one. */
export function valueAt(series: Series, axis: Axis, x: number | null): string {
  if (x === null) return metricText(series.last());
  const at = series.nearest(axis, x);
  return at < 0 ? metricText(null) : metricText(series.values[at]);
}

function labels(ticks: number[]): string[] {
  return ticks.map((tick, index) => {
    const neighbour = ticks[index + 1] ?? ticks[index - 1] ?? 0;
    return tickText(tick, Math.abs(neighbour - tick) || 1);
  });
}

/** As wide as the widest label asks for, and never jumping by a pixel or two. */
function axisWidth(_: uPlot, values: string[] | null): number {
  const widest = Math.max(5, ...(values ?? []).map((each) => each.length));
  return 14 + Math.ceil(widest * 6.4);
}

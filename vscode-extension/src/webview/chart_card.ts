/** A chart with its heading, its legend that reads values, its switch for a log scale, and its keys. */
import { Chart, valueAt } from "./chart";
import { fill, h, write } from "./dom";
import { metricText } from "./format";
import type { View } from "./paint";
import type { ChartPlan } from "./plan";
import type { Axis, Series } from "./series";
import { swatch } from "./swatch";
import { RUN_COLORS } from "./theme";

export interface CardEvents {
  hover(x: number | null): void;
  zoom(range: [number, number] | null): void;
  /** Make the shown range `factor` times as wide around `center`. */
  scale(factor: number, center: number): void;
  log(on: boolean): void;
}

const KEYS = "Left and right arrow read the values, plus and minus zoom, Escape shows everything.";

export class ChartCard {
  readonly element: HTMLElement;
  dirty = true;
  #visible = false;
  #plan: ChartPlan;
  #single: boolean;
  #axis: Axis = "epoch";
  #keyed: number | null = null;
  #shownLines = "";
  /** How it is spoken of. */
  readonly #name: string;
  readonly #events: CardEvents;
  readonly #chart: Chart;
  readonly #values: { series: Series; text: HTMLElement }[] = [];
  readonly #legend = h("div", { class: "d-legend" });
  readonly #where = h("span", { class: "d-where d-number" });
  readonly #spoken = h("span", { class: "d-spoken", "aria-live": "polite" });
  readonly #logButton = h("button", { type: "button", class: "d-toggle", "aria-pressed": "false" }, "log");
  readonly #figure: HTMLElement;

  constructor(plan: ChartPlan, single: boolean, namesOutput: boolean, events: CardEvents) {
    this.#plan = plan;
    this.#single = single;
    this.#events = events;
    this.#chart = new Chart(plan, { hover: (x) => events.hover(x), zoom: (range) => events.zoom(range) });
    this.#name = namesOutput && plan.output !== "" ? `${plan.output} ${plan.metric}` : plan.metric;
    this.#logButton.title = "Logarithmic scale";
    // Who speaks to the machine says what stands on the button.
    this.#logButton.setAttribute("aria-label", `log scale for ${this.#name}`);
    this.#logButton.addEventListener("click", () => {
      this.setLog(!this.#chart.log);
      events.log(this.#chart.log);
    });
    const output = namesOutput && plan.output !== "" ? h("span", { class: "d-faint" }, `${plan.output}.`) : null;
    this.#figure = h("div", { class: "d-focus", tabindex: 0, role: "group" }, this.#chart.element);
    this.#figure.addEventListener("keydown", (event) => this.#key(event));
    this.#figure.addEventListener("blur", () => {
      this.#keyed = null;
      events.hover(null);
    });
    this.element = h(
      "article",
      { class: "d-card" },
      h(
        "div",
        { class: "d-card-head" },
        h("h3", {}, output, plan.metric),
        plan.decides && h("span", { class: "d-tag", title: "This metric picks the best epoch" }, "decides"),
        h("span", { class: "d-grow" }),
        this.#where,
        this.#logButton,
      ),
      this.#legend,
      this.#figure,
      this.#spoken,
    );
  }

  get zoomedY(): boolean {
    return this.#chart.zoomedY;
  }

  resetY(): void {
    this.#chart.resetY();
  }

  setVisible(visible: boolean): void {
    this.#visible = visible;
  }

  setPlan(plan: ChartPlan, single: boolean): void {
    this.#plan = plan;
    this.#single = single;
    this.#chart.setPlan(plan);
  }

  setLog(on: boolean): void {
    this.#chart.log = on;
    this.#chart.resetY();
    this.#chart.remake();
    this.#logButton.setAttribute("aria-pressed", String(on));
    this.dirty = true;
  }

  remake(): void {
    this.#chart.remake();
    this.dirty = true;
  }

  /** Draw where it is on the screen and something is new. */
  draw(view: View, hover: number | null): void {
    if (!this.dirty || !this.#visible) return;
    this.dirty = false;
    this.#axis = view.axis;
    this.#writeLegend();
    this.#chart.draw(view);
    this.point(hover, view.axis);
    this.#describe();
  }

  /** Point at `x`: read its values. */
  point(x: number | null, axis: Axis): void {
    if (!this.#visible) return;
    this.#axis = axis;
    this.#chart.point(x);
    for (const { series, text } of this.#values) write(text, valueAt(series, axis, x));
    write(this.#where, x === null ? "" : this.#place(x));
  }

  dispose(): void {
    this.#chart.dispose();
    this.element.remove();
  }

  #place(x: number): string {
    const main = this.#main();
    const at = main?.nearest(this.#axis, x) ?? -1;
    const shown = main !== undefined && at >= 0 ? (main.along(this.#axis)[at] as number) : x;
    return `${this.#axis} ${Number.isInteger(shown) ? shown.toLocaleString("en") : shown.toFixed(2)}`;
  }

  /** The series whose points the arrow keys visit. */
  #main(): Series | undefined {
    const lines = this.#plan.lines.filter((line) => line.series.length > 0);
    return (lines.find((line) => line.split === "validation") ?? lines[0])?.series;
  }

  #writeLegend(): void {
    const lines = this.#plan.lines.filter((line) => !line.faint || this.#plan.lines.every((each) => each.faint));
    const wanted = `${this.#single}${lines.map((line) => `${line.run}/${line.split}`).join()}`;
    if (wanted !== this.#shownLines) {
      this.#shownLines = wanted;
      this.#values.length = 0;
      const keys = lines.map((line) => {
        const text = h("span", { class: "d-number" });
        this.#values.push({ series: line.series, text });
        const split = line.split === "within epoch" ? "training" : line.split;
        const color = this.#single ? `--d-split-${split}` : `--d-run-${line.index % RUN_COLORS}`;
        // Among several runs the colour and the dash say which: their legend stands above all charts.
        const name = this.#single ? split : (line.run.split("-")[0] ?? line.run);
        return h(
          "span",
          { class: "d-key", title: this.#single ? undefined : `${line.run}, ${split}` },
          swatch(color, split),
          h("span", { class: "d-key-name" }, name),
          text,
        );
      });
      fill(this.#legend, ...keys);
      this.#legend.classList.toggle("d-legend-many", keys.length > 4);
    } else {
      // A snapshot makes new curves of the same names.
      lines.forEach((line, index) => {
        const value = this.#values[index];
        if (value !== undefined) value.series = line.series;
      });
    }
  }

  #describe(): void {
    const parts = this.#plan.lines
      .filter((line) => !line.faint)
      .map((line) => `${this.#single ? "" : `${line.run} `}${line.split} ${metricText(line.series.last())}`);
    this.#figure.setAttribute("aria-label", `Chart of ${this.#name}. Last values: ${parts.join(", ")}. ${KEYS}`);
  }

  #key(event: KeyboardEvent): void {
    const main = this.#main();
    if (main === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    const xs = main.along(this.#axis);
    const center = this.#keyed ?? xs[main.length - 1] ?? 0;
    const moves: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10 };
    if (event.key in moves || event.key === "Home" || event.key === "End") {
      const from = this.#keyed === null ? main.length : main.nearest(this.#axis, this.#keyed);
      const to = event.key === "Home" ? 0 : event.key === "End" ? main.length - 1 : from + (moves[event.key] ?? 0);
      this.#keyed = xs[Math.min(main.length - 1, Math.max(0, to))] ?? null;
      this.#events.hover(this.#keyed);
      this.#speak();
    } else if (event.key === "+" || event.key === "=") {
      this.#events.scale(0.5, center);
    } else if (event.key === "-") {
      this.#events.scale(2, center);
    } else if (event.key === "Escape" || event.key === "0") {
      this.#keyed = null;
      this.#events.hover(null);
      this.#events.zoom(null);
    } else {
      return;
    }
    event.preventDefault();
  }

  #speak(): void {
    const x = this.#keyed;
    if (x === null) return;
    const lines = this.#plan.lines.filter((line) => !line.faint);
    const values = lines.map((line) => `${line.split} ${valueAt(line.series, this.#axis, x)}`);
    write(this.#spoken, `${this.#place(x)}: ${values.join(", ")}`);
  }
}

/** All charts of a view under one toolbar: smoothing, axis, zoom, a pointer that moves through all of them at once. */
import type { ViewSettings } from "../contract";
import { ChartCard } from "./chart_card";
import type { View } from "./paint";
import { fill, freshId, h, show, write } from "./dom";
import { type Host, remember, remembered } from "./host";
import { type ChartPlan, orderedSplits, planCharts, signature } from "./plan";
import { extentOf, zoomed } from "./ranges";
import type { Axis } from "./series";
import type { RunState } from "./state";
import { swatch } from "./swatch";
import { type Colors, RUN_COLORS, readColors } from "./theme";

/** Asks for a frame. */
type Request = () => void;

const STEPS_OF_SMOOTHING = 20;

export class Curves {
  readonly element: HTMLElement;
  readonly #root: HTMLElement;
  readonly #host: Host;
  readonly #request: Request;
  readonly #grid = h("div", { class: "d-charts" });
  readonly #legend = h("div", { class: "d-runs-legend", role: "list", "aria-label": "Runs in the charts" });
  readonly #empty = h("p", { class: "d-empty" });
  readonly #resetZoom: HTMLButtonElement;
  readonly #controls: HTMLElement;
  readonly #axisButtons: Record<Axis, HTMLButtonElement>;
  readonly #slider: HTMLInputElement;
  readonly #smoothingText = h("output", { class: "d-number" });
  readonly #cards = new Map<string, ChartCard>();
  readonly #logs: Set<string>;
  readonly #seen: IntersectionObserver;
  readonly #sized: ResizeObserver;
  #colors: Colors;
  #states: readonly RunState[] = [];
  #plans: ChartPlan[] = [];
  #signature: string | null = null;
  #axis: Axis;
  #smoothing: number;
  #allLog: boolean;
  #range: [number, number] | null = null;
  #hover: number | null = null;
  #waiting = "";

  /** `extra` stands first among the controls. */
  constructor(
    root: HTMLElement,
    host: Host,
    settings: ViewSettings,
    request: Request,
    extra: HTMLElement | null = null,
  ) {
    this.#root = root;
    this.#host = host;
    this.#request = request;
    this.#colors = readColors(root);
    const before = remembered(host);
    this.#axis = before["axis"] === "step" ? "step" : "epoch";
    const smoothing = before["smoothing"] ?? settings.smoothing;
    this.#smoothing = typeof smoothing === "number" ? Math.min(0.99, Math.max(0, smoothing)) : 0;
    this.#allLog = settings.logScale;
    this.#logs = new Set(Array.isArray(before["logCharts"]) ? before["logCharts"].map(String) : []);
    this.#resetZoom = h("button", { type: "button", class: "d-button", hidden: true }, "Reset zoom");
    this.#resetZoom.addEventListener("click", () => this.#zoom(null, true));
    this.#axisButtons = { epoch: this.#axisButton("epoch"), step: this.#axisButton("step") };
    const sliderId = freshId();
    this.#slider = h("input", { type: "range", id: sliderId, min: 0, max: STEPS_OF_SMOOTHING, step: 1 });
    this.#slider.value = String(sliderPlace(this.#smoothing));
    this.#slider.addEventListener("input", () => this.#smooth(smoothingAt(Number(this.#slider.value))));
    this.#controls = h(
      "div",
      { class: "d-controls" },
      extra,
      this.#resetZoom,
      h("div", { class: "d-field" }, h("label", { for: sliderId }, "Smoothing"), this.#slider, this.#smoothingText),
      h(
        "div",
        { class: "d-segments", role: "group", "aria-label": "Horizontal axis" },
        this.#axisButtons.epoch,
        this.#axisButtons.step,
      ),
    );
    this.#seen = new IntersectionObserver((entries) => {
      for (const entry of entries) this.#card(entry.target)?.setVisible(entry.isIntersecting);
      this.#request();
    });
    this.#sized = new ResizeObserver(() => this.#redraw());
    this.element = h(
      "section",
      { class: "d-section d-curves", "aria-label": "Curves" },
      h("div", { class: "d-bar" }, h("h2", {}, "Curves"), this.#controls),
      this.#legend,
      this.#empty,
      this.#grid,
    );
    this.#sized.observe(this.#grid);
    this.#writeBar();
  }

  /** Show the curves of these runs; `waiting` is said while there are none. */
  setStates(states: readonly RunState[], waiting: string): void {
    this.#states = states;
    this.#waiting = waiting;
    for (const card of this.#cards.values()) card.dirty = true;
  }

  /** Read the colours anew. */
  recolor(): void {
    this.#colors = readColors(this.#root);
    for (const card of this.#cards.values()) card.remake();
    this.#writeLegend();
    this.#redraw();
  }

  /** Draw what is on the screen and new. */
  draw(): void {
    this.#plans = planCharts(this.#states);
    this.#layOut();
    const view = this.#view();
    for (const card of this.#cards.values()) card.draw(view, this.#hover);
  }

  /** The charts that have been drawn with what is known now, for a test. */
  get drawn(): number {
    return [...this.#cards.values()].filter((card) => !card.dirty).length;
  }

  dispose(): void {
    this.#seen.disconnect();
    this.#sized.disconnect();
    for (const card of this.#cards.values()) card.dispose();
  }

  #layOut(): void {
    const now = signature(this.#plans);
    const single = this.#states.length <= 1;
    for (const plan of this.#plans) this.#cards.get(plan.id)?.setPlan(plan, single);
    write(this.#empty, this.#waiting);
    if (now === this.#signature) return;
    this.#signature = now;
    const several = new Set(this.#plans.map((plan) => plan.output)).size > 2;
    const ids = new Set(this.#plans.map((plan) => plan.id));
    for (const [id, card] of this.#cards) {
      if (ids.has(id)) continue;
      this.#seen.unobserve(card.element);
      card.dispose();
      this.#cards.delete(id);
    }
    for (const plan of this.#plans) {
      if (this.#cards.has(plan.id)) continue;
      const card = new ChartCard(plan, single, several, {
        hover: (x) => this.#point(x),
        zoom: (range) => this.#zoom(range, range === null),
        scale: (factor, center) => this.#scale(factor, center),
        log: (on) => this.#setLog(plan.id, on),
      });
      card.setLog(this.#logs.has(plan.id) || (this.#allLog && plan.metric === "loss"));
      this.#cards.set(plan.id, card);
      this.#seen.observe(card.element);
    }
    const elements = this.#plans.flatMap((plan) => this.#cards.get(plan.id)?.element ?? []);
    if (elements.some((element, index) => this.#grid.children[index] !== element))
      this.#grid.replaceChildren(...elements);
    show(this.#empty, elements.length === 0);
    show(this.#controls, elements.length > 0);
    show(this.#grid, elements.length > 0);
    this.#writeLegend();
  }

  #view(): View {
    const lines = this.#plans.flatMap((plan) => plan.lines);
    const single = this.#states.length <= 1;
    return {
      axis: this.#axis,
      smoothing: this.#smoothing,
      range: this.#range,
      extent: extentOf(lines, this.#axis),
      colors: this.#colors,
      single,
      marks: single ? this.#marks() : [],
    };
  }

  #marks(): { x: number; label: string }[] {
    const [state] = this.#states;
    if (state === undefined) return [];
    const best = state.best();
    const marks = best === null ? [] : [{ x: this.#axis === "step" ? best.step : best.epoch, label: "best" }];
    const perEpoch = state.training?.stepsPerEpoch ?? Number.NaN;
    for (const step of state.resumes) {
      const x = this.#axis === "step" ? step : step / perEpoch;
      if (Number.isFinite(x)) marks.push({ x, label: "resumed" });
    }
    return marks;
  }

  #point(x: number | null): void {
    this.#hover = x;
    for (const card of this.#cards.values()) card.point(x, this.#axis);
  }

  #zoom(range: [number, number] | null, all: boolean): void {
    this.#range = range;
    if (all) for (const card of this.#cards.values()) card.resetY();
    this.#redraw();
  }

  #scale(factor: number, center: number): void {
    const extent = extentOf(
      this.#plans.flatMap((plan) => plan.lines),
      this.#axis,
    );
    this.#zoom(zoomed(this.#range ?? extent, extent, center, factor), false);
  }

  #setLog(id: string, on: boolean): void {
    if (on) this.#logs.add(id);
    else this.#logs.delete(id);
    remember(this.#host, { logCharts: [...this.#logs] });
    this.#redraw();
  }

  #smooth(weight: number): void {
    this.#smoothing = weight;
    remember(this.#host, { smoothing: weight });
    this.#redraw();
  }

  #setAxis(axis: Axis): void {
    this.#axis = axis;
    this.#range = null;
    remember(this.#host, { axis });
    this.#redraw();
  }

  #redraw(): void {
    for (const card of this.#cards.values()) card.dirty = true;
    this.#writeBar();
    this.#request();
  }

  #writeBar(): void {
    const zoomedIn = this.#range !== null || [...this.#cards.values()].some((card) => card.zoomedY);
    show(this.#resetZoom, zoomedIn);
    write(this.#smoothingText, this.#smoothing === 0 ? "off" : this.#smoothing.toFixed(2));
    this.#slider.setAttribute("aria-valuetext", this.#smoothing === 0 ? "off" : this.#smoothing.toFixed(2));
    for (const axis of ["epoch", "step"] as const) {
      this.#axisButtons[axis].setAttribute("aria-pressed", String(axis === this.#axis));
    }
  }

  /** Several runs share one legend: a colour a run, a dash a split. */
  #writeLegend(): void {
    show(this.#legend, this.#states.length > 1 && this.#plans.length > 0);
    const splits = orderedSplits(this.#plans.flatMap((plan) => plan.lines.map((line) => line.split)));
    fill(
      this.#legend,
      ...this.#states.map((state, index) =>
        h("span", { role: "listitem", class: "d-key" }, swatch(`--d-run-${index % RUN_COLORS}`, []), state.run),
      ),
      ...splits
        .filter((split) => split !== "within epoch")
        .map((split) => h("span", { role: "listitem", class: "d-key d-faint" }, swatch("", split), split)),
    );
  }

  #axisButton(axis: Axis): HTMLButtonElement {
    const button = h("button", { type: "button", class: "d-segment" }, axis === "epoch" ? "Epoch" : "Step");
    button.addEventListener("click", () => this.#setAxis(axis));
    return button;
  }

  #card(element: Element): ChartCard | undefined {
    for (const card of this.#cards.values()) if (card.element === element) return card;
    return undefined;
  }
}

/** The slider is finer where smoothing is strong: 0, 0.26, ... 0.9, ... 0.99. */
function smoothingAt(place: number): number {
  return place === 0 ? 0 : Math.round((1 - 10 ** ((-2 * place) / STEPS_OF_SMOOTHING)) * 100) / 100;
}

function sliderPlace(smoothing: number): number {
  return smoothing <= 0 ? 0 : Math.round((-Math.log10(1 - smoothing) * STEPS_OF_SMOOTHING) / 2);
}

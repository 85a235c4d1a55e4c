/** A table of runs: how each stands, how good it is, its deciding metric as a small curve; some of them to compare. */
import type { HostMessage, RunInfo } from "../contract";
import { button } from "./buttons";
import { fill, h, scroller, show, write } from "./dom";
import { ageText, durationText, metricText } from "./format";
import { type Host, type Mounted, offers, remember, remembered } from "./host";
import { icon } from "./icons";
import { Session } from "./session";
import { sparkline } from "./sparkline";
import { lookOf, standingOf } from "./standing";
import type { RunState } from "./state";

/** Show runs, newest first, under `root`. */
export function mountRuns(root: HTMLElement, host: Host): Mounted {
  return new RunsPanel(root, host);
}

class RunsPanel implements Mounted {
  readonly #root: HTMLElement;
  readonly #host: Host;
  readonly #session: Session;
  readonly #table = scroller();
  readonly #chosen: Set<string>;
  readonly #says = h("span", { class: "d-faint", role: "status" });
  readonly #compare = button("Compare", "diff", () => this.#post());
  readonly #bar = h("div", { class: "d-bar d-choice" }, this.#says, h("span", { class: "d-grow" }), this.#compare);

  constructor(root: HTMLElement, host: Host) {
    this.#root = root;
    this.#host = host;
    const before = remembered(host)["chosen"];
    this.#chosen = new Set(Array.isArray(before) ? before.map(String) : []);
    this.#session = new Session(root, host, {
      init: () => undefined,
      text: () => undefined,
      recolor: () => undefined,
      draw: () => this.#draw(),
    });
    root.replaceChildren(this.#bar, this.#table);
    this.#drawBar();
  }

  receive(message: HostMessage): void {
    this.#session.receive(message);
  }

  dispose(): void {
    this.#session.dispose();
    this.#root.replaceChildren();
  }

  #draw(): void {
    const { infos } = this.#session;
    for (const run of this.#chosen) if (!infos.some((each) => each.run === run)) this.#chosen.delete(run);
    this.#drawBar();
    if (infos.length === 0) {
      fill(this.#table, h("p", { class: "d-empty" }, "There are no runs yet. Train a config, and it appears here."));
      return;
    }
    const focused = document.activeElement?.getAttribute("data-run") ?? null;
    fill(this.#table, runsTable(this.#session, this.#isOffered ? (run) => this.#box(run) : null));
    // The rows are new: whoever chose by keys is where they were.
    if (focused !== null) this.#table.querySelector<HTMLElement>(`[data-run="${CSS.escape(focused)}"]`)?.focus();
  }

  get #isOffered(): boolean {
    return offers(this.#host, "overlay") && this.#session.infos.length > 1;
  }

  #drawBar(): void {
    show(this.#bar, this.#isOffered);
    const count = this.#chosen.size;
    write(this.#says, count < 2 ? "Choose two runs or more to compare them." : `${count} runs chosen`);
    show(this.#compare, count > 1);
  }

  #box(run: string): HTMLElement {
    const box = h("input", {
      type: "checkbox",
      class: "d-box",
      "data-run": run,
      "aria-label": `Compare run ${run}`,
      checked: this.#chosen.has(run),
      on: { change: () => this.#choose(run, box.checked) },
    });
    return box;
  }

  #choose(run: string, isChosen: boolean): void {
    if (isChosen) this.#chosen.add(run);
    else this.#chosen.delete(run);
    remember(this.#host, { chosen: [...this.#chosen] });
    this.#drawBar();
  }

  #post(): void {
    // Oldest first, as the comparison has them: the oldest is what the others are held against.
    const runs = this.#session.infos.map((each) => each.run).filter((each) => this.#chosen.has(each));
    this.#host.post({ type: "overlay", runs });
  }
}

function runsTable(session: Session, box: ((run: string) => HTMLElement) | null): HTMLElement {
  const head = ["Run", "Status", "Experiment", "Metric", "Value", "Curve", "Made", "Took"];
  const right = new Set(["Value", "Took"]);
  const spare = new Set(["Experiment", "Metric", "Made", "Took"]);
  const look = (name: string): string =>
    [right.has(name) && "d-right", spare.has(name) && "d-spare"].filter(Boolean).join(" ");
  return h(
    "table",
    { class: "d-table d-runs" },
    h("caption", { class: "d-spoken" }, "Runs, newest first"),
    h(
      "thead",
      {},
      h("tr", {}, box && h("td", {}), ...head.map((name) => h("th", { scope: "col", class: look(name) }, name))),
    ),
    h("tbody", {}, ...[...session.infos].reverse().map((info) => row(session, info, box))),
  );
}

function row(session: Session, info: RunInfo, box: ((run: string) => HTMLElement) | null): HTMLElement {
  const state = session.feed.state(info.run);
  const look = lookOf(standingOf(info, session.told.get(info.run) ?? null, state).status);
  const decides = state.decides ?? info.decides;
  return h(
    "tr",
    {},
    box && h("td", {}, box(info.run)),
    h("th", { scope: "row" }, info.run),
    h("td", {}, h("span", { class: `d-how d-tone-${look.tone}` }, icon(look.icon), look.word)),
    h("td", { class: "d-spare" }, info.experiment),
    h("td", { class: "d-faint d-spare" }, decides === null ? "" : `${decides.output}.${decides.metric}`),
    h("td", { class: "d-right d-number" }, metricText(state.best()?.value ?? info.value)),
    h("td", {}, curve(state)),
    h("td", { class: "d-faint d-spare" }, ageText(info.created, Date.now())),
    h("td", { class: "d-right d-number d-spare" }, durationText(state.end?.seconds ?? info.seconds)),
  );
}

function curve(state: RunState): SVGElement | string {
  const deciding = state.decidingCurve();
  if (deciding === undefined) return "";
  const { series, metric } = deciding;
  return sparkline(series, `${metric} over ${series.length} points, last ${metricText(series.last())}`);
}

/** Several runs side by side: their metrics against a base, what differs in their configs, their curves in one chart. */
import type { Change, HostMessage, RunInfo } from "../contract";
import { button } from "./buttons";
import { compareTable } from "./compare_table";
import { Curves } from "./curves";
import { comparedSplits, goalsOf } from "./delta";
import { fill, freshId, h, scroller, show } from "./dom";
import { type Host, type Mounted, offers, remember, remembered } from "./host";
import { Session } from "./session";

/** Show how runs differ under `root`. */
export function mountCompare(root: HTMLElement, host: Host): Mounted {
  return new ComparePanel(root, host);
}

class ComparePanel implements Mounted {
  readonly #root: HTMLElement;
  readonly #host: Host;
  readonly #session: Session;
  readonly #base: HTMLSelectElement;
  readonly #splits = h("div", { class: "d-segments", role: "group", "aria-label": "Split" });
  readonly #table = scroller();
  readonly #changes = h("section", { class: "d-section", "aria-label": "Config differences" });
  readonly #actions = h("div", { class: "d-actions" });
  readonly #title = h("h1", { class: "d-title" });
  readonly #head: HTMLElement;
  readonly #metrics: HTMLElement;
  #goals: Record<string, string> = {};
  #curves: Curves | null = null;
  #split = "";

  constructor(root: HTMLElement, host: Host) {
    this.#root = root;
    this.#host = host;
    const id = freshId();
    this.#base = h("select", { class: "d-select", id, on: { change: () => this.#chooseBase() } });
    this.#head = h(
      "header",
      { class: "d-header" },
      h("div", { class: "d-head-line" }, this.#title, h("span", { class: "d-grow" }), this.#actions),
    );
    this.#metrics = h(
      "section",
      { class: "d-section", "aria-label": "Metrics" },
      h(
        "div",
        { class: "d-bar" },
        h("h2", {}, "Metrics"),
        h("span", { class: "d-grow" }),
        h("div", { class: "d-field" }, h("label", { for: id }, "Against"), this.#base),
        this.#splits,
      ),
      this.#table,
    );
    this.#session = new Session(root, host, {
      init: (message) => this.#init(message),
      text: () => undefined,
      recolor: () => this.#curves?.recolor(),
      draw: () => this.#draw(),
    });
    root.replaceChildren(h("p", { class: "d-empty" }, "Waiting for the runs\u2026"));
  }

  receive(message: HostMessage): void {
    this.#session.receive(message);
    if (message.type === "snapshot" || message.type === "events") this.#feedCurves();
    if (message.type === "state") this.#drawTable();
  }

  dispose(): void {
    this.#curves?.dispose();
    this.#session.dispose();
    this.#root.replaceChildren();
  }

  #init(message: Extract<HostMessage, { type: "init" }>): void {
    const { infos } = this.#session;
    this.#curves?.dispose();
    if (infos.length === 0) {
      this.#root.replaceChildren(h("p", { class: "d-empty" }, "There are no runs to compare."));
      return;
    }
    const before = remembered(this.#host)["base"];
    const base = infos.find((each) => each.run === before)?.run ?? infos[0]?.run;
    fill(this.#base, ...infos.map(({ run }) => h("option", { value: run, selected: run === base }, run)));
    this.#goals = goalsOf(infos, message.goals ?? {});
    this.#title.textContent = infos.length === 1 ? "One run" : `${infos.length} runs compared`;
    this.#curves = new Curves(this.#root, this.#host, this.#session.settings, () => this.#session.frames.request());
    this.#root.replaceChildren(this.#head, this.#metrics, this.#changes, this.#curves.element);
    this.#drawTable();
    this.#drawActions();
    fill(this.#changes, ...changesView(infos, message.changes));
    this.#feedCurves();
  }

  #chooseBase(): void {
    remember(this.#host, { base: this.#base.value });
    this.#drawTable();
    this.#drawActions();
  }

  /** The editor's own diff has two sides: the base and each other run. */
  #drawActions(): void {
    const others = this.#session.infos.filter((each) => each.run !== this.#base.value);
    const one = others.length === 1;
    fill(
      this.#actions,
      ...(offers(this.#host, "diffConfig") ? others.slice(0, 4) : []).map(({ run }) =>
        button(
          one ? "Config diff" : `Diff ${run}`,
          "diff",
          () => this.#host.post({ type: "diffConfig", runs: [this.#base.value, run] }),
          { title: `Compare the configs of ${this.#base.value} and ${run} in the editor` },
        ),
      ),
    );
  }

  #drawTable(): void {
    const { infos } = this.#session;
    const splits = comparedSplits(infos);
    if (!splits.includes(this.#split)) {
      this.#split = splits.find((each) => each === "validation") ?? splits[0] ?? "";
    }
    show(this.#splits, splits.length > 1);
    fill(
      this.#splits,
      ...splits.map((split) =>
        h(
          "button",
          {
            type: "button",
            class: "d-segment",
            "aria-pressed": String(split === this.#split),
            on: { click: () => this.#chooseSplit(split) },
          },
          split,
        ),
      ),
    );
    fill(
      this.#table,
      splits.length === 0
        ? h("p", { class: "d-empty" }, "None of these runs has final metrics yet.")
        : compareTable(infos, this.#base.value, this.#split, this.#goals),
    );
  }

  #chooseSplit(split: string): void {
    const index = [...this.#splits.children].findIndex((each) => each === document.activeElement);
    this.#split = split;
    this.#drawTable();
    (this.#splits.children[index] as HTMLElement | undefined)?.focus();
  }

  #feedCurves(): void {
    const states = this.#session.infos.map((each) => this.#session.feed.state(each.run));
    this.#curves?.setStates(states, "These runs have no curves.");
  }

  #draw(): void {
    this.#curves?.draw();
  }
}

/** The list of values that differ; a sentence where nothing does, and nothing where the host does not know. */
function changesView(infos: readonly RunInfo[], changes: readonly Change[] | undefined): (HTMLElement | null)[] {
  if (changes === undefined) return [];
  const title = h("div", { class: "d-bar" }, h("h2", {}, "Config differences"));
  if (changes.length === 0) return [title, h("p", { class: "d-empty" }, "The configs say the same.")];
  const table = h(
    "table",
    { class: "d-table d-changes" },
    h("caption", { class: "d-spoken" }, "Values that differ between the configs"),
    h(
      "thead",
      {},
      h("tr", {}, h("th", { scope: "col" }, "Parameter"), ...infos.map(({ run }) => h("th", { scope: "col" }, run))),
    ),
    h(
      "tbody",
      {},
      ...changes.map(({ path, values }) =>
        h(
          "tr",
          {},
          h("th", { scope: "row" }, h("code", {}, path)),
          ...infos.map((_, index) => {
            const value = values[index] ?? null;
            const other = index > 0 && value !== (values[0] ?? null);
            return h(
              "td",
              { class: other ? "d-changed" : "" },
              value === null ? h("span", { class: "d-faint" }, "not there") : h("code", {}, value),
            );
          }),
        ),
      ),
    ),
  );
  return [title, scroller(table)];
}

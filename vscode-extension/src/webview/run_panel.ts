/** The panel of a run: its head, its curves, its results, its stages, its config and its log. */
import type { HostMessage, RunInfo } from "../contract";
import { Announcer } from "./announcer";
import { button } from "./buttons";
import { Curves } from "./curves";
import { fill, h, scroller, show } from "./dom";
import { metricText } from "./format";
import { Header } from "./header";
import { type Host, type Mounted, offers, remember, remembered } from "./host";
import { noticeView, problemView } from "./problems";
import { Results } from "./results";
import { Session } from "./session";
import { stagesView } from "./stages";
import { isLive, lookOf, standingOf } from "./standing";
import type { RunState } from "./state";
import { ConfigText, Fold, Logs } from "./texts";

const CLOCK = 1000;

/** Show runs under `root`: the chosen one in full, the others as curves beside its own. */
export function mountRun(root: HTMLElement, host: Host): Mounted {
  return new RunPanel(root, host);
}

class RunPanel implements Mounted {
  readonly #root: HTMLElement;
  readonly #host: Host;
  readonly #session: Session;
  readonly #announcer = new Announcer();
  readonly #choice = h("select", { class: "d-select", "aria-label": "Run to show" });
  readonly #choiceLine = h(
    "div",
    { class: "d-bar d-choice" },
    h("span", { class: "d-faint" }, "Details of"),
    this.#choice,
  );
  readonly #notice = h("div", {});
  readonly #problems = h("div", { class: "d-problems" });
  readonly #results = new Results();
  readonly #stages = new Fold("Stages", true);
  readonly #logs = new Logs();
  readonly #texts = new Map<string, string>();
  readonly #header: Header;
  readonly #config: ConfigText;
  readonly #clock: ReturnType<typeof setInterval>;
  #curves: Curves | null = null;
  #chosen: string | null = null;
  #shown = "";
  #stagesShown = "";
  #statusSaid = "";

  constructor(root: HTMLElement, host: Host) {
    this.#root = root;
    this.#host = host;
    this.#header = new Header(host);
    this.#config = new ConfigText(host);
    this.#session = new Session(root, host, {
      init: () => this.#init(),
      text: (kind, run, text) => this.#text(kind, run, text),
      recolor: () => this.#curves?.recolor(),
      draw: () => this.#draw(),
    });
    this.#choice.addEventListener("change", () => this.#choose(this.#choice.value));
    this.#clock = setInterval(() => this.#tick(), CLOCK);
    root.replaceChildren(h("p", { class: "d-empty" }, "Waiting for the run\u2026"), this.#announcer.element);
  }

  receive(message: HostMessage): void {
    this.#session.receive(message);
    if (message.type === "snapshot" || message.type === "events") this.#feedCurves();
  }

  dispose(): void {
    clearInterval(this.#clock);
    this.#curves?.dispose();
    this.#announcer.dispose();
    this.#session.dispose();
    this.#root.replaceChildren();
  }

  #init(): void {
    const { infos } = this.#session;
    const before = this.#chosen ?? remembered(this.#host)["chosen"];
    this.#chosen = infos.find((each) => each.run === before)?.run ?? infos.at(-1)?.run ?? null;
    fill(this.#choice, ...infos.map(({ run }) => h("option", { value: run, selected: run === this.#chosen }, run)));
    show(this.#choiceLine, infos.length > 1);
    this.#curves?.dispose();
    this.#curves = new Curves(
      this.#root,
      this.#host,
      this.#session.settings,
      () => this.#session.frames.request(),
      this.#overlayButton(),
    );
    this.#shown = this.#stagesShown = "";
    if (this.#chosen === null) {
      this.#root.replaceChildren(h("p", { class: "d-empty" }, "There is no run to show."), this.#announcer.element);
      return;
    }
    this.#root.replaceChildren(
      this.#announcer.element,
      this.#choiceLine,
      this.#header.element,
      this.#notice,
      this.#problems,
      this.#curves.element,
      this.#results.element,
      this.#stages.element,
      this.#config.fold.element,
      this.#logs.fold.element,
    );
    this.#feedCurves();
    this.#writeTexts();
  }

  /** The host asks which runs; this one is told those that are there. */
  #overlayButton(): HTMLElement | null {
    if (!offers(this.#host, "overlay")) return null;
    const runs = this.#session.infos.map(({ run }) => run);
    return button("Compare with\u2026", "diff", () => this.#host.post({ type: "overlay", runs }), {
      title: "See the metrics, configs and curves of other runs beside this one",
    });
  }

  #choose(run: string): void {
    this.#chosen = run;
    remember(this.#host, { chosen: run });
    this.#shown = this.#stagesShown = "";
    this.#writeTexts();
    this.#session.frames.request();
  }

  #feedCurves(): void {
    const states = this.#session.infos.map((each) => this.#session.feed.state(each.run));
    const chosen = this.#chosen === null ? null : this.#session.feed.state(this.#chosen);
    const [status] = this.#standing(chosen);
    this.#curves?.setStates(states, isLive(status) ? waiting(chosen) : "This run has no curves.");
  }

  #standing(state: RunState | null): [string, RunInfo | undefined] {
    const info = state === null ? undefined : this.#session.info(state.run);
    if (state === null || info === undefined) return ["", undefined];
    return [standingOf(info, this.#session.told.get(info.run) ?? null, state).status, info];
  }

  #draw(): void {
    const info = this.#chosen === null ? undefined : this.#session.info(this.#chosen);
    if (info === undefined) return;
    const state = this.#session.feed.state(info.run);
    const told = standingOf(info, this.#session.told.get(info.run) ?? null, state);
    this.#header.draw(info, state, told, Date.now());
    const shown = `${told.status}|${told.message}|${state.starts}|${state.revision("problems")}`;
    if (shown !== this.#shown) {
      this.#shown = shown;
      this.#feedCurves();
      const notice = noticeView(info, state, told, this.#host);
      fill(this.#notice, notice);
      const warnings = state.problems.filter((each) => each.severity !== "error" || told.status !== "failed");
      fill(this.#problems, ...warnings.map(problemView));
    }
    this.#drawStages(state, told.status);
    this.#results.draw(state);
    this.#logs.draw(state);
    this.#curves?.draw();
    this.#say(info, state, told.status);
  }

  #drawStages(state: RunState, status: string): void {
    const shown = `${state.run}|${state.starts}|${state.revision("stages")}|${isLive(status)}`;
    if (shown === this.#stagesShown) return;
    this.#stagesShown = shown;
    const stages = [...state.stages.values()];
    show(this.#stages.element, stages.length > 0);
    fill(this.#stages.body, scroller(stagesView(stages, isLive(status))));
    const cached = stages.filter((each) => each.cached === true).length;
    this.#stages.note(cached > 0 ? `${cached} of ${stages.length} from the cache` : "");
  }

  #say(info: RunInfo, state: RunState, status: string): void {
    if (status !== this.#statusSaid) {
      this.#statusSaid = status;
      this.#announcer.say(`Run ${info.run}: ${lookOf(status).word}`, true);
      return;
    }
    const { progress, training } = state;
    if (status !== "running" || progress === null || training === null || state.decides === null) return;
    const value = metricText(state.decidingCurve()?.series.last());
    this.#announcer.say(`Epoch ${progress.epoch} of ${training.epochs}, ${state.decides.metric} ${value}`);
  }

  #text(kind: "resolved" | "log", run: string, text: string): void {
    this.#texts.set(`${kind} ${run}`, text);
    this.#writeTexts();
  }

  #writeTexts(): void {
    this.#config.write(this.#texts.get(`resolved ${this.#chosen}`) ?? "");
    this.#logs.writeOutput(this.#texts.get(`log ${this.#chosen}`) ?? "");
  }

  /** Times go on between events while a run is at work. */
  #tick(): void {
    const state = this.#chosen === null ? null : this.#session.feed.state(this.#chosen);
    const [status] = this.#standing(state);
    if (isLive(status)) this.#session.frames.request();
  }
}

/** What is said where the curves will be. */
function waiting(state: RunState | null): string {
  const stage = state === null ? undefined : [...state.stages.values()].at(-1);
  if (stage === undefined) return "The training process is starting\u2026";
  if (state?.training !== null) return "The first values come at the end of the first epoch.";
  return `${stage.label || stage.name}\u2026`;
}

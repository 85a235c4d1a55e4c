/** The head of a run's panel: who it is, how it stands, how far and how good it is, and what can be done. */
import type { RunInfo } from "../contract";
import { button } from "./buttons";
import { fill, h, show, write } from "./dom";
import { ageText, countText, durationText, metricText, speedText } from "./format";
import { type Host, offers } from "./host";
import { icon } from "./icons";
import { type Told, canResume, isLive, lookOf } from "./standing";
import type { RunState } from "./state";

/** A figure of the head: a name, a value in large, and a remark below it. */
interface Tile {
  element: HTMLElement;
  name: HTMLElement;
  value: HTMLElement;
  remark: HTMLElement;
}

export class Header {
  readonly element: HTMLElement;
  readonly #host: Host;
  readonly #title = h("h1", { class: "d-title" });
  readonly #experiment = h("span", { class: "d-faint" });
  readonly #badge = h("span", { class: "d-badge" });
  readonly #buttons = h("div", { class: "d-actions" });
  readonly #bar = h("div", { class: "d-progress-fill" });
  readonly #progress: HTMLElement;
  readonly #metric = tile();
  readonly #epoch = tile();
  readonly #time = tile();
  readonly #device = tile();
  #badgeShown = "";
  #buttonsShown = "";
  #stopAsked = false;

  constructor(host: Host) {
    this.#host = host;
    this.#progress = h("div", { class: "d-progress", role: "progressbar", "aria-label": "Steps done" }, this.#bar);
    this.#metric.element.classList.add("d-tile-main");
    this.element = h(
      "header",
      { class: "d-header" },
      h(
        "div",
        { class: "d-head-line" },
        this.#badge,
        h("div", { class: "d-names" }, this.#title, this.#experiment),
        this.#buttons,
      ),
      h(
        "div",
        { class: "d-tiles" },
        this.#metric.element,
        this.#epoch.element,
        this.#time.element,
        this.#device.element,
      ),
      this.#progress,
    );
  }

  /** Show how it is at `now` (milliseconds since 1970). */
  draw(info: RunInfo, state: RunState, told: Told, now: number): void {
    write(this.#title, info.run);
    const parts = [state.experiment || info.experiment, ageText(info.created, now)];
    if (info.trigger !== "") parts.push(`from the ${TRIGGERS[info.trigger] ?? info.trigger}`);
    write(this.#experiment, parts.filter((each) => each !== "").join(" \u00b7 "));
    this.#drawBadge(told);
    this.#drawButtons(info, told.status);
    this.#drawMetric(info, state, told.status);
    this.#drawEpoch(state, told.status);
    this.#drawTime(info, state, told.status, now);
    this.#drawDevice(state);
  }

  #drawBadge(told: Told): void {
    if (told.status === this.#badgeShown) return;
    this.#badgeShown = told.status;
    if (!isLive(told.status)) this.#stopAsked = false;
    const look = lookOf(told.status);
    this.#badge.className = `d-badge d-tone-${look.tone}`;
    fill(this.#badge, icon(look.icon), h("span", {}, look.word));
  }

  #drawButtons(info: RunInfo, status: string): void {
    const wanted = `${info.run} ${status} ${this.#stopAsked} ${info.config !== undefined || info.uri !== undefined}`;
    if (wanted === this.#buttonsShown) return;
    this.#buttonsShown = wanted;
    const { run } = info;
    const post = this.#host.post.bind(this.#host);
    const focused = this.#buttons.contains(document.activeElement);
    const stopping = status === "stopping" || this.#stopAsked;
    fill(
      this.#buttons,
      isLive(status) &&
        status !== "reconnecting" &&
        offers(this.#host, "stop") &&
        (stopping
          ? button("Stop now", "stop", () => post({ type: "stop", run, again: true }), {
              look: "danger",
              title: "Do not wait for the checkpoint; what came after the last one is lost",
            })
          : button("Stop", "stop", () => this.#stop(info), { title: "Write a checkpoint, then stop" })),
      canResume(status) &&
        offers(this.#host, "resume") &&
        button("Resume", "play", () => post({ type: "resume", run }), {
          // After a failure the config comes first: the notice below has the button for it.
          ...(status === "failed" ? {} : { look: "primary" as const }),
          title: "Go on from the last checkpoint",
        }),
      offers(this.#host, "openConfig") &&
        (info.config !== undefined || info.uri !== undefined) &&
        button("Config", "file", () => post({ type: "openConfig", run }), { title: "Open the config" }),
      offers(this.#host, "openFolder") &&
        button("Folder", "folder", () => post({ type: "openFolder", run }), { title: info.path }),
    );
    if (focused) this.#buttons.querySelector("button")?.focus();
  }

  #stop(info: RunInfo): void {
    this.#stopAsked = true;
    this.#host.post({ type: "stop", run: info.run });
    this.#drawButtons(info, "stopping");
  }

  #drawMetric(info: RunInfo, state: RunState, status: string): void {
    const decides = state.decides ?? info.decides;
    const best = state.best();
    const last = state.decidingCurve()?.series.last() ?? Number.NaN;
    if (decides === null) {
      setTile(this.#metric, "Deciding metric", "\u2013", "");
      return;
    }
    const split = state.decidingCurve()?.split ?? "validation";
    const name = decides.output === "combined" ? decides.metric : `${decides.output}.${decides.metric}`;
    const label = `${name}, ${split}`;
    if (isLive(status)) {
      const value = Number.isNaN(last) ? "\u2013" : metricText(last);
      const remark = best === null ? "no value yet" : `best ${metricText(best.value)} at epoch ${best.epoch}`;
      setTile(this.#metric, label, value, remark);
      return;
    }
    const kept = best?.value ?? info.value;
    setTile(
      this.#metric,
      label,
      kept === null ? "\u2013" : metricText(kept),
      best === null ? "" : `best, at epoch ${best.epoch}`,
    );
  }

  #drawEpoch(state: RunState, status: string): void {
    const { training, progress } = state;
    const epoch = state.trainingEnd?.epoch ?? progress?.epoch ?? 0;
    const total = training?.epochs ?? Number.NaN;
    const value = training === null ? "\u2013" : `${countText(epoch)} / ${countText(total)}`;
    const step = state.trainingEnd?.step ?? progress?.step ?? 0;
    const why = state.trainingEnd === null ? undefined : REASONS[state.trainingEnd.reason];
    const speed = isLive(status) ? (progress?.stepsPerSecond ?? null) : null;
    const remark = `step ${countText(step)}${speed === null ? "" : `, ${speedText(speed)} a second`}`;
    setTile(this.#epoch, "Epoch", value, why ?? (training === null ? "" : remark));
    const share = training !== null && training.totalSteps > 0 ? Math.min(1, step / training.totalSteps) : 0;
    show(this.#progress, isLive(status));
    this.#bar.style.setProperty("width", `${(share * 100).toFixed(1)}%`);
    this.#progress.setAttribute("aria-valuenow", String(Math.round(share * 100)));
  }

  #drawTime(info: RunInfo, state: RunState, status: string, now: number): void {
    const live = isLive(status);
    const { startTime, lastTime } = state;
    const seen = startTime === null ? null : (live ? now / 1000 : (lastTime ?? startTime)) - startTime;
    const spent = state.end?.seconds ?? (live ? seen : (info.seconds ?? seen));
    const { progress } = state;
    let remark = "";
    if (live && status !== "reconnecting" && typeof progress?.etaSeconds === "number") {
      const left = progress.etaSeconds - Math.max(0, now / 1000 - (state.lastTime ?? now / 1000));
      if (left >= 1) remark = `at most ${durationText(left)} left`;
    }
    setTile(this.#time, "Time", durationText(spent), remark);
  }

  #drawDevice(state: RunState): void {
    const { training } = state;
    if (training === null) {
      setTile(this.#device, "Device", "\u2013", "");
      return;
    }
    const remarks: string[] = [];
    if (training.device === "cpu" && training.threads > 0) {
      remarks.push(`${training.threads} thread${training.threads === 1 ? "" : "s"}`);
    }
    if (training.memoryBytes !== null) remarks.push(`${(training.memoryBytes / 2 ** 30).toFixed(1)} GiB`);
    if (training.parameters >= 0) remarks.push(`${countText(training.parameters)} weights`);
    if (training.frozenParameters > 0) remarks.push(`${countText(training.frozenParameters)} frozen`);
    setTile(this.#device, "Device", training.device || "\u2013", remarks.join(", "));
  }
}

const TRIGGERS: Record<string, string> = { cli: "command line" };

const REASONS: Record<string, string> = {
  epochs: "all epochs done",
  train_steps: "all steps done",
  early_stop: "stopped early",
  interrupted: "interrupted",
};

function tile(): Tile {
  const name = h("dt", {});
  const value = h("dd", { class: "d-tile-value d-number" });
  const remark = h("dd", { class: "d-tile-remark" });
  return { element: h("dl", { class: "d-tile" }, name, value, remark), name, value, remark };
}

function setTile(it: Tile, name: string, value: string, remark: string): void {
  write(it.name, name);
  write(it.value, value);
  write(it.remark, remark);
}

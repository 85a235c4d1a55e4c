/** A table of runs: how each stands, how good it is, and its deciding metric as a small curve. */
import type { HostMessage, RunInfo } from "../contract";
import { fill, h, scroller } from "./dom";
import { ageText, durationText, metricText } from "./format";
import type { Host, Mounted } from "./host";
import { icon } from "./icons";
import { Session } from "./session";
import { sparkline } from "./sparkline";
import { lookOf, standingOf } from "./standing";
import type { RunState } from "./state";

/** Show runs, newest first, under `root`. */
export function mountRuns(root: HTMLElement, host: Host): Mounted {
  const scroll = scroller();
  const session: Session = new Session(root, host, {
    init: () => undefined,
    text: () => undefined,
    recolor: () => undefined,
    draw,
  });
  root.replaceChildren(scroll);

  function draw(): void {
    if (session.infos.length === 0) {
      fill(scroll, h("p", { class: "d-empty" }, "There are no runs yet. Train a config, and it appears here."));
      return;
    }
    fill(scroll, runsTable(session));
  }

  return {
    receive: (message: HostMessage) => session.receive(message),
    dispose: () => {
      session.dispose();
      root.replaceChildren();
    },
  };
}

function runsTable(session: Session): HTMLElement {
  const head = ["Run", "Status", "Experiment", "Metric", "Value", "Curve", "Made", "Took"];
  const right = new Set(["Value", "Took"]);
  return h(
    "table",
    { class: "d-table d-runs" },
    h("caption", { class: "d-spoken" }, "Runs, newest first"),
    h(
      "thead",
      {},
      h("tr", {}, ...head.map((name) => h("th", { scope: "col", class: right.has(name) ? "d-right" : "" }, name))),
    ),
    h("tbody", {}, ...[...session.infos].reverse().map((info) => row(session, info))),
  );
}

function row(session: Session, info: RunInfo): HTMLElement {
  const state = session.feed.state(info.run);
  const look = lookOf(standingOf(info, session.told.get(info.run) ?? null, state).status);
  const decides = state.decides ?? info.decides;
  return h(
    "tr",
    {},
    h("th", { scope: "row" }, info.run),
    h("td", {}, h("span", { class: `d-how d-tone-${look.tone}` }, icon(look.icon), look.word)),
    h("td", {}, info.experiment),
    h("td", { class: "d-faint" }, decides === null ? "" : `${decides.output}.${decides.metric}`),
    h("td", { class: "d-right d-number" }, metricText(state.best()?.value ?? info.value)),
    h("td", {}, curve(state)),
    h("td", { class: "d-faint" }, ageText(info.created, Date.now())),
    h("td", { class: "d-right d-number" }, durationText(state.end?.seconds ?? info.seconds)),
  );
}

function curve(state: RunState): SVGElement | string {
  const deciding = state.decidingCurve();
  if (deciding === undefined) return "";
  const { series, metric } = deciding;
  return sparkline(series, `${metric} over ${series.length} points, last ${metricText(series.last())}`);
}

/** Problems with their place and the way out, and the notice of how a run ended or what it waits for. */
import type { RunInfo } from "../contract";
import { button } from "./buttons";
import { h } from "./dom";
import { type Host, offers } from "./host";
import { icon } from "./icons";
import { type Told, lookOf } from "./standing";
import type { Problem } from "./facts";
import type { RunState } from "./state";

/** Return one problem. */
export function problemView(problem: Problem): HTMLElement {
  const bad = problem.severity === "error";
  const place = [problem.path, problem.line === null ? "" : `line ${problem.line}`].filter((each) => each !== "");
  return h(
    "div",
    { class: `d-problem d-tone-${bad ? "bad" : "warn"}` },
    icon(bad ? "cross" : "warning"),
    h(
      "div",
      { class: "d-problem-text" },
      h(
        "p",
        { class: "d-problem-message" },
        h("span", { class: "d-spoken" }, `${problem.severity}: `),
        problem.message,
      ),
      place.length > 0 &&
        h("p", { class: "d-place" }, h("code", {}, place[0] ?? ""), place.length > 1 && ` \u00b7 ${place[1]}`),
      problem.hint !== "" && h("p", { class: "d-hint" }, problem.hint),
    ),
  );
}

/** Return what is to be said above all else; null while all is well. */
export function noticeView(info: RunInfo, state: RunState, told: Told, host: Host): HTMLElement | null {
  const words = NOTICES[told.status];
  if (words === undefined) return null;
  const errors = told.status === "failed" ? state.problems.filter((each) => each.severity === "error") : [];
  const look = lookOf(told.status);
  const body =
    errors.length > 0
      ? errors.map(problemView)
      : [h("p", { class: "d-problem-message" }, told.message === "" ? words.message : told.message)];
  const next = errors.some((each) => each.hint !== "") && told.status === "failed" ? FIX_AND_TRAIN : words.next;
  return h(
    "section",
    { class: `d-notice d-tone-${look.tone}`, role: told.status === "failed" ? "alert" : "status" },
    h("h2", {}, icon(look.icon), words.title),
    ...body,
    next !== "" && h("p", { class: "d-next" }, next),
    told.status === "failed" &&
      offers(host, "openConfig") &&
      (info.config !== undefined || info.uri !== undefined) &&
      button("Open the config", "file", () => host.post({ type: "openConfig", run: info.run }), { look: "primary" }),
  );
}

const FIX_AND_TRAIN = "Change the config, save it and train again. What did not change is taken from the cache.";

interface Words {
  title: string;
  message: string;
  next: string;
}

const NOTICES: Record<string, Words> = {
  failed: { title: "The run failed", message: "It ended with an error.", next: "The log below says more." },
  interrupted: {
    title: "Interrupted",
    message: "The run was stopped before its end.",
    next: "Resume goes on from the checkpoint, as if nothing had happened.",
  },
  killed: {
    title: "The training process is gone",
    message: "It ended without a word. The system does this when memory runs out.",
    next: "Resume goes on from the last checkpoint. If memory ran out, make trainer.batch_size smaller first.",
  },
  unreadable: {
    title: "The run cannot be read",
    message: "Its record is damaged, or a newer declml wrote it.",
    next: "",
  },
  reconnecting: {
    title: "Reconnecting",
    message: "The connection to the run's machine is lost. The run goes on there.",
    next: "Shown is what was known before. The rest comes as soon as the connection is back.",
  },
};

/** What the events of a run tell a list: how far it is and how good. Knows nothing of VS Code. */
import type { Decides, RunInfo, RunStatus } from "../contract";
import type { RunEvent } from "../events.gen";
import { decidesOf, figure } from "./record";

/** Where a run stands. */
export interface Live {
  status: RunStatus | undefined;
  decides: Decides | null;
  /** The deciding metric of the best epoch so far on the validation split. */
  best: number | null;
  /** The metrics of that epoch: split -> output -> metric -> number. */
  metrics: RunInfo["metrics"];
  /** Those of the newest epoch's training split. */
  training: RunInfo["metrics"][string];
  epoch: number;
  epochs: number;
  etaSeconds: number | null;
  /** What is being done before the first epoch. */
  stage: string;
  message: string;
  startedAt: number | undefined;
  lastAt: number | undefined;
}

export const NOT_BEGUN: Live = {
  status: undefined,
  decides: null,
  best: null,
  metrics: {},
  training: {},
  epoch: 0,
  epochs: 0,
  etaSeconds: null,
  stage: "",
  message: "",
  startedAt: undefined,
  lastAt: undefined,
};

/** Return where the run stands after one more event. */
export function advance(live: Live, event: RunEvent): Live {
  const next = { ...live, lastAt: event.time };
  switch (event.kind) {
    case "run_started":
      return { ...next, status: "running", startedAt: event.time, message: "" };
    case "stage_started":
      return { ...next, stage: event.label };
    case "training_started":
      return { ...next, epochs: event.epochs, decides: decidesOf(event.decides) };
    case "step":
      return { ...next, epoch: event.epoch, etaSeconds: figure(event.eta_seconds) };
    case "metrics": {
      const deciding = live.decides === null ? undefined : event.values[live.decides.output]?.[live.decides.metric];
      const value = event.split === "validation" ? figure(deciding) : null;
      const better = value !== null && (event.best || live.best === null);
      if (event.split === "training") return { ...next, epoch: event.epoch, training: event.values };
      // Each epoch measures the training split first; those of the best epoch stand together.
      const metrics = better ? { training: live.training, validation: event.values } : live.metrics;
      return { ...next, epoch: event.epoch, best: better ? value : live.best, metrics };
    }
    case "run_finished": {
      const status = ENDS.find((each) => each === event.status);
      return { ...next, status: status ?? live.status, message: event.message, etaSeconds: null };
    }
    default:
      return next;
  }
}

const ENDS: readonly RunStatus[] = ["finished", "failed", "interrupted"];

/** Return where a run stands in a few words: `epoch 3/40`. */
export function progress(live: Live): string {
  if (live.epoch === 0) return live.stage === "" ? "starting" : live.stage;
  return live.epochs > 0 ? `epoch ${live.epoch}/${live.epochs}` : `epoch ${live.epoch}`;
}

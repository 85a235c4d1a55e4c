/** What each event means for the state of its run: the same fold as the runtime's own. */
import { type Confusion, type Values, key } from "./facts";
import { figure, figureOrNull } from "./format";
import { Series } from "./series";
import type { RunState } from "./state";

type Event = Record<string, unknown>;

const KEPT_LOG_LINES = 5000;

/** What each kind of event does to a state; a TypeError leaves it as it was. */
export const ACTS: Readonly<Record<string, (it: RunState, event: Event) => void>> = {
  run_started(it, event) {
    // A later process goes on from a checkpoint: what was said of steps after it did not happen. Without a checkpoint
    // it begins again, and nothing that was said of steps happened.
    const from = event["resumed_from_step"];
    const last = from === null || from === undefined ? -1 : figure(from);
    for (const [name, { series }] of it.curves) {
      series.truncate(last);
      if (series.length === 0) it.curves.delete(name);
    }
    it.stepLoss.truncate(last);
    it.learningRate.truncate(last);
    it.bests = it.bests.filter((each) => each.step <= last);
    it.resumes = it.resumes.filter((each) => each <= last);
    if (last > 0) it.resumes.push(last);
    it.stages.clear();
    it.evaluations.clear();
    it.problems = [];
    it.progress = it.trainingEnd = it.end = null;
    it.starts += 1;
    it.experiment = text(event["experiment"]);
    it.startTime = figureOrNull(event["time"]);
    it.touch("curves", "stages", "problems", "evaluations", "progress", "training", "end");
  },
  stage_started(it, event) {
    const name = word(event["stage"]);
    it.stages.set(name, {
      name,
      label: text(event["label"]),
      cached: null,
      reason: "",
      seconds: null,
      done: null,
      total: null,
    });
    it.touch("stages");
  },
  stage_progress(it, event) {
    const stage = it.stages.get(word(event["stage"]));
    if (stage === undefined || stage.seconds !== null) return;
    stage.done = figure(event["done"]);
    stage.total = figureOrNull(event["total"]);
    it.touch("stages");
  },
  stage_finished(it, event) {
    const name = word(event["stage"]);
    it.stages.set(name, {
      name,
      label: it.stages.get(name)?.label ?? "",
      cached: Boolean(event["cached"]),
      reason: text(event["reason"]),
      seconds: figure(event["seconds"]),
      done: null,
      total: null,
    });
    it.touch("stages");
  },
  training_started(it, event) {
    const count = (name: string): number => figureOrNull(event[name]) ?? Number.NaN;
    it.training = {
      epochs: count("epochs"),
      stepsPerEpoch: count("steps_per_epoch"),
      totalSteps: count("total_steps"),
      batchSize: count("batch_size"),
      parameters: count("parameters"),
      frozenParameters: count("frozen_parameters"),
      device: text(event["device"]),
      threads: count("threads"),
      memoryBytes: figureOrNull(event["memory_bytes"]),
    };
    const decides = event["decides"];
    if (isObject(decides) && typeof decides["metric"] === "string") {
      it.decides = {
        output: text(decides["output"]),
        metric: decides["metric"],
        goal: text(decides["goal"]),
      };
    }
    it.touch("training", "curves");
  },
  step(it, event) {
    const [step, epoch] = [figure(event["step"]), figure(event["epoch"])];
    const loss = figure(event["loss"]);
    const rate = figure(event["learning_rate"]);
    const perEpoch = it.training?.stepsPerEpoch ?? Number.NaN;
    const within = perEpoch > 0 ? Math.min(1, Math.max(0, step / perEpoch - (epoch - 1))) : 0;
    it.stepLoss.push(step, epoch - 1 + within, loss);
    it.learningRate.push(step, epoch - 1 + within, rate);
    it.progress = {
      epoch,
      step,
      stepsPerSecond: figureOrNull(event["steps_per_second"]),
      etaSeconds: figureOrNull(event["eta_seconds"]),
    };
    it.touch("curves", "progress");
  },
  metrics(it, event) {
    const split = word(event["split"]);
    const [step, epoch] = [figure(event["step"]), figure(event["epoch"])];
    const values = event["values"];
    if (!isObject(values)) throw new TypeError("Values must be an object.");
    for (const output in values) {
      const metrics = values[output];
      if (!isObject(metrics)) continue;
      for (const metric in metrics) {
        const name = key(split, output, metric);
        let curve = it.curves.get(name);
        if (curve === undefined) {
          curve = { split, output, metric, series: new Series() };
          it.curves.set(name, curve);
        }
        curve.series.push(step, epoch, figureOrNull(metrics[metric]) ?? Number.NaN);
      }
    }
    if (event["best"] === true && it.bests.at(-1)?.step !== step) it.bests.push({ epoch, step });
    const before = it.progress;
    it.progress = {
      epoch,
      step,
      stepsPerSecond: before?.stepsPerSecond ?? null,
      etaSeconds: before?.etaSeconds ?? null,
    };
    it.touch("curves", "progress");
  },
  checkpoint() {
    // Nothing on the screen speaks of checkpoints; what a resume makes void is told by `run_started`.
  },
  training_finished(it, event) {
    it.trainingEnd = {
      epoch: figure(event["epoch"]),
      step: figure(event["step"]),
      bestEpoch: figureOrNull(event["best_epoch"]),
      reason: text(event["reason"]),
    };
    it.touch("progress", "end");
  },
  evaluation(it, event) {
    const split = word(event["split"]);
    const slices = Array.isArray(event["slices"]) ? event["slices"].filter(isObject) : [];
    const confusion = isObject(event["confusion"]) ? event["confusion"] : {};
    it.evaluations.set(split, {
      split,
      rows: figureOrNull(event["rows"]) ?? Number.NaN,
      values: valuesOf(event["values"]),
      slices: slices.map((each) => ({
        name: text(each["name"]),
        rows: figureOrNull(each["rows"]) ?? Number.NaN,
        values: isObject(each["values"]) ? valuesOf(each["values"]) : {},
      })),
      confusion: Object.fromEntries(
        Object.entries(confusion).flatMap(([output, each]) => {
          const table = confusionOf(each);
          return table === null ? [] : [[output, table]];
        }),
      ),
    });
    it.touch("evaluations");
  },
  log(it, event) {
    it.logs.push({ level: word(event["level"]), message: text(event["message"]) });
    if (it.logs.length > KEPT_LOG_LINES) {
      it.logs.splice(0, KEPT_LOG_LINES / 5);
      it.logsDropped += KEPT_LOG_LINES / 5;
    }
    it.touch("logs");
  },
  problem(it, event) {
    const problem = event["problem"];
    if (!isObject(problem)) throw new TypeError("A problem must be an object.");
    it.problems.push({
      code: text(problem["code"]),
      severity: text(problem["severity"]) || "error",
      message: text(problem["message"]),
      path: text(problem["path"]),
      hint: text(problem["hint"]),
      line: figureOrNull(problem["line"]),
    });
    it.touch("problems");
  },
  run_finished(it, event) {
    it.end = {
      status: word(event["status"]),
      seconds: figureOrNull(event["seconds"]),
      message: text(event["message"]),
    };
    it.touch("end", "progress");
  },
};

function valuesOf(value: unknown): Values {
  if (!isObject(value)) throw new TypeError("Values must be an object.");
  return Object.fromEntries(
    Object.entries(value).filter((pair): pair is [string, Record<string, unknown>] => isObject(pair[1])),
  );
}

function confusionOf(value: unknown): Confusion | null {
  if (!isObject(value) || !Array.isArray(value["classes"]) || !Array.isArray(value["counts"])) return null;
  const counts = value["counts"].map((row) => (Array.isArray(row) ? row.map((each) => figureOrNull(each) ?? 0) : []));
  return { classes: value["classes"].map(String), counts };
}

/** Whether a value of JSON is an object. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function word(value: unknown): string {
  if (typeof value !== "string") throw new TypeError(`A name must be a text; got ${String(value)}.`);
  return value;
}

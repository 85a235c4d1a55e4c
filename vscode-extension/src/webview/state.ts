/**
 * All that a run has said so far that still counts: curves, stages, log lines, the end. What each event means is in
 * `fold.ts`; a view asks `revision` whether a part is new.
 */
import type { Decides } from "../contract";
import {
  type Curve,
  type End,
  type Evaluation,
  type LogLine,
  type Problem,
  type Progress,
  type Stage,
  type Training,
  type TrainingEnd,
  key,
} from "./facts";
import { ACTS, isObject } from "./fold";
import { figureOrNull } from "./format";
import { Series } from "./series";

/** The parts of a state that change on their own. */
export type Part = "curves" | "stages" | "logs" | "problems" | "evaluations" | "training" | "progress" | "end";

/** All that a run has said so far that still counts. */
export class RunState {
  readonly run: string;
  starts = 0;
  experiment = "";
  training: Training | null = null;
  decides: Decides | null = null;
  progress: Progress | null = null;
  /** Metrics by `key(split, output, metric)`, in the order in which they were first told. */
  readonly curves = new Map<string, Curve>();
  readonly stepLoss = new Series();
  readonly learningRate = new Series();
  readonly stages = new Map<string, Stage>();
  logs: LogLine[] = [];
  /** Log lines dropped from the front of `logs`. */
  logsDropped = 0;
  problems: Problem[] = [];
  readonly evaluations = new Map<string, Evaluation>();
  /** Epochs and steps at which the deciding metric became the best so far. */
  bests: { epoch: number; step: number }[] = [];
  /** Steps from which a later process went on. */
  resumes: number[] = [];
  trainingEnd: TrainingEnd | null = null;
  end: End | null = null;
  /** Seconds since 1970 of the latest event and of the latest start. */
  lastTime: number | null = null;
  startTime: number | null = null;
  readonly #revisions: Record<Part, number> = {
    curves: 0,
    stages: 0,
    logs: 0,
    problems: 0,
    evaluations: 0,
    training: 0,
    progress: 0,
    end: 0,
  };

  constructor(run: string) {
    this.run = run;
  }

  /** A number that is another one after each change of this part. */
  revision(part: Part): number {
    return this.#revisions[part];
  }

  /** The curve of one metric. */
  curve(split: string, output: string, metric: string): Curve | undefined {
    return this.curves.get(key(split, output, metric));
  }

  /** The deciding metric's curve: on the validation split, or on the training split where there is no other. */
  decidingCurve(): Curve | undefined {
    if (this.decides === null) return undefined;
    const { output, metric } = this.decides;
    return this.curve("validation", output, metric) ?? this.curve("training", output, metric);
  }

  /** The best value so far with its epoch; null while there is none. */
  best(): { value: number; epoch: number; step: number } | null {
    const at = this.bests.at(-1);
    const value = at && this.decidingCurve()?.series.at(at.step);
    return at && value !== undefined && Number.isFinite(value) ? { ...at, value } : null;
  }

  /** Take one more event; an unknown kind, or a known one that lacks a field, changes nothing. */
  take(event: unknown): void {
    if (!isObject(event)) return;
    const act = ACTS[String(event["kind"])];
    if (act === undefined) return;
    try {
      act(this, event);
    } catch (error) {
      if (error instanceof TypeError) return; // an event of another version
      throw error;
    }
    const time = figureOrNull(event["time"]);
    if (time !== null) this.lastTime = time;
  }

  /** Note that parts changed. */
  touch(...parts: Part[]): void {
    for (const part of parts) this.#revisions[part] += 1;
  }
}

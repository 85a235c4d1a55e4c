/** What is known of a run, piece by piece: the values that its state holds and its views show. */
import type { Series } from "./series";

/** One metric of one output on one split. */
export interface Curve {
  split: string;
  output: string;
  metric: string;
  series: Series;
}

/** A stage of the chain in the latest process. `cached` and `seconds` are null until it is finished. */
export interface Stage {
  name: string;
  label: string;
  cached: boolean | null;
  reason: string;
  seconds: number | null;
  /** Parts done and in all, while it says so. */
  done: number | null;
  total: number | null;
}

export interface LogLine {
  level: string;
  message: string;
}

/** A mistake, as the checker tells it. */
export interface Problem {
  code: string;
  severity: string;
  message: string;
  path: string;
  hint: string;
  line: number | null;
}

export type Values = Record<string, Record<string, unknown>>;

export interface Slice {
  name: string;
  rows: number;
  values: Values;
}

/** Counts of answers: `counts[i][j]` rows of class i were taken for class j. */
export interface Confusion {
  classes: string[];
  counts: number[][];
}

/** The final metrics of one split. */
export interface Evaluation {
  split: string;
  rows: number;
  values: Values;
  slices: Slice[];
  confusion: Record<string, Confusion>;
}

/** What training began with; a number is NaN where an older stream lacks it. */
export interface Training {
  epochs: number;
  stepsPerEpoch: number;
  totalSteps: number;
  batchSize: number;
  parameters: number;
  frozenParameters: number;
  device: string;
  threads: number;
  memoryBytes: number | null;
}

export interface Progress {
  epoch: number;
  step: number;
  stepsPerSecond: number | null;
  etaSeconds: number | null;
}

export interface End {
  status: string;
  seconds: number | null;
  message: string;
}

export interface TrainingEnd {
  epoch: number;
  step: number;
  bestEpoch: number | null;
  reason: string;
}

/** The key of a curve. */
export function key(split: string, output: string, metric: string): string {
  return `${split}\n${output}\n${metric}`;
}

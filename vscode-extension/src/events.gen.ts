// Written by scripts/write_event_types.py from the schema of a run's events. Do not edit.

/** A number as the stream writes it. */
export type Figure = number | "nan" | "inf" | "-inf";

interface EventBase {
  /** The place in the stream, from 0. */
  seq: number;
  /** Seconds since 1970. */
  time: number;
}

/** The training process is up and knows its plan. */
export interface RunStartedEvent extends EventBase {
  kind: "run_started";
  /** The experiment that it belongs to. */
  experiment: string;
  /** The id of the training process on its machine. */
  process: number;
  /** The optimizer step it goes on from; every later point seen before is void. */
  resumed_from_step: number | null;
  /** The id of the run. */
  run: string;
}

/** A stage of the chain begins: source, table, split, fit, dataset, model, training or evaluation. */
export interface StageStartedEvent extends EventBase {
  kind: "stage_started";
  /** What is being done, for a person. */
  label: string;
  /** The stage's name. */
  stage: string;
}

/** How far a long stage is. */
export interface StageProgressEvent extends EventBase {
  kind: "stage_progress";
  /** Parts done. */
  done: Figure;
  /** The stage's name. */
  stage: string;
  /** Parts in all. */
  total: Figure | null;
}

/** A stage is done, or was taken from the cache. */
export interface StageFinishedEvent extends EventBase {
  kind: "stage_finished";
  /** Whether nothing had to be done. */
  cached: boolean;
  /** What came of it: rows, vocabulary sizes, parameter counts, ... */
  facts: Record<string, unknown>;
  /** Why it ran or why it could be reused. */
  reason: string;
  /** Wall time. */
  seconds: Figure;
  /** The stage's name. */
  stage: string;
}

/** The first step is about to be taken. */
export interface TrainingStartedEvent extends EventBase {
  kind: "training_started";
  /** Rows in a batch. */
  batch_size: number;
  /** The metric that picks the best epoch: output, metric, goal. */
  decides: Record<string, unknown>;
  /** Where the tensors live. */
  device: string;
  /** Epochs at most. */
  epochs: number;
  /** Weights that do not train. */
  frozen_parameters: number;
  /** The implementation in use, since the bits depend on it. */
  optimizer: string;
  /** Trainable weights. */
  parameters: number;
  /** Optimizer steps in an epoch. */
  steps_per_epoch: number;
  /** CPU threads of the tensor library. */
  threads: number;
  /** Optimizer steps at most. */
  total_steps: number;
}

/** Progress inside an epoch; at most a few a second, never one per step. */
export interface StepEvent extends EventBase {
  kind: "step";
  /** The epoch, from 1. */
  epoch: number;
  /** Time to the last epoch at this speed. */
  eta_seconds: Figure | null;
  /** The rate in force. */
  learning_rate: Figure;
  /** Mean training loss since the last event of this kind. */
  loss: Figure;
  /** Optimizer steps so far in the whole run. */
  step: number;
  /** Speed since the last event of this kind. */
  steps_per_second: Figure;
}

/** The metrics of one split, per output; the output `combined` holds the weighted loss. */
export interface MetricsEvent extends EventBase {
  kind: "metrics";
  /** Whether the deciding metric is now the best so far. */
  best: boolean;
  /** The epoch, from 1. */
  epoch: number;
  /** Wall time of this evaluation. */
  seconds: Figure;
  /** training, validation or test. */
  split: string;
  /** Optimizer steps so far. */
  step: number;
  /** output -> metric -> number. */
  values: Record<string, Record<string, Figure>>;
}

/** The state from which the run can resume was written. */
export interface CheckpointEvent extends EventBase {
  kind: "checkpoint";
  /** Whether these are also the best weights so far. */
  best: boolean;
  /** Optimizer steps in it. */
  step: number;
}

/** The loop is over; the best weights are in force. */
export interface TrainingFinishedEvent extends EventBase {
  kind: "training_finished";
  /** The epoch whose weights were kept. */
  best_epoch: number | null;
  /** Epochs taken. */
  epoch: number;
  /** epochs, train_steps, early_stop or interrupted. */
  reason: string;
  /** Wall time of the loop in this process. */
  seconds: Figure;
  /** Optimizer steps taken. */
  step: number;
}

/** The final metrics of one split with the kept weights. */
export interface EvaluationEvent extends EventBase {
  kind: "evaluation";
  /** output -> classes and counts, for category and binary outputs. */
  confusion: Record<string, unknown>;
  /** Rows evaluated. */
  rows: number;
  /** Per slice: name, rows, values; worst first. */
  slices: unknown[];
  /** training, validation or test. */
  split: string;
  /** output -> metric -> number. */
  values: Record<string, Record<string, Figure>>;
}

/** A line for a person. */
export interface LogEvent extends EventBase {
  kind: "log";
  /** debug, info, warning or error. */
  level: string;
  /** The line. */
  message: string;
}

/** A problem of the data, or what made the run fail. */
export interface ProblemEvent extends EventBase {
  kind: "problem";
  /** As `declml check --format json`. */
  problem: Record<string, unknown>;
}

/** The last event: how it ended. */
export interface RunFinishedEvent extends EventBase {
  kind: "run_finished";
  /** One sentence. */
  message: string;
  /** Wall time of this process. */
  seconds: Figure;
  /** finished, failed or interrupted. */
  status: string;
}

/** Any event that this version knows. */
export type RunEvent =
  | RunStartedEvent
  | StageStartedEvent
  | StageProgressEvent
  | StageFinishedEvent
  | TrainingStartedEvent
  | StepEvent
  | MetricsEvent
  | CheckpointEvent
  | TrainingFinishedEvent
  | EvaluationEvent
  | LogEvent
  | ProblemEvent
  | RunFinishedEvent;

/** The kinds of `RunEvent`. */
export const EVENT_KINDS = [
  "run_started",
  "stage_started",
  "stage_progress",
  "stage_finished",
  "training_started",
  "step",
  "metrics",
  "checkpoint",
  "training_finished",
  "evaluation",
  "log",
  "problem",
  "run_finished",
] as const;

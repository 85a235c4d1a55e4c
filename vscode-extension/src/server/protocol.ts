/** What the language server's own commands answer and its own notifications tell. */
import type { RunEvent } from "../events.gen";

/** How a training stands that this server started; `declml/training` tells it whenever that changes for a person. */
export interface Training {
  uri: string;
  status: "starting" | "running" | "stopping" | "reconnecting" | "finished" | "failed" | "interrupted" | "killed";
  /** Empty until the run is known. */
  run: string;
  experiment: string;
  /** The run's folder; empty until the end. */
  path: string;
  stage: string;
  epoch: number;
  epochs: number;
  metric: string;
  value: number | null;
  best: number | null;
  /** Nothing had changed, so nothing was trained. */
  reused: boolean;
  message: string;
}

/** `declml/event`: one event of a training, as it stands in the run's stream. */
export interface EventNotification {
  uri: string;
  run: string;
  event: RunEvent;
}

/** A command that cannot be done says why, after it told the user. */
export interface Refusal {
  problem: string;
}

/** Return whether a command was refused. */
export function isRefusal(answer: unknown): answer is Refusal {
  return typeof answer === "object" && answer !== null && "problem" in answer;
}

/** The notice with which the command line says that the line to a run's machine is broken, and it tries again. */
export const RECONNECTING = "reconnecting";

/** The problem with which the command line says that a server did not take the token, or wants one. */
export const TOKEN_REFUSED = "kernel-token";

/** `declml.runs`: only the folder is used; runs are read from it. */
export interface RunsAnswer {
  root: string;
}

/** `declml.resolvedConfig`. */
export interface ResolvedAnswer {
  uri: string;
  text: string;
}

export const ENDED: readonly string[] = ["finished", "failed", "interrupted", "killed"];

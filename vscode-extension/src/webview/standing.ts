/** How a run stands, from what its events and its host say, in a word, a sign and a colour. */
import type { RunInfo, RunStatus } from "../contract";
import type { IconName } from "./icons";
import type { RunState } from "./state";

/** What the host said last, beside the events. */
export interface Told {
  status: string;
  message: string;
}

export type Tone = "good" | "bad" | "busy" | "warn" | "calm";

export interface Look {
  word: string;
  icon: IconName;
  tone: Tone;
}

const LOOKS: Record<RunStatus, Look> = {
  starting: { word: "Starting", icon: "clock", tone: "busy" },
  running: { word: "Running", icon: "running", tone: "busy" },
  stopping: { word: "Stopping", icon: "running", tone: "warn" },
  finished: { word: "Finished", icon: "check", tone: "good" },
  failed: { word: "Failed", icon: "cross", tone: "bad" },
  interrupted: { word: "Interrupted", icon: "pause", tone: "warn" },
  killed: { word: "Killed", icon: "broken", tone: "bad" },
  unreadable: { word: "Unreadable", icon: "warning", tone: "bad" },
  reconnecting: { word: "Reconnecting", icon: "broken", tone: "warn" },
};

/** Return the word, sign and tone of a status; one that is not known is shown as it is written. */
export function lookOf(status: string): Look {
  return (LOOKS as Partial<Record<string, Look>>)[status] ?? { word: status, icon: "info", tone: "calm" };
}

/**
 * Return how a run stands. What its events say of its end counts, unless the host has begun something newer; without
 * an end the host knows best.
 */
export function standingOf(info: RunInfo, told: Told | null, state: RunState): Told {
  if (state.end !== null && told?.status !== "starting") {
    return { status: state.end.status, message: state.end.message };
  }
  if (told !== null) return told;
  return { status: info.status, message: "" };
}

/** Whether a process is at work, or is about to be. */
export function isLive(status: string): boolean {
  return ["starting", "running", "stopping", "reconnecting"].includes(status);
}

/** Whether the run can go on from a checkpoint. */
export function canResume(status: string): boolean {
  return ["interrupted", "killed", "failed"].includes(status);
}

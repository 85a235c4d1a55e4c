/** Makes a long stream short enough to draw: only `step` events are left out. Knows nothing of VS Code. */
import { figure } from "./record";
import type { RunEvent, StepEvent } from "../events.gen";

/** So many points of one curve are sent at most. */
export const MOST_STEPS = 5_000;

/**
 * Return the events with at most `most` steps, in the order of the stream. Of each stretch of steps the lowest and the
 * highest loss stay, so that no spike is lost, and so do the first and the last step.
 */
export function thin(events: readonly RunEvent[], most = MOST_STEPS): RunEvent[] {
  const steps = events.filter((each) => each.kind === "step");
  if (steps.length <= most) return [...events];
  const kept = new Set<RunEvent>([...steps.slice(0, 1), ...steps.slice(-1)]);
  const stretches = Math.max(1, Math.floor((most - 2) / 2));
  const inner = steps.slice(1, -1);
  for (let index = 0; index < stretches; index += 1) {
    const from = Math.floor((index * inner.length) / stretches);
    const to = Math.floor(((index + 1) * inner.length) / stretches);
    let [low, high]: (StepEvent | undefined)[] = [undefined, undefined];
    for (const step of inner.slice(from, to)) {
      if (low === undefined || lossOf(step) < lossOf(low)) low = step;
      if (high === undefined || lossOf(step) > lossOf(high)) high = step;
    }
    if (low !== undefined) kept.add(low);
    if (high !== undefined) kept.add(high);
  }
  return events.filter((each) => each.kind !== "step" || kept.has(each));
}

function lossOf(step: StepEvent): number {
  const loss = figure(step.loss);
  // Not a number is drawn as a gap, which must be seen: it counts as the highest.
  return loss === null || Number.isNaN(loss) ? Infinity : loss;
}

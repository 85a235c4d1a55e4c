/** How runs are grouped, filtered, sorted and worded in the list. Knows nothing of VS Code. */
import type { RunInfo } from "../contract";
import { shortName } from "./record";

export const SORTS = { newest: "Newest first", best: "Best first", name: "By name", status: "By status" } as const;
export type Sort = keyof typeof SORTS;

/** The runs of one experiment. */
export interface Group {
  experiment: string;
  runs: RunInfo[];
}

/** Return the runs that fit every word of `filter`: in id, experiment, status, trigger or a tag. */
export function matching(runs: readonly RunInfo[], filter: string): RunInfo[] {
  const words = filter
    .toLowerCase()
    .split(/\s+/)
    .filter((each) => each !== "");
  return runs.filter((run) => {
    const text = [run.run, shortName(run.run), run.experiment, run.status, run.trigger, ...(run.tags ?? [])];
    return words.every((word) => text.join(" ").toLowerCase().includes(word));
  });
}

/** Return the runs by experiment; the experiment with the newest run comes first. */
export function grouped(runs: readonly RunInfo[], sort: Sort): Group[] {
  const groups = new Map<string, RunInfo[]>();
  for (const run of runs) groups.set(run.experiment, [...(groups.get(run.experiment) ?? []), run]);
  return [...groups]
    .map(([experiment, members]) => ({ experiment, runs: members.sort(ORDERS[sort]) }))
    .sort((a, b) => newest(b).localeCompare(newest(a)));
}

/** Return whether `value` is better than `other` under a goal. */
export function better(value: number, other: number, goal: string): boolean {
  return goal === "minimize" ? value < other : value > other;
}

/** Return the best finished run of an experiment, where one metric decides for all of them. */
export function bestOf(runs: readonly RunInfo[]): RunInfo | undefined {
  const finished = runs.flatMap((run) => {
    const { status, value, decides } = run;
    return status === "finished" && value !== null && decides !== null ? [{ run, value, decides }] : [];
  });
  if (finished.length < 2) return undefined;
  const names = new Set(finished.map(({ decides }) => `${decides.output}.${decides.metric}.${decides.goal}`));
  if (names.size > 1) return undefined;
  return finished.reduce((best, each) => (better(each.value, best.value, each.decides.goal) ? each : best)).run;
}

/** Return how long ago something was, in one unit: `3 min`, `2 h`, `5 d`. */
export function age(created: string, now: number): string {
  const seconds = Math.max(0, (now - Date.parse(created)) / 1000);
  if (Number.isNaN(seconds)) return "";
  if (seconds < 60) return "now";
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

/** Return a figure with four digits that count. */
export function figureText(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
  const size = Math.abs(value);
  return size !== 0 && (size < 1e-3 || size >= 1e6) ? value.toExponential(2) : String(Number(value.toPrecision(4)));
}

const ORDERS: Record<Sort, (a: RunInfo, b: RunInfo) => number> = {
  newest: (a, b) => b.created.localeCompare(a.created) || b.run.localeCompare(a.run),
  best: (a, b) => {
    if (a.value === null || b.value === null) return a.value === b.value ? 0 : a.value === null ? 1 : -1;
    return (a.decides?.goal === "minimize" ? a.value - b.value : b.value - a.value) || ORDERS.newest(a, b);
  },
  name: (a, b) => a.run.localeCompare(b.run),
  status: (a, b) => a.status.localeCompare(b.status) || ORDERS.newest(a, b),
};

function newest(group: Group): string {
  return group.runs.reduce((last, run) => (run.created > last ? run.created : last), "");
}

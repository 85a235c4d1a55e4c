/** What differs between the configs of runs. Knows nothing of what the values mean. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Change } from "../contract";
import { inline } from "../panel/yaml";

/** What a comparison shows beside the runs themselves. */
export interface Differences {
  changes: Change[];
  /** Metric -> `maximize` or `minimize`, as far as the server says. */
  goals: Record<string, string>;
}

/**
 * What the language server says of two runs: paths as a config writes them, what a swap brought along as implied, and
 * whether more or less of a metric is better.
 */
export interface PairDiff {
  goals?: Record<string, string>;
  config: { path: string; kind: string; before: unknown; after: unknown; implied: boolean }[];
}

/** Asks the server for what differs between two run folders; undefined when there is none to ask. */
export type AskPair = (before: string, after: string) => Promise<PairDiff | undefined>;

/** Return what differs between these runs: in the server's words, or, without one, as their plans write it. */
export async function differencesBetween(runs: readonly string[], ask: AskPair): Promise<Differences> {
  const [first, ...others] = runs;
  if (first === undefined) return { changes: [], goals: {} };
  const pairs = await Promise.all(others.map((each) => ask(first, each)));
  const goals = Object.assign({}, ...pairs.map((each) => each?.goals)) as Record<string, string>;
  if (pairs.every((each) => each !== undefined)) return { changes: fromPairs(pairs), goals };
  return { changes: changes(await Promise.all(runs.map(readPlan))), goals };
}

/** Join the diffs of the first run with each other one. */
export function fromPairs(pairs: readonly PairDiff[]): Change[] {
  const told = pairs.map(
    (pair) => new Map(pair.config.filter((each) => !each.implied).map((each) => [each.path, each])),
  );
  const paths = [...new Set(told.flatMap((each) => [...each.keys()]))];
  return paths.map((path) => {
    const base = told.map((each) => each.get(path)).find((each) => each !== undefined);
    const before = base === undefined || base.kind === "added" ? null : inline(base.before);
    // A run of which nothing is said has the first one's value.
    const after = told.map((each) => {
      const change = each.get(path);
      if (change === undefined) return before;
      return change.kind === "removed" ? null : inline(change.after);
    });
    return { path, values: [before, ...after] };
  });
}

/** Return every path whose value is not the same in all `plans`, in the order of the plans. */
export function changes(plans: readonly unknown[]): Change[] {
  const flat = plans.map((plan) => {
    const values = new Map<string, string>();
    flatten(plan, "", values);
    return values;
  });
  const paths = [...new Set(flat.flatMap((each) => [...each.keys()]))];
  return paths
    .map((path) => ({ path, values: flat.map((each) => each.get(path) ?? null) }))
    .filter(({ values }) => new Set(values).size > 1);
}

function flatten(value: unknown, path: string, into: Map<string, string>): void {
  const parts = Array.isArray(value) ? listed(value) : nested(value);
  if (parts === undefined) {
    if (path !== "") into.set(path, inline(value));
    return;
  }
  for (const [key, each] of parts) flatten(each, path === "" ? key : `${path}.${key}`, into);
}

function nested(value: unknown): [string, unknown][] | undefined {
  if (typeof value !== "object" || value === null || Object.keys(value).length === 0) return undefined;
  return Object.entries(value);
}

/** Items with names are told by name: one more at the front must not make all others differ. */
function listed(items: readonly unknown[]): [string, unknown][] | undefined {
  if (items.length === 0 || !items.every((each) => typeof each === "object" && each !== null)) return undefined;
  const names = items.map((each) => (each as { name?: unknown }).name);
  const unique = names.every((each) => typeof each === "string") && new Set(names).size === names.length;
  return items.map((each, index) => [unique ? String(names[index]) : String(index), each]);
}

async function readPlan(run: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(join(run, "plan.json"), "utf8"));
  } catch {
    return {};
  }
}

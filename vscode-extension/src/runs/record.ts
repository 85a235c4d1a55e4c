/** From the record in a run's folder to what a list shows of it. Knows nothing of VS Code. */
import { basename, dirname, join, resolve } from "node:path";
import type { Decides, RunInfo, RunStatus } from "../contract";
import type { Figure } from "../events.gen";

/** The newest format of a record that is understood. */
const READABLE_FORMAT = 1;

/** A run's record as far as it is used: whoever wrote it, every field may be absent. */
interface RunRecord {
  format?: number;
  declml?: string;
  run?: string;
  experiment?: string;
  created?: string;
  started?: string;
  status?: string;
  trigger?: string;
  process?: number;
  seconds?: number;
  folder?: string;
  argv?: string[];
  hardware?: { host?: string };
  remote?: { address?: string } | null;
  decides?: Partial<Decides>;
  metrics?: RunInfo["metrics"];
  problem?: { message?: string } | string | null;
}

/** A run as it stands on disk. */
export interface StoredRun {
  info: RunInfo;
  /** The training process on this machine, where the record names one. */
  process: number | undefined;
  /** The address of the machine that trains it; undefined for a run of this machine. */
  remote: string | undefined;
  /** Why it is unreadable, or what made it fail. */
  problem: string;
}

/** What a record alone does not tell. */
export interface Surroundings {
  /** This machine's name: processes of others cannot be looked for. */
  host: string;
  alive(pid: number): boolean;
  tags: string[];
}

/** Return the run in `folder`; one whose record makes no sense is listed as unreadable. */
export function readRecord(text: string, folder: string, around: Surroundings): StoredRun {
  const record = parse(text);
  const format = record?.format;
  if (record === undefined || typeof format !== "number" || format > READABLE_FORMAT) {
    const problem = record === undefined ? "Its record is damaged." : "A newer declml wrote it.";
    return {
      info: { ...blank(folder), status: "unreadable", tags: around.tags },
      process: undefined,
      remote: undefined,
      problem,
    };
  }
  const decides = decidesOf(record.decides);
  const metrics = record.metrics ?? {};
  const config = configOf(record, folder);
  const info: RunInfo = {
    ...blank(folder),
    run: record.run ?? basename(folder),
    experiment: record.experiment ?? basename(dirname(folder)),
    status: statusOf(record, around),
    created: record.created ?? record.started ?? "",
    decides,
    value: decides === null ? null : decidingValue(metrics, decides),
    metrics,
    seconds: record.seconds ?? null,
    trigger: record.trigger ?? "",
    tags: around.tags,
    ...(config === undefined ? {} : { config }),
  };
  const problem = typeof record.problem === "string" ? record.problem : (record.problem?.message ?? "");
  const here = record.hardware?.host === undefined || record.hardware.host === around.host;
  const remote = record.remote?.address;
  return { info, process: here && remote === undefined ? record.process : undefined, remote, problem };
}

/** Return a run of which nothing but its folder is known. */
export function blank(folder: string): RunInfo {
  return {
    run: basename(folder),
    experiment: basename(dirname(folder)),
    path: folder,
    status: "starting",
    created: "",
    decides: null,
    value: null,
    metrics: {},
    seconds: null,
    trigger: "",
  };
}

/** Return a number of the stream as a number. */
export function figure(value: Figure | undefined | null): number | null {
  if (value === undefined || value === null) return null;
  if (typeof value === "number") return value;
  return value === "nan" ? Number.NaN : value === "inf" ? Infinity : -Infinity;
}

/** Return whether a run trains: it has begun and has not ended, as far as anybody knows. */
export function atWork(status: RunStatus): boolean {
  return status === "running" || status === "stopping" || status === "reconnecting";
}

/** Return a run's number, `12` of `0012-3fa9`, or its id where it has none. */
export function shortName(run: string): string {
  const number = /^0*(\d+)-/.exec(run)?.[1];
  return number === undefined ? run : `run ${number}`;
}

/** Return what decides, or null before it is known. */
export function decidesOf(value: unknown): Decides | null {
  const { output, metric, goal } = (value ?? {}) as Partial<Decides>;
  return output !== undefined && metric !== undefined && goal !== undefined ? { output, metric, goal } : null;
}

function decidingValue(metrics: RunInfo["metrics"], { output, metric }: Decides): number | null {
  return figure(metrics["validation"]?.[output]?.[metric] ?? metrics["training"]?.[output]?.[metric]);
}

function statusOf(record: RunRecord, around: Surroundings): RunStatus {
  const status = record.status ?? "running";
  if (status !== "running") return KNOWN.find((each) => each === status) ?? "unreadable";
  // Two machines may have the same name: a run that lies elsewhere is never looked for here.
  if (record.remote !== undefined && record.remote !== null) return "running";
  const elsewhere = record.hardware?.host !== undefined && record.hardware.host !== around.host;
  if (elsewhere || record.process === undefined) return "running";
  return around.alive(record.process) ? "running" : "killed";
}

const KNOWN: readonly RunStatus[] = ["finished", "failed", "interrupted", "killed"];

function configOf(record: RunRecord, run: string): string | undefined {
  const named = record.argv?.find((each) => /\.ya?ml$/.test(each));
  // The folder of a run that was trained elsewhere is one there; what was named is a file of the project here.
  const project = dirname(dirname(dirname(run)));
  if (record.remote?.address !== undefined) return named === undefined ? undefined : resolve(project, named);
  return named === undefined || record.folder === undefined ? undefined : join(record.folder, basename(named));
}

function parse(text: string): RunRecord | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

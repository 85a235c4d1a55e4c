/** Reads what a webview sent: it is taken for what it claims to be only after a look at every field. */
import type { WebviewMessage } from "../contract";

/** Return the message, or undefined when it is none, or names a run that the webview was not shown. */
export function readMessage(value: unknown, shown: ReadonlySet<string>): WebviewMessage | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const given = value as Record<string, unknown>;
  const run = given["run"];
  const known = (each: unknown): each is string => typeof each === "string" && shown.has(each);
  switch (given["type"]) {
    case "ready":
      return { type: "ready" };
    case "stop":
      return known(run) ? { type: "stop", run, again: given["again"] === true } : undefined;
    case "resume":
    case "openFolder":
    case "openConfig":
      return known(run) ? { type: given["type"], run } : undefined;
    case "refetch":
      return known(run) && typeof given["from_seq"] === "number"
        ? { type: "refetch", run, from_seq: given["from_seq"] }
        : undefined;
    case "overlay":
    case "diffConfig": {
      const runs = given["runs"];
      const named = Array.isArray(runs) && (given["type"] === "overlay" || runs.every(known));
      return named && runs.every((each) => typeof each === "string") ? { type: given["type"], runs } : undefined;
    }
    case "copy":
      return typeof given["text"] === "string" ? { type: "copy", text: given["text"] } : undefined;
    default:
      return undefined;
  }
}

/** Return the folders of a webview's kept state; none when it makes no sense. */
export function readState(value: unknown): string[] {
  const paths = (value as { paths?: unknown } | null | undefined)?.paths;
  return Array.isArray(paths) ? paths.filter((each) => typeof each === "string") : [];
}

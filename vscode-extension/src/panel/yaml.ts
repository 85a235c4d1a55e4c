/** Writes JSON data as YAML, for reading. Knows nothing of what the data means. */

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** What stands in YAML as it is and means itself: no word that is read as something else, nothing to escape. */
const PLAIN = /^[A-Za-z_][\w./ -]*$/;
const TAKEN = /^(true|false|null|yes|no|on|off|y|n)$/i;

/** Return a value as a YAML document. */
export function toYaml(value: unknown): string {
  return `${block(value as Json, 0).join("\n")}\n`;
}

/** Return a value on one line, as a person would write it. */
export function inline(value: unknown): string {
  const json = value as Json;
  if (Array.isArray(json)) return `[${json.map(inline).join(", ")}]`;
  if (typeof json === "object" && json !== null) {
    return `{${Object.entries(json)
      .map(([key, each]) => `${scalar(key)}: ${inline(each)}`)
      .join(", ")}}`;
  }
  return scalar(json);
}

function block(value: Json, depth: number): string[] {
  const margin = "  ".repeat(depth);
  if (Array.isArray(value) && value.length > 0) {
    if (value.every((each) => typeof each !== "object" || each === null)) return [margin + inline(value)];
    return value.flatMap((each) => {
      const [first = "", ...rest] = block(each, depth + 1);
      return [`${margin}- ${first.trimStart()}`, ...rest];
    });
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value) && Object.keys(value).length > 0) {
    return Object.entries(value).flatMap(([key, each]) => {
      const nested = typeof each === "object" && each !== null && Object.keys(each).length > 0;
      const flat = Array.isArray(each) && each.every((item) => typeof item !== "object" || item === null);
      if (!nested || flat) return [`${margin}${scalar(key)}: ${inline(each)}`];
      return [`${margin}${scalar(key)}:`, ...block(each, depth + 1)];
    });
  }
  return [margin + inline(value)];
}

function scalar(value: null | boolean | number | string): string {
  if (typeof value !== "string") return String(value);
  return PLAIN.test(value) && !TAKEN.test(value) && !value.endsWith(" ") ? value : JSON.stringify(value);
}

/** What the manifest promises: commands, generated types, what is shipped. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

interface Manifest {
  contributes: {
    commands: { command: string; title: string; category?: string }[];
    menus: Record<string, { command: string }[]>;
    configuration: {
      properties: Record<string, { default?: unknown; description?: string; markdownDescription?: string }>;
    };
    problemMatchers: { pattern: { regexp: string }[] }[];
    walkthroughs: { steps: { media: { markdown: string }; completionEvents: string[] }[] }[];
  };
  dependencies?: Record<string, string>;
  devDependencies: Record<string, string>;
}

const ROOT = join(import.meta.dirname, "..");
const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as Manifest;
const sources = readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts") && !name.startsWith("webview"))
  .map((name) => [name, readFileSync(join(ROOT, "src", name), "utf8")] as const);
const all = sources.map(([, text]) => text).join("\n");

test("the types of events are those of the schema", () => {
  execFileSync("python3", [join(ROOT, "scripts", "write_event_types.py"), "--check"]);
});

test("every menu names a command that is contributed, and every command has its category", () => {
  const known = new Set(manifest.contributes.commands.map((each) => each.command));
  const named = Object.values(manifest.contributes.menus).flatMap((items) => items.map((each) => each.command));
  expect(named.filter((each) => !known.has(each))).toEqual([]);
  expect(manifest.contributes.commands.filter((each) => each.category !== "declml")).toEqual([]);
});

test("every setting is explained and read by the extension or by the server", () => {
  const server = readFileSync(join(ROOT, "..", "lsp_server", "declml_lsp", "settings.py"), "utf8");
  for (const [name, setting] of Object.entries(manifest.contributes.configuration.properties)) {
    expect(setting.markdownDescription ?? setting.description, name).toBeTruthy();
    const short = name.replace("declml.", "");
    // The client's library reads the trace by itself.
    expect(server.includes(`"${short}"`) || all.includes(`"${short}"`) || short === "trace.server", name).toBe(true);
  }
});

test("the problem matcher reads what `declml check` prints", () => {
  const pattern = new RegExp(manifest.contributes.problemMatchers[0]!.pattern[0]!.regexp);
  const line = "a b/x.declml.yaml:43:3: error[unknown-key] Unknown key 'dropot' in the combiner 'concat'.";
  expect(pattern.exec(line)?.slice(1)).toEqual([
    "a b/x.declml.yaml",
    "43",
    "3",
    "error",
    "unknown-key",
    "Unknown key 'dropot' in the combiner 'concat'.",
  ]);
});

test("the walkthrough's pages are there", () => {
  const pages = manifest.contributes.walkthroughs.flatMap((each) => each.steps.map((step) => step.media.markdown));
  expect(pages.filter((each) => !existsSync(join(ROOT, each)))).toEqual([]);
});

test("a step of the walkthrough is done by what can happen: a command, or a context that the extension sets", () => {
  const commands = manifest.contributes.commands.map((each) => `onCommand:${each.command}`);
  const contexts = [...all.matchAll(/"setContext", "([\w.]+)"/g)].map((each) => `onContext:${each[1]}`);
  const events = manifest.contributes.walkthroughs.flatMap((each) => each.steps.flatMap((one) => one.completionEvents));
  expect(events.filter((each) => ![...commands, ...contexts].includes(each))).toEqual([]);
});

test("versions are exact, and nothing is needed at run time", () => {
  expect(manifest.dependencies ?? {}).toEqual({});
  expect(Object.values(manifest.devDependencies).filter((each) => !/^\d+\.\d+\.\d+$/.test(each))).toEqual([]);
});

test("no file is longer than 300 lines, and each begins by saying what it is", () => {
  const long = sources.filter(([, text]) => text.split("\n").length > 301).map(([name]) => name);
  expect(long).toEqual([]);
  const silent = sources.filter(([name, text]) => !/^(\/\*\*|\/\/)/.test(text) && name !== "events.gen.ts");
  expect(silent.map(([name]) => name)).toEqual([]);
});

test("nothing is sent anywhere: no request, no telemetry", () => {
  expect(all).not.toMatch(/\bfetch\(|https?\.request|from "node:https?"|TelemetryLogger|createTelemetryLogger/);
});

/**
 * The webview's bundle alone in a real browser: the page and policy that the extension serves, with a stand-in for
 * VS Code's side of the wall that keeps what was posted.
 */
import { existsSync, readFileSync } from "node:fs";
import { build } from "esbuild";
import { type Browser, type Page, chromium } from "playwright-core";
import type { HostMessage, RunInfo, WebviewMessage } from "../../src/contract";
import type { RunEvent } from "../../src/events.gen";
import { page as webviewPage } from "../../src/panel/html";
import { THEMES } from "./themes";

const ORIGIN = "http://webview.test";
const ROOT = new URL("../../", import.meta.url).pathname;

/** Where Debian's browser is; undefined on a machine without one. */
export const BROWSER = [process.env["CHROMIUM"], "/usr/bin/chromium", "/usr/bin/chromium-browser"].find(
  (path) => path !== undefined && existsSync(path),
);

export type ViewName = "run" | "compare";

/** A browser with the bundles of both views. */
export class Stage {
  private constructor(
    readonly browser: Browser,
    private readonly files: Map<string, string>,
  ) {}

  static async open(): Promise<Stage> {
    const files = new Map<string, string>();
    const result = await build({
      absWorkingDir: ROOT,
      entryPoints: { run: "src/webview/run.ts", compare: "src/webview/compare.ts" },
      bundle: true,
      minify: true,
      write: false,
      outdir: "out",
      format: "iife",
      target: "es2022",
      logLevel: "warning",
    });
    for (const { path, text } of result.outputFiles) files.set(path.slice(path.lastIndexOf("/")), text);
    const browser = await chromium.launch({ executablePath: BROWSER ?? "", args: ["--no-sandbox"] });
    return new Stage(browser, files);
  }

  close(): Promise<void> {
    return this.browser.close();
  }

  /** Open a view; an error or a breach of the policy on the page makes `Shown.check` fail. */
  async show(view: ViewName, options: { width?: number; theme?: string; state?: unknown } = {}): Promise<Shown> {
    const theme = THEMES[options.theme ?? "dark"];
    if (theme === undefined) throw new Error(`There is no theme '${options.theme}'.`);
    const context = await this.browser.newContext({ viewport: { width: options.width ?? 900, height: 1000 } });
    const page = await context.newPage();
    const faults: string[] = [];
    page.on("pageerror", (error) => faults.push(String(error)));
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) faults.push(message.text());
    });
    await page.addInitScript(
      ({ state, theme }) => {
        const stand = { posted: [] as unknown[], state };
        Object.assign(window, {
          stand,
          acquireVsCodeApi: () => ({
            postMessage: (message: unknown) => stand.posted.push(message),
            getState: () => stand.state,
            setState: (next: unknown) => (stand.state = next),
          }),
          wear: (next: typeof theme) => {
            for (const [name, value] of Object.entries(next.variables)) {
              document.documentElement.style.setProperty(name, value);
            }
            document.body.className = next.className;
            document.body.style.setProperty("background", "var(--vscode-editor-background)");
            document.body.style.setProperty("margin", "0");
            document.body.style.setProperty("padding", "0 20px");
          },
        });
        document.addEventListener("readystatechange", () => {
          if ((document.body as HTMLElement | null)?.className === "") {
            (window as unknown as { wear(next: typeof theme): void }).wear(theme);
          }
        });
      },
      { state: options.state, theme },
    );
    await page.route(`${ORIGIN}/**`, (route) => {
      const { pathname } = new URL(route.request().url());
      if (pathname === "/") return route.fulfill({ contentType: "text/html", body: html(view) });
      const body = this.files.get(pathname);
      if (body === undefined) return route.fulfill({ status: pathname === "/favicon.ico" ? 204 : 404, body: "" });
      return route.fulfill({ contentType: pathname.endsWith(".css") ? "text/css" : "text/javascript", body });
    });
    await page.goto(`${ORIGIN}/`);
    const shown = new Shown(page, faults);
    await shown.until(
      () => shown.posted(),
      (posted) => posted.some((each) => each.type === "ready"),
    );
    return shown;
  }
}

/** A view on the page. */
export class Shown {
  constructor(
    readonly page: Page,
    private readonly faults: string[],
  ) {}

  /** Send messages as the host does, and wait until they are drawn. */
  async send(...messages: HostMessage[]): Promise<void> {
    await this.page.evaluate(async (all) => {
      for (const message of all) window.postMessage(message, "*");
      for (let frame = 0; frame < 4; frame += 1) await new Promise((done) => requestAnimationFrame(done));
    }, messages);
  }

  async wear(theme: string): Promise<void> {
    await this.page.evaluate((next) => (window as unknown as { wear(next: unknown): void }).wear(next), THEMES[theme]);
    await this.send({ type: "theme" });
  }

  posted(): Promise<WebviewMessage[]> {
    return this.page.evaluate(() => (window as unknown as { stand: { posted: WebviewMessage[] } }).stand.posted);
  }

  state(): Promise<unknown> {
    return this.page.evaluate(() => (window as unknown as { stand: { state: unknown } }).stand.state);
  }

  /** Wait until what `ask` says is what is wanted. */
  async until<T>(ask: () => Promise<T>, wanted: (value: T) => boolean, within = 10_000): Promise<T> {
    const deadline = Date.now() + within;
    for (;;) {
      const value = await ask();
      if (wanted(value)) return value;
      if (Date.now() > deadline) throw new Error(`Not reached in ${within} ms; last: ${JSON.stringify(value)}`);
      await this.page.evaluate(() => new Promise((done) => requestAnimationFrame(done)));
    }
  }

  /** Throw what went wrong on the page so far. */
  check(): void {
    if (this.faults.length > 0) throw new Error(this.faults.join("\n"));
  }

  close(): Promise<void> {
    return this.page.context().close();
  }
}

/** The events of a recorded run. */
export function recorded(name: string): RunEvent[] {
  const text = readFileSync(new URL(`events/${name}.jsonl`, import.meta.url), "utf8");
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as RunEvent);
}

/** What a list says of a recorded run. */
export function infoOf(events: readonly RunEvent[], more: Partial<RunInfo> = {}): RunInfo {
  const info: RunInfo = {
    run: "0001-eef8",
    experiment: "census",
    path: "/home/someone/census/runs/census/0001-eef8",
    status: "running",
    config: "/home/someone/census/census.declml.yaml",
    created: new Date((events[0]?.time ?? 0) * 1000).toISOString(),
    decides: null,
    value: null,
    metrics: {},
    seconds: null,
    trigger: "editor",
  };
  for (const event of events) {
    if (event.kind === "run_started") Object.assign(info, { run: event.run, experiment: event.experiment });
    if (event.kind === "training_started") Object.assign(info, { decides: event.decides });
    if (event.kind === "evaluation") info.metrics[event.split] = event.values;
    if (event.kind === "run_finished") Object.assign(info, { status: event.status, seconds: event.seconds });
  }
  return { ...info, ...more };
}

/** A batch of everything. */
export function snapshotOf(run: string, events: readonly RunEvent[]): HostMessage {
  return { type: "snapshot", run, from: 0, to: events.at(-1)?.seq ?? -1, events: [...events] };
}

function html(view: ViewName): string {
  return webviewPage({
    view,
    title: view,
    script: `${ORIGIN}/${view}.js`,
    style: `${ORIGIN}/${view}.css`,
    source: ORIGIN,
    nonce: "0123456789abcdef",
  });
}

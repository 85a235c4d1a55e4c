/** The module for notebooks: as its sources say, without imports, and at home in a page with a notebook's colours. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { describe, expect, it } from "vitest";
import type { HostMessage } from "../../src/contract";
import { BROWSER, infoOf, recorded, snapshotOf } from "./stage";

const MODULE = new URL("../../../jupyter_ext/declml_jupyter/static/run.js", import.meta.url);
const SCRIPT = fileURLToPath(new URL("../../scripts/build_widget.mjs", import.meta.url));

interface Widget {
  css: string;
  mountRun: (element: Element, host: object) => { receive(message: HostMessage): void };
  mountRuns: (element: Element, host: object) => { receive(message: HostMessage): void };
}

describe("the notebook's module", { timeout: 60_000 }, () => {
  it("is what its sources say", () => {
    expect(() => execFileSync(process.execPath, [SCRIPT, "--check"], { stdio: "pipe" })).not.toThrow();
  });

  it("imports nothing, asks nothing of VS Code and names uPlot's licence", () => {
    const text = readFileSync(MODULE, "utf8");
    expect(text).not.toMatch(/\bimport\s*[("'{*]|\bfrom\s*["']|acquireVsCodeApi|innerHTML/);
    expect(text).toContain("Copyright (c) 2022 Leon Sorokin");
  });

  it.skipIf(BROWSER === undefined)("shows a run and a table of runs in a notebook's colours", async () => {
    const browser = await chromium.launch({ executablePath: BROWSER ?? "", args: ["--no-sandbox"] });
    try {
      const page = await browser.newPage({ viewport: { width: 700, height: 900 } });
      const faults: string[] = [];
      page.on("pageerror", (error) => faults.push(String(error)));
      await page.route("http://notebook.test/**", (route) =>
        route.request().url().endsWith("run.js")
          ? route.fulfill({ contentType: "text/javascript", body: readFileSync(MODULE, "utf8") })
          : route.fulfill({ contentType: "text/html", body: "<!doctype html><div id=one></div><div id=two></div>" }),
      );
      await page.goto("http://notebook.test/");
      const events = recorded("finished");
      const info = infoOf(events);
      const messages: HostMessage[] = [
        { type: "init", view: "run", runs: [info], settings: { smoothing: 0, logScale: false } },
        snapshotOf(info.run, events),
      ];
      // As a text: the test's own bundler would rewrite the import.
      await page.evaluate('import("/run.js").then((module) => { window.widget = module; })');
      await page.evaluate(async (all) => {
        document.documentElement.style.setProperty("--jp-layout-color1", "#111111");
        document.documentElement.style.setProperty("--jp-ui-font-color1", "#eeeeee");
        const { widget } = window as unknown as { widget: Widget };
        const style = document.createElement("style");
        style.textContent = widget.css;
        document.head.append(style);
        const host = { post: () => undefined, getState: () => undefined, setState: () => undefined, actions: ["stop"] };
        for (const [id, mount] of [
          ["one", widget.mountRun],
          ["two", widget.mountRuns],
        ] as const) {
          const mounted = mount(document.getElementById(id)!, host);
          for (const message of all) mounted.receive(message);
        }
        for (let frame = 0; frame < 4; frame += 1) await new Promise((done) => requestAnimationFrame(done));
      }, messages);
      expect(await page.locator("#one").getAttribute("data-scheme")).toBe("dark");
      expect(await page.locator("#one canvas").count()).toBeGreaterThan(0);
      expect(await page.locator("#one button", { hasText: "Folder" }).count()).toBe(0);
      expect(await page.locator("#two tbody tr").innerText()).toMatch(/0001-eef8\s+Finished\s+census/);
      expect(await page.locator("#two .d-spark path").getAttribute("d")).toMatch(/^M[\d. L-]+$/);
      expect(faults).toEqual([]);
    } finally {
      await browser.close();
    }
  });
});

/** The bundles in a real browser under the policy that the extension serves: what a user sees, hears and clicks. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { HostMessage } from "../../src/contract";
import type { RunEvent } from "../../src/events.gen";
import { BROWSER, Shown, Stage, infoOf, recorded, snapshotOf } from "./stage";

const SETTINGS = { smoothing: 0, logScale: false };
const FINISHED = recorded("finished");
const RUN = infoOf(FINISHED).run;

if (BROWSER === undefined) console.warn("Skipped: no Chromium on this machine; set CHROMIUM to its path.");

describe.skipIf(BROWSER === undefined)("the run panel", { timeout: 60_000 }, () => {
  let stage: Stage;
  let shown: Shown;

  beforeAll(async () => {
    stage = await Stage.open();
  }, 60_000);
  afterAll(() => stage.close());
  afterEach(async () => {
    shown.check();
    await shown.close();
  });

  async function open(events: RunEvent[], options: Parameters<Stage["show"]>[1] = {}): Promise<Shown> {
    shown = await stage.show("run", options);
    await shown.send(begin(events), snapshotOf(infoOf(events).run, events));
    return shown;
  }

  function begin(events: RunEvent[]): HostMessage {
    return { type: "init", view: "run", runs: [infoOf(events)], settings: SETTINGS };
  }

  function legend(chart: string): Promise<string> {
    return shown.page.locator(".d-card", { hasText: chart }).first().locator(".d-legend").innerText();
  }

  /** How many pixels of the first chart are painted in some colour. */
  function inked(): Promise<number> {
    return shown.page.evaluate(() => {
      const canvas = document.querySelector("canvas") as HTMLCanvasElement;
      // A copy: reading the chart's own canvas would make the browser keep it in main memory.
      const copy = new OffscreenCanvas(canvas.width, canvas.height);
      const context = copy.getContext("2d", { willReadFrequently: true })!;
      context.drawImage(canvas, 0, 0);
      const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
      let count = 0;
      for (let at = 0; at < data.length; at += 4) {
        const colored =
          Math.max(data[at]!, data[at + 1]!, data[at + 2]!) - Math.min(data[at]!, data[at + 1]!, data[at + 2]!);
        if (data[at + 3]! > 100 && colored > 60) count += 1;
      }
      return count;
    });
  }

  it("paints curves and shows how the run ended", async () => {
    await open(FINISHED);
    expect(await inked()).toBeGreaterThan(300);
    expect(await shown.page.locator(".d-badge").innerText()).toBe("Finished");
    expect(await shown.page.locator(".d-card h3").allInnerTexts()).toEqual([
      "loss",
      "accuracy",
      "balanced_accuracy",
      "f1_macro",
      "log_loss",
      "roc_auc",
    ]);
    expect(await shown.page.locator(".d-tile-main").innerText()).toContain("0.8562");
    const cells = await shown.page.locator(".d-confusion .d-count").allInnerTexts();
    expect(cells).toEqual(["1,122", "95", "149", "234"]);
  });

  it("moves while events arrive", async () => {
    await open(FINISHED.slice(0, 50));
    const [before, first] = [await inked(), await legend("loss")];
    const rest = FINISHED.slice(50, 80);
    await shown.send({ type: "events", run: RUN, from_seq: 50, to_seq: 79, events: rest });
    expect(await inked()).not.toBe(before);
    expect(await legend("loss")).not.toBe(first);
  });

  it("asks for what is missing, and shows it when it comes", async () => {
    await open(FINISHED.slice(0, 40));
    await shown.send({ type: "events", run: RUN, from_seq: 60, to_seq: 69, events: FINISHED.slice(60, 70) });
    expect(await shown.posted()).toContainEqual({ type: "refetch", run: RUN, from_seq: 40 });
    await shown.send({ type: "events", run: RUN, from_seq: 40, to_seq: 88, events: FINISHED.slice(40) });
    expect(await shown.page.locator(".d-badge").innerText()).toBe("Finished");
  });

  it("stops in two steps", async () => {
    await open(FINISHED.slice(0, 60));
    await shown.page.getByRole("button", { name: "Stop", exact: true }).click();
    await shown.page.getByRole("button", { name: "Stop now" }).click();
    expect((await shown.posted()).filter((each) => each.type === "stop")).toEqual([
      { type: "stop", run: RUN },
      { type: "stop", run: RUN, again: true },
    ]);
  });

  it("says a failure first, with the way out", async () => {
    await open(recorded("failed"));
    const alert = shown.page.getByRole("alert");
    expect(await alert.innerText()).toContain("must be a finite number; got nan at step 2");
    expect(await alert.innerText()).toContain("Lower trainer.learning_rate");
    await alert.getByRole("button", { name: "Open the config" }).click();
    expect(await shown.posted()).toContainEqual({ type: "openConfig", run: "0003-f167" });
  });

  it("offers to go on after an interrupt", async () => {
    await open(recorded("interrupted"));
    await shown.page.getByRole("button", { name: "Resume" }).click();
    expect(await shown.posted()).toContainEqual({ type: "resume", run: "0008-02a3" });
  });

  it("reads the same place in every chart under the pointer", async () => {
    await open(FINISHED);
    const over = shown.page.locator(".u-over").first();
    const box = (await over.boundingBox())!;
    await shown.page.mouse.move(box.x + (box.width * 10) / 18, box.y + 50);
    const places = await shown.page.locator(".d-where:visible").allInnerTexts();
    expect(new Set(places.filter((each) => each !== ""))).toEqual(new Set(["epoch 11"]));
    expect(await legend("accuracy")).toContain("0.8562");
    await shown.page.mouse.move(5, 5);
    expect(await legend("accuracy")).toContain("0.8462");
  });

  it("zooms into what is dragged over in every chart, and out again", async () => {
    await open(FINISHED);
    const box = (await shown.page.locator(".u-over").first().boundingBox())!;
    const reset = shown.page.getByRole("button", { name: "Reset zoom" });
    expect(await reset.isVisible()).toBe(false);
    const before = await inked();
    await shown.page.mouse.move(box.x + 60, box.y + 60);
    await shown.page.mouse.down();
    await shown.page.mouse.move(box.x + 180, box.y + 64, { steps: 4 });
    await shown.page.mouse.up();
    await shown.send();
    expect(await reset.isVisible()).toBe(true);
    expect(await inked()).not.toBe(before);
    await reset.click();
    await shown.send();
    expect(await reset.isVisible()).toBe(false);
    expect(await inked()).toBe(before);
  });

  it("is read and zoomed with keys", async () => {
    await open(FINISHED);
    await shown.page.locator(".d-focus").nth(1).focus();
    await shown.page.keyboard.press("Home");
    await shown.page.keyboard.press("ArrowRight");
    const spoken = shown.page.locator(".d-card").nth(1).locator("[aria-live]");
    expect(await spoken.innerText()).toBe("epoch 2: validation 0.8438");
    await shown.page.keyboard.press("+");
    await shown.send();
    expect(await shown.page.getByRole("button", { name: "Reset zoom" }).isVisible()).toBe(true);
    await shown.page.keyboard.press("Escape");
    await shown.send();
    expect(await shown.page.getByRole("button", { name: "Reset zoom" }).isVisible()).toBe(false);
  });

  it("remembers smoothing, axis and log scales over a reload", async () => {
    await open(FINISHED);
    await shown.page.getByLabel("Smoothing").fill("10");
    await shown.page.getByRole("button", { name: "Step", exact: true }).click();
    await shown.page.getByRole("button", { name: "log scale for loss", exact: true }).click();
    const state = await shown.state();
    shown.check();
    await shown.close();
    await open(FINISHED, { state });
    expect(await shown.page.getByLabel("Smoothing").inputValue()).toBe("10");
    const pressed = await shown.page.locator("[aria-pressed=true]").allInnerTexts();
    expect(pressed).toEqual(["Step", "log", "test"]);
  });

  it("draws nothing while nobody sees it, and everything when it is seen again", async () => {
    await open(FINISHED.slice(0, 50));
    const before = await legend("loss");
    await see("hidden");
    await shown.send({ type: "events", run: RUN, from_seq: 50, to_seq: 88, events: FINISHED.slice(50) });
    expect(await legend("loss")).toBe(before);
    await see("visible");
    await shown.send();
    expect(await legend("loss")).not.toBe(before);
  });

  async function see(state: string): Promise<void> {
    await shown.page.evaluate((value) => {
      Object.defineProperty(document, "visibilityState", { configurable: true, get: () => value });
      document.dispatchEvent(new Event("visibilitychange"));
    }, state);
  }

  it("follows the theme", async () => {
    await open(FINISHED, { theme: "dark" });
    const root = shown.page.locator(".declml");
    expect(await root.getAttribute("data-scheme")).toBe("dark");
    const dark = await shown.page.locator("canvas").first().screenshot();
    await shown.wear("light");
    expect(await root.getAttribute("data-scheme")).toBe("light");
    expect((await shown.page.locator("canvas").first().screenshot()).equals(dark)).toBe(false);
    await shown.wear("high-contrast");
    expect(await root.getAttribute("data-contrast")).toBe("high");
  });

  it("does not stand over the edge of a narrow page", async () => {
    await open(recorded("two_outputs"), { width: 400 });
    expect(await shown.page.evaluate(() => document.documentElement.scrollWidth)).toBe(400);
  });

  it("announces how a run stands", async () => {
    await open(FINISHED);
    expect(await shown.page.locator('[role="status"].d-spoken').innerText()).toBe(`Run ${RUN}: Finished`);
  });

  it("says what it waits for before there are curves", async () => {
    await open(FINISHED.slice(0, 15));
    expect(await shown.page.locator(".d-curves .d-empty").innerText()).toContain("Fitting 11 features");
  });

  it("shows texts as texts", async () => {
    await open(FINISHED.slice(0, 60));
    const text = '<img src=x onerror="document.title=1"><b>bold</b>';
    await shown.send({ type: "resolved", run: RUN, text }, { type: "log", run: RUN, text });
    expect(await shown.page.locator("pre").first().textContent()).toBe(text);
    expect(await shown.page.locator("pre b, pre img").count()).toBe(0);
  });
});

describe.skipIf(BROWSER === undefined)("the compare view", { timeout: 60_000 }, () => {
  let stage: Stage;
  let shown: Shown;
  const streams = [FINISHED, recorded("other")];
  const infos = streams.map((events) => infoOf(events));

  beforeAll(async () => {
    stage = await Stage.open();
  }, 60_000);
  afterAll(() => stage.close());
  afterEach(async () => {
    shown.check();
    await shown.close();
  });

  async function open(): Promise<void> {
    shown = await stage.show("compare");
    await shown.send(
      {
        type: "init",
        view: "compare",
        runs: infos,
        settings: SETTINGS,
        changes: [{ path: "trainer.learning_rate", values: ["0.002", "0.02"] }],
      },
      ...streams.map((events, index) => snapshotOf(infos[index]!.run, events)),
    );
  }

  it("judges each metric against the base by its goal", async () => {
    await open();
    const row = shown.page.locator(".d-compare tbody tr").first();
    expect(await row.locator(".d-delta").innerText()).toContain("\u22120.0150");
    expect(await row.locator(".d-delta").textContent()).toContain("worse");
    await shown.page.getByLabel("Against").selectOption("0002-7f4d");
    expect(await row.locator(".d-delta").innerText()).toContain("+0.0150");
    expect(await row.locator(".d-delta").textContent()).toContain("better");
  });

  it("lists what differs in the configs and opens their diff", async () => {
    await open();
    expect(await shown.page.locator(".d-changes tbody").innerText()).toMatch(/trainer\.learning_rate\s+0\.002\s+0\.02/);
    await shown.page.getByRole("button", { name: "Config diff" }).click();
    expect(await shown.posted()).toContainEqual({ type: "diffConfig", runs: ["0001-eef8", "0002-7f4d"] });
  });

  it("overlays the curves in the colours of the table", async () => {
    await open();
    expect(await shown.page.locator(".d-runs-legend").innerText()).toMatch(/0001-eef8\s*0002-7f4d/);
    expect(await shown.page.locator(".d-card canvas").count()).toBeGreaterThan(1);
  });
});

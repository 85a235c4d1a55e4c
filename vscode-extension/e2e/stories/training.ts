/**
 * Training: the panel beside the file, a live curve, stop, resume, a training process that is killed, and two runs
 * compared.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Code } from "../harness/code.ts";
import type { Screen } from "../harness/screen.ts";
import type { Story } from "../harness/story.ts";
import { button, epochAfter, epochNow, lens, longTraining, standing, stop } from "./panel.ts";

export const training: Story = {
  name: "training",
  given: (code) => code.sample(),
  async play(screen, code) {
    await train(screen);
    await stopAndResume(screen);
    await killAndRecover(screen, code);
    await secondRun(screen);
    await compare(screen);
  },
};

async function train(screen: Screen): Promise<void> {
  const { page } = screen;
  await screen.openFile("census.declml.yaml");
  await screen.status("kernel: default");
  await longTraining(screen);
  await lens(screen, "Train");
  await page.locator("iframe.webview.ready").first().waitFor();
  screen.seen("the panel opens beside the file");
  await screen.shot("starting");
  await epochAfter(screen, 0);
  screen.seen("the first epoch is drawn");
  const epoch = await epochAfter(screen, 3);
  await screen.shot("live");
  await epochAfter(screen, epoch + 1);
  screen.seen("the curve moves");
}

async function stopAndResume(screen: Screen): Promise<void> {
  await stop(screen);
  screen.seen("stopped after a checkpoint");
  await screen.shot("stopped");
  const epoch = await epochNow(screen);
  await button(screen, "Resume");
  await standing(screen, "Running");
  await epochAfter(screen, epoch);
  screen.seen("resumed, and further than before");
  await screen.shot("resumed");
}

async function killAndRecover(screen: Screen, code: Code): Promise<void> {
  process.kill(trainingProcess(code), "SIGKILL");
  await standing(screen, "Killed");
  screen.seen("a training process that is gone is told");
  await screen.shot("killed");
  const epoch = await epochNow(screen);
  await button(screen, "Resume");
  await epochAfter(screen, epoch);
  screen.seen("recovered from the last checkpoint");
  await stop(screen);
}

async function secondRun(screen: Screen): Promise<void> {
  const { page } = screen;
  await screen.replace("epochs: 300", "epochs: 4");
  await screen.replace("dropout: 0.2", "dropout: 0.4");
  await screen.replace("batch_size: 16", "batch_size: 64");
  await page.keyboard.press("Control+s");
  await lens(screen, "Train");
  await page.locator('.tab[aria-label^="run 2"]').waitFor();
  await standing(screen, "Finished");
  screen.seen("a second run finished");
  await screen.shot("finished");
}

async function compare(screen: Screen): Promise<void> {
  const { page } = screen;
  await page.locator('.activitybar [aria-label^="declml"]').first().click();
  const rows = page.locator(".pane-body .monaco-list-row");
  await rows.filter({ hasText: "run 2" }).first().waitFor();
  await screen.shot("runs");
  await rows.filter({ hasText: "run 2" }).first().click();
  await rows
    .filter({ hasText: "run 1" })
    .first()
    .click({ modifiers: ["Control"] });
  await screen.command("declml: Compare Runs");
  await page.locator('.tab[aria-label^="Compare run 1, run 2"]').waitFor();
  await screen.webview.getByText("trainer.epochs").first().waitFor();
  screen.seen("two runs are compared");
  await screen.shot("compared");
}

function trainingProcess(code: Code): number {
  const experiment = join(code.workspace, "runs", "census");
  const [run] = readdirSync(experiment);
  return (JSON.parse(readFileSync(join(experiment, run!, "record.json"), "utf8")) as { process: number }).process;
}

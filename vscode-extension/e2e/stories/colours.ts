/** Runs of the command line: seen live, tagged, filtered, deleted and put back; and how it looks in other themes. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import type { Code } from "../harness/code.ts";
import { PYTHON } from "../harness/places.ts";
import type { Screen } from "../harness/screen.ts";
import type { Story } from "../harness/story.ts";

export const colours: Story = {
  name: "colours",
  given: twoRuns,
  async play(screen, code) {
    await runsOfATerminal(screen, code);
    await tagAndFilter(screen);
    await deleteAndUndo(screen);
    await look(screen);
  },
};

/** The same in another kind of theme, for the eye of whoever looks at the pictures. */
function themed(name: string, theme: string): Story {
  return {
    name,
    options: { theme },
    given: twoRuns,
    async play(screen) {
      await screen.openFile("census.declml.yaml");
      await screen.status("kernel: default");
      await screen.page.locator('.activitybar [aria-label^="declml"]').first().click();
      await look(screen);
    },
  };
}

export const light = themed("light", "Default Light Modern");
export const contrast = themed("contrast", "Default High Contrast");

function twoRuns(code: Code): void {
  code.sample();
  const options = { cwd: code.workspace, env: code.environment, stdio: "pipe" } as const;
  execFileSync(PYTHON, train(["trainer.epochs=6"]), options);
  execFileSync(PYTHON, train(["trainer.epochs=12", "combiner.dropout=0.4"]), options);
}

function train(values: string[]): string[] {
  const sets = values.flatMap((each) => ["--set", each]);
  return ["-P", "-m", "declml.cli.main", "train", "census.declml.yaml", "--json", ...sets];
}

async function runsOfATerminal(screen: Screen, code: Code): Promise<void> {
  await screen.openFile("census.declml.yaml");
  await screen.page.locator('.activitybar [aria-label^="declml"]').first().click();
  await row(screen, "run 2").waitFor();
  screen.seen("runs of the command line are listed");
  const words = train(["trainer.epochs=300", "trainer.early_stop=-1", "trainer.batch_size=16"]);
  const training: ChildProcess = spawn(PYTHON, words, { cwd: code.workspace, env: code.environment, stdio: "ignore" });
  await row(screen, /run 3.*epoch/).waitFor();
  screen.seen("a run of a terminal appears while it trains");
  await screen.shot("live-run-of-a-terminal");
  await row(screen, "run 3").hover();
  await row(screen, "run 3").getByRole("button", { name: "Stop Run" }).click();
  await row(screen, "run 3")
    .filter({ hasNotText: /epoch|stopping/ })
    .waitFor();
  screen.seen("and can be stopped from here");
  if (training.exitCode === null) await new Promise((resolve) => training.once("exit", resolve));
}

async function tagAndFilter(screen: Screen): Promise<void> {
  const { page } = screen;
  await menu(screen, "run 1", "Tag...");
  await page.locator(".quick-input-widget input").first().fill("baseline");
  await page.keyboard.press("Enter");
  await row(screen, "#baseline").waitFor();
  await screen.command("declml: Filter Runs...");
  await page.locator(".quick-input-widget input").first().fill("baseline");
  await page.keyboard.press("Enter");
  await row(screen, "run 2").waitFor({ state: "detached" });
  screen.seen("a tag is kept, and found by the filter");
  await screen.shot("filtered");
  await screen.command("declml: Clear the Filter");
  await row(screen, "run 2").waitFor();
}

async function deleteAndUndo(screen: Screen): Promise<void> {
  const { page } = screen;
  await menu(screen, "run 3", "Delete Run");
  await row(screen, "run 3").waitFor({ state: "detached" });
  await screen.shot("deleted");
  await page.locator(".notification-toast").getByRole("button", { name: "Undo" }).click();
  await row(screen, "run 3").waitFor();
  screen.seen("a deleted run is put back");
}

async function look(screen: Screen): Promise<void> {
  const { page } = screen;
  await row(screen, "run 2").click();
  await page.locator('.tab[aria-label^="run 2"]').waitFor();
  await screen.webview.getByText("Finished", { exact: true }).first().waitFor();
  await screen.shot("run");
  await row(screen, "run 1").click({ modifiers: ["Control"] });
  await screen.command("declml: Compare Runs");
  await page.locator('.tab[aria-label^="Compare run 1, run 2"]').waitFor();
  await screen.webview.getByText("combiner").first().waitFor();
  screen.seen("a run and a comparison are drawn");
  await screen.shot("compare");
}

/** Choose from a run's menu. A click that comes right after the menu opened does nothing: it is clicked until it goes. */
async function menu(screen: Screen, run: string, title: string): Promise<void> {
  await row(screen, run).click({ button: "right" });
  const item = screen.page.getByRole("menuitem", { name: title });
  await item.waitFor();
  await screen.until(`the menu's "${title}"`, async () => {
    await item.click({ timeout: 500 }).catch(() => undefined);
    return (await item.count()) === 0;
  });
}

function row(screen: Screen, text: string | RegExp) {
  return screen.page.locator(".pane-body .monaco-list-row").filter({ hasText: text }).first();
}

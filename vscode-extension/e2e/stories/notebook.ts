/**
 * The tutorial notebook in VS Code's own notebook editor: help inside a config cell, all cells run on a real kernel, the
 * live view of a training and its stop button. What the Jupyter extension would do is done by `fixtures/notebook`.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { FrameLocator, Locator } from "playwright-core";
import type { Code } from "../harness/code.ts";
import { PYTHON } from "../harness/places.ts";
import type { Screen } from "../harness/screen.ts";
import type { Story } from "../harness/story.ts";

const NAME = "tutorial.ipynb";
const WIDGET = "application/vnd.jupyter.widget-view+json";
const LONG = "trainer: {epochs: 3000, early_stop: -1, learning_rate: 0.0003}";

interface Output {
  output_type: string;
  data?: Record<string, unknown>;
}

interface Cell {
  id?: string;
  cell_type: string;
  source: string[] | string;
  execution_count?: number | null;
  outputs?: Output[];
}

export const notebook: Story = {
  name: "notebook",
  options: {
    settings: { "notebook.lineNumbers": "off", "workbench.editorAssociations": { "*.ipynb": "jupyter-notebook" } },
  },
  given(code) {
    code.standIn("notebook");
    writeTutorial(code);
  },
  async play(screen, code) {
    await open(screen);
    await complete(screen);
    await mistake(screen);
    await trainAndStop(screen, code);
    await checkFile(code, screen);
    await pictures(screen);
  },
};

/** The same where nothing shows widgets: lines while it trains, and the notebook's own button to end it. */
export const words: Story = {
  name: "words",
  options: notebook.options!,
  given(code) {
    code.standIn("notebook", (manifest) => delete manifest["contributes"]);
    writeTutorial(code, (cells) =>
      cells.filter((each) => each.id === "stopped" || /^(%load_ext|from)/.test(textOf(each))),
    );
  },
  async play(screen, code) {
    const { page } = screen;
    await open(screen);
    await page.getByRole("button", { name: "Run All" }).first().click();
    const output = page.locator(".notebook-editor .code-cell-row").filter({ hasText: "--as long" });
    const shown = outputs(screen)
      .locator(".output_container")
      .filter({ hasText: /epoch \d+\/3000/ });
    await shown.first().waitFor();
    screen.seen("without widgets the lines of the training are shown");
    await inSight(screen, output, 150);
    await screen.shot("lines");
    await page
      .getByRole("button", { name: /^(Stop Execution|Interrupt)/ })
      .first()
      .click();
    await outputs(screen).locator(".output_container").filter({ hasText: "interrupted" }).first().waitFor();
    await outputs(screen).locator("img").first().waitFor();
    screen.seen("an interrupt of the cell ends the training, and leaves a table and a picture");
    await screen.shot("interrupted");
    await save(screen);
    await checkFile(code, screen);
  },
};

/** Write the tutorial as `declml init notebook` does, with a last training that is stopped by its button. */
function writeTutorial(code: Code, choose: (cells: Cell[]) => Cell[] = (all) => all): void {
  const words = ["-P", "-m", "declml.cli.main", "init", "notebook", code.workspace];
  execFileSync(PYTHON, words, { cwd: code.home, env: code.environment, stdio: "pipe" });
  const book = read(code);
  const trains = book.cells.find((each) => textOf(each).startsWith("%%declml train"))!;
  const long = textOf(trains)
    .replace("--as first", "--as long --again")
    .replace(/trainer:.*/, LONG);
  book.cells = choose([...book.cells, { ...trains, source: long, id: "stopped" }]);
  writeFileSync(join(code.workspace, NAME), JSON.stringify(book));
}

async function open(screen: Screen): Promise<void> {
  const { page } = screen;
  // Before its extensions have been started, VS Code opens a notebook as a text.
  await screen.until("the notebook opens", async () => {
    await page.getByRole("treeitem", { name: NAME }).first().dblclick();
    const list = page.locator(".notebook-editor .cell-list-container");
    const came = list.waitFor({ timeout: 10_000 }).then(
      () => true,
      () => false,
    );
    if (await came) return true;
    await page.locator(".tab.active .tab-actions .codicon-close").first().click();
    return false;
  });
  await page.locator(".kernel-label").filter({ hasText: "Python (ipykernel)" }).waitFor();
  screen.seen("the tutorial is open as a notebook, with a kernel");
}

/** Type a key of a config in a cell, as in a file. */
async function complete(screen: Screen): Promise<void> {
  const { page } = screen;
  const cell = page.locator(".notebook-editor .code-cell-row .monaco-editor").first();
  await cell.click();
  await page.keyboard.press("Control+a");
  await page.keyboard.insertText("%%declml plan\n");
  await screen.until("the keys of a config are offered in a cell", async () => {
    await page.keyboard.press("Control+Space");
    const rows = page.locator(".suggest-widget.visible .monaco-list-row");
    await rows.filter({ hasText: "input_features" }).first().waitFor({ timeout: 3_000 });
    return true;
  });
  screen.seen("the keys of a config are offered in a cell");
  await screen.shot("completion");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Control+a");
  await page.keyboard.insertText("%load_ext declml");
  await page.keyboard.press("Escape");
}

/** The tutorial has a cell with two mistakes: they are marked before anything runs. */
async function mistake(screen: Screen): Promise<void> {
  const { page } = screen;
  const cell = page.locator(".notebook-editor .code-cell-row").filter({ hasText: "embeding_size" });
  await inSight(screen, cell, 300);
  await cell.locator(".squiggly-error").first().waitFor();
  const word = cell.locator(".view-line span").filter({ hasText: /^embeding_size$/ });
  await word.last().hover();
  await page.locator(".monaco-hover:not(.hidden)").filter({ hasText: "embedding_size" }).first().waitFor();
  screen.seen("a mistake in a cell is marked, and told under the pointer");
  await screen.shot("mistake");
  await page.mouse.move(375, 600);
}

async function trainAndStop(screen: Screen, code: Code): Promise<void> {
  const { page } = screen;
  await page.getByRole("button", { name: "Run All" }).first().click();
  const runs = join(code.workspace, "runs", "notebook");
  for (const run of [1, 2, 3, 4]) {
    const begun = (): boolean => existsSync(runs) && readdirSync(runs).length >= run;
    await screen.until(`run ${run} begins`, () => Promise.resolve(begun()));
  }
  const shown = outputs(screen);
  // The editor draws what is in sight; the last training is told from the others by how long it goes on.
  const view = shown.locator(".declml").filter({ has: shown.locator(".d-tiles", { hasText: /3,?000/ }) });
  await screen.command("Notebook: Focus Last Cell");
  await screen.until("the live view of the last training", async () => {
    await scroll(screen, 600);
    return (await view.count()) > 0;
  });
  screen.seen("every cell before the last training has run");
  const tiles = view.locator(".d-tiles");
  const before = await tiles.innerText();
  await screen.until("the view moves", async () => (await tiles.innerText()) !== before);
  screen.seen("the live view moves in VS Code's output");
  await page
    .locator(".statusbar-item")
    .filter({ hasText: /run 4 · epoch/ })
    .waitFor();
  screen.seen("the status bar tells of it too");
  const stop = view.getByRole("button", { name: "Stop" });
  await inSight(screen, stop, 500); // below its cell, for the picture
  await screen.shot("live");
  await stop.click();
  await screen.until("the live view is gone", async () => (await view.count()) === 0);
  await shown.locator(".output_container").filter({ hasText: "interrupted" }).first().waitFor();
  screen.seen("its stop button ends the training, and leaves a table and a picture");
  await screen.shot("stopped");
  await save(screen);
}

async function save(screen: Screen): Promise<void> {
  await screen.command("File: Save All");
  await screen.page.locator(".tab.active.dirty").waitFor({ state: "detached" });
}

/** The saved file has what every reader of notebooks can show, and no widget. */
async function checkFile(code: Code, screen: Screen): Promise<void> {
  const cells = await screen.until("a saved file without a widget", () =>
    // Read while it is written, it is no JSON.
    Promise.resolve().then(() => {
      const all = read(code).cells.filter((each) => each.cell_type === "code");
      return !all.some((cell) => cell.outputs?.some((each) => WIDGET in (each.data ?? {}))) && all;
    }),
  );
  const told = cells.flatMap((each) => each.outputs ?? []);
  const failed = told.find((each) => each.output_type === "error");
  if (failed !== undefined) throw new Error(`a cell failed: ${JSON.stringify(failed).slice(0, 600)}`);
  const kinds = told.flatMap((each) => Object.keys(each.data ?? {}));
  const lacks = ["image/png", "text/html", "text/plain"].filter((each) => !kinds.includes(each));
  if (lacks.length > 0) throw new Error(`the file has no ${lacks.join(", ")}`);
  screen.seen(`the saved file has ${kinds.filter((each) => each === "image/png").length} pictures and no widget`);
}

/** Take pictures of a finished training in a light and a dark theme. */
async function pictures(screen: Screen): Promise<void> {
  const { page } = screen;
  const picture = outputs(screen).locator("img").first();
  for (const theme of ["Light Modern", "Dark Modern"]) {
    await page.keyboard.press("Control+k");
    await page.keyboard.press("Control+t");
    await page.locator(".quick-input-list .monaco-list-row").filter({ hasText: theme }).first().click();
    await inSight(screen, picture, 300);
    await screen.shot(theme.split(" ")[0]!.toLowerCase());
  }
}

/** Scroll the notebook, with the pointer left of its cells: over an output, that would be scrolled. */
async function scroll({ page }: Screen, by: number): Promise<void> {
  await page.mouse.move(375, 600);
  await page.mouse.wheel(0, by);
}

/** Scroll the notebook until something of it stands about so far from the window's upper edge. */
async function inSight(screen: Screen, what: Locator, top: number): Promise<void> {
  await screen.until("it is in sight", async () => {
    const box = (await what.count()) > 0 ? await what.first().boundingBox({ timeout: 1000 }) : null;
    if (box !== null && Math.abs(box.y - top) < 40) return true;
    await scroll(screen, box === null ? 300 : box.y - top);
    await screen.page.waitForTimeout(200);
    return false;
  });
}

function outputs(screen: Screen): FrameLocator {
  return screen.page.locator("iframe.webview.ready").first().contentFrame().frameLocator("iframe#active-frame");
}

function read(code: Code): { cells: Cell[] } {
  return JSON.parse(readFileSync(join(code.workspace, NAME), "utf8")) as { cells: Cell[] };
}

function textOf({ source }: Cell): string {
  return typeof source === "string" ? source : source.join("");
}

/**
 * The tutorial in VS Code's own notebook: a real VS Code in a headless browser, a real ipykernel behind a controller of
 * ours (`controller/`), since no package registry has the Jupyter extension. What is seen: declml's outputs as VS Code
 * draws them, and its widget in VS Code's output frame. What is not: the Jupyter extension's own handling of widgets.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Code } from "../../../../vscode-extension/e2e/harness/code.ts";
import { PYTHON } from "../../../../vscode-extension/e2e/harness/places.ts";
import { launch, PATIENCE_MS, Screen } from "../../../../vscode-extension/e2e/harness/screen.ts";

const HERE = dirname(fileURLToPath(import.meta.url));
const OUT = process.argv[2] ?? join(HERE, "..", "..", "..", "..", "build", "e2e-jupyter");
const NAME = "tutorial.ipynb";

interface Cell {
  cell_type: string;
  source: string[] | string;
}

/** Run a command of declml. */
function declml(code: Code, ...words: string[]): void {
  execFileSync(PYTHON, ["-P", "-m", "declml.cli.main", ...words], { cwd: code.home, env: code.environment, stdio: "pipe" });
}

/** Write the tutorial as `declml init notebook` does, with a last training that is stopped by its button. */
function tutorial(code: Code): number {
  declml(code, "init", "notebook", code.workspace);
  const path = join(code.workspace, NAME);
  const book = JSON.parse(readFileSync(path, "utf8")) as { cells: Cell[] };
  const trains = book.cells.find((each) => source(each).startsWith("%%declml train"))!;
  const long = source(trains).replace("--as first", "--as long --again").replace(/trainer:.*/, LONG);
  book.cells.push({ ...trains, id: "stopped", source: long } as Cell);
  writeFileSync(path, JSON.stringify(book));
  return book.cells.filter((each) => each.cell_type === "code").length;
}

const LONG = "trainer: {epochs: 3000, early_stop: -1, learning_rate: 0.0003}";
const source = ({ source }: Cell): string => (typeof source === "string" ? source : source.join(""));

/** The story; every step that is not as it must be throws. */
async function play(code: Code, screen: Screen): Promise<void> {
  const { page } = screen;
  const shot = (name: string) => page.screenshot({ path: join(OUT, name) });
  const outputs = page.locator("iframe.webview.ready").first().contentFrame().frameLocator("iframe#active-frame");
  await screen.open(code.url);
  // Before its extensions have been started, VS Code opens a notebook as a text.
  await screen.until("the notebook opens", async () => {
    await page.getByRole("treeitem", { name: NAME }).first().dblclick();
    const list = page.locator(".notebook-editor .cell-list-container");
    if (await list.waitFor({ timeout: 10_000 }).then(() => true, () => false)) return true;
    await page.locator(".tab.active .tab-actions .codicon-close").first().click();
    return false;
  });
  screen.seen("the tutorial is open as a notebook");
  await page.locator(".kernel-label").filter({ hasText: "Python (ipykernel)" }).waitFor();
  await page.getByRole("button", { name: "Run All" }).first().click();
  screen.seen("all cells are asked to run");

  // The list of cells draws what is in sight; the last training is told from the others by how long it goes on.
  const view = outputs.locator(".declml").filter({ has: outputs.locator(".d-tiles", { hasText: /3,?000/ }) });
  await screen.until("the live view of the last training", async () => {
    await page.locator(".notebook-editor .cell-list-container").press("Control+End");
    return (await view.count()) > 0;
  });
  const tiles = view.locator(".d-tiles");
  const before = await tiles.innerText();
  await screen.until("the view moves", async () => (await tiles.innerText()) !== before);
  screen.seen("the widget is alive in VS Code's output frame");
  await page.waitForTimeout(2500);
  await shot("20-vscode-live.png");
  await view.getByRole("button", { name: "Stop" }).click();
  await screen.until("a picture in its place", async () => {
    const ended = outputs.locator(".output_container").filter({ hasText: "interrupted" });
    return (await ended.locator("img").or(ended.locator("xpath=..").locator("img")).count()) > 0;
  });
  await screen.until("the live view is gone", async () => (await view.count()) === 0);
  screen.seen("its stop button ends the training and leaves a picture");
  await page.waitForTimeout(1000);
  await shot("21-vscode-stopped.png");
  await screen.command("File: Save");
  await page.waitForTimeout(2000);
}

/** The saved file has what every reader of notebooks can show, and no widget. */
function checkFile(code: Code, screen: Screen, cells: number): void {
  const book = JSON.parse(readFileSync(join(code.workspace, NAME), "utf8"));
  const ran = book.cells.filter((each: { execution_count?: number | null }) => each.execution_count);
  if (ran.length !== cells) throw new Error(`all ${cells} cells must have run; ${ran.length} have`);
  const kinds = book.cells.flatMap((each: { outputs?: { data?: object; output_type: string }[] }) => each.outputs ?? []);
  const errors = kinds.filter((each: { output_type: string }) => each.output_type === "error");
  if (errors.length > 0) throw new Error(`no cell must fail: ${JSON.stringify(errors[0]).slice(0, 600)}`);
  const mimes = kinds.flatMap((each: { data?: object }) => Object.keys(each.data ?? {}));
  for (const wanted of ["image/png", "text/html", "text/plain"]) {
    if (!mimes.includes(wanted)) throw new Error(`the file must have ${wanted}; it has ${[...new Set(mimes)].join(", ")}`);
  }
  if (mimes.some((each: string) => each.includes("widget"))) throw new Error("the file must have no widget");
  screen.seen(`the saved file has ${mimes.filter((each: string) => each === "image/png").length} pictures and no widget`);
}

/** Take pictures of the notebook from its top, in a light and a dark theme. */
async function pictures(screen: Screen): Promise<void> {
  const { page } = screen;
  const outputs = page.locator("iframe.webview.ready").first().contentFrame().frameLocator("iframe#active-frame");
  for (const [theme, name] of [["Light", "light"], ["Dark", "dark"]] as const) {
    await screen.command("Preferences: Color Theme");
    const row = page.locator(".quick-input-list .monaco-list-row").filter({ hasText: `${theme} Modern` });
    await row.first().click();
    await screen.command("Notebook: Focus First Cell").catch(() => undefined);
    const picture = outputs.locator("img").first();
    await screen.until("the first picture", async () => {
      await page.mouse.move(700, 500);
      await page.mouse.wheel(0, 400);
      await page.waitForTimeout(150);
      const box = await picture.boundingBox();
      return box !== null && box.y > 100 && box.y < 500;
    });
    await page.waitForTimeout(800);
    await page.screenshot({ path: join(OUT, `22-vscode-${name}.png`) });
  }
  screen.seen("pictures in a light and a dark theme");
}

mkdirSync(OUT, { recursive: true });
const code = new Code("notebook", { install: false, settings: { "notebook.lineNumbers": "off" } });
const browser = await launch();
let isWhole = false;
try {
  const cells = tutorial(code);
  await code.start();
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  const screen = new Screen(page, "notebook");
  const controller = `vscode-remote://127.0.0.1:${code.port}${join(HERE, "controller")}`;
  const payload = JSON.stringify([["extensionDevelopmentPath", controller], ["skipWelcome", "true"]]);
  const address = `${code.url}&payload=${encodeURIComponent(payload)}`;
  Object.defineProperty(code, "url", { value: address });
  try {
    await play(code, screen);
    checkFile(code, screen, cells);
    await pictures(screen);
    isWhole = true;
  } catch (error) {
    await page.screenshot({ path: join(OUT, "vscode-failed.png") });
    console.log(`FAILED (${PATIENCE_MS / 1000} s of patience)\n${error instanceof Error ? error.stack : String(error)}`);
  }
} finally {
  await browser.close();
  await code.stop();
}
process.exit(isWhole ? 0 : 1);

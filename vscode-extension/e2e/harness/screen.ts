/** The window of a running VS Code, with the hands and eyes of a user. */
import { join } from "node:path";
import { type Browser, chromium, type FrameLocator, type Page } from "playwright-core";
import { FOUND, SCREENSHOTS } from "./places.ts";

/** How long a palette may take to offer a command, and how often it is opened for it. */
const PALETTE_MS = 8000;
const PALETTES = 5;

const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
/** Machines are slow when everything is tested at once. */
export const PATIENCE_MS = Number(process.env["DECLML_E2E_PATIENCE_MS"] ?? 90_000);

export function launch(): Promise<Browser> {
  return chromium.launch({ executablePath: FOUND.browser, headless: true, args: ARGUMENTS });
}

export class Screen {
  readonly page: Page;
  readonly story: string;
  #count = 0;
  readonly #begun = Date.now();

  constructor(page: Page, story: string) {
    this.page = page;
    this.story = story;
    page.setDefaultTimeout(PATIENCE_MS);
  }

  /** Say what has been seen to work. */
  seen(what: string): void {
    console.log(`  ${((Date.now() - this.#begun) / 1000).toFixed(1).padStart(5)} s  ${what}`);
  }

  async shot(name: string): Promise<void> {
    this.#count += 1;
    const file = `${this.story}-${String(this.#count).padStart(2, "0")}-${name}.png`;
    await this.page.screenshot({ path: join(SCREENSHOTS, file) });
  }

  async open(url: string): Promise<void> {
    await this.page.goto(url);
    await this.page.waitForSelector(".monaco-workbench");
    await this.page.waitForSelector(".explorer-folders-view .monaco-list-row");
  }

  async openFile(name: string): Promise<void> {
    await this.page.getByRole("treeitem", { name, exact: false }).first().dblclick();
    await this.page.waitForSelector(`.tab.active[aria-label^="${name}"]`);
    await this.page.waitForSelector(".editor-instance .view-line");
  }

  /** Run a command of the palette by its full title. An open palette keeps the commands that it was opened with. */
  async command(title: string): Promise<void> {
    const input = this.page.locator(".quick-input-widget input").first();
    const rows = this.page.locator(".quick-input-list .monaco-list-row");
    const row = rows.filter({ hasText: title.split(": ").at(-1) }).first();
    for (let attempt = 1; ; attempt++) {
      await this.page.keyboard.press("F1");
      await input.waitFor();
      await input.fill(`>${title}`);
      try {
        await row.waitFor({ timeout: PALETTE_MS });
        break;
      } catch (error) {
        if (attempt === PALETTES) throw error;
        await this.page.keyboard.press("Escape");
      }
    }
    await row.click();
  }

  /** Put the cursor at the end of the first line that holds `text`. */
  async cursorAfter(text: string): Promise<void> {
    await this.find(text);
    await this.page.keyboard.press("End");
  }

  /** Select the first occurrence of a text in the editor. */
  async find(text: string): Promise<void> {
    const widget = this.page.locator(".find-widget.visible");
    await this.editor.click();
    await this.page.keyboard.press("Control+Home");
    await this.page.keyboard.press("Control+f");
    await widget.locator("textarea, .monaco-editor").first().waitFor();
    await this.page.keyboard.press("Control+a");
    await this.page.keyboard.insertText(text);
    await widget
      .locator(".matchesCount")
      .filter({ hasText: /\d+ of \d+/ })
      .waitFor();
    // Pressed in the search itself: a panel that opens meanwhile may have taken the focus.
    await this.until(`the search for ${text} closes`, async () => {
      if ((await widget.count()) > 0) await widget.locator("textarea").first().press("Escape", { timeout: 2000 });
      return (await widget.count()) === 0;
    });
  }

  /** Put another text in the place of the first occurrence of one. */
  async replace(text: string, by: string): Promise<void> {
    await this.find(text);
    await this.page.keyboard.insertText(by);
  }

  get editor() {
    return this.page.locator(".editor-instance .view-lines").first();
  }

  /** The page inside the webview that is shown. */
  get webview(): FrameLocator {
    return this.page.locator("iframe.webview.ready").last().contentFrame().frameLocator("iframe#active-frame");
  }

  async status(text: string): Promise<void> {
    await this.page.locator(".statusbar-item").filter({ hasText: text }).first().waitFor();
  }

  /** Ask until the answer is one. */
  async until<T>(what: string, ask: () => Promise<T | undefined | false>): Promise<T> {
    const end = Date.now() + PATIENCE_MS;
    for (;;) {
      const answer = await ask().catch(() => undefined);
      if (answer !== undefined && answer !== false) return answer;
      if (Date.now() > end) throw new Error(`did not happen in time: ${what}`);
      await this.page.waitForTimeout(100);
    }
  }
}

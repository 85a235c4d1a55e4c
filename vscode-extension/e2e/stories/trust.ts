/** A workspace that is not trusted: it can be read, and nothing of it runs until the user trusts it. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Story } from "../harness/story.ts";

/** A plug-in that leaves a trace when it is imported. */
const PLUGIN = `"""A plug-in of the folder."""
from pathlib import Path

Path(__file__).with_name("it-ran").touch()
`;

export const trust: Story = {
  name: "trust",
  options: { trust: true, settings: { "security.workspace.trust.startupPrompt": "never" } },
  given(code) {
    code.sample();
    const config = join(code.workspace, "census.declml.yaml");
    writeFileSync(config, `${readFileSync(config, "utf8")}\ncode: [words.py]\n`);
    writeFileSync(join(code.workspace, "words.py"), PLUGIN);
  },
  async play(screen, code) {
    const { page } = screen;
    await screen.openFile("census.declml.yaml");
    await page.locator(".statusbar-item").filter({ hasText: "Restricted Mode" }).waitFor();
    await page
      .locator(".view-line span")
      .filter({ hasText: /^input_features$/ })
      .first()
      .waitFor();
    // Past every "when": the command itself refuses.
    await page.keyboard.press("F1");
    await page.locator(".quick-input-widget input").first().fill(">declml: ");
    await page.locator(".quick-input-list .monaco-list-row").first().waitFor();
    await screen.shot("palette");
    const offered = await page.locator(".quick-input-list .monaco-list-row").allInnerTexts();
    if (offered.some((each) => each.includes("Train This Config"))) throw new Error("training is offered");
    await page.keyboard.press("Escape");
    if (existsSync(join(code.workspace, "runs"))) throw new Error("something ran");
    if (existsSync(join(code.workspace, "it-ran"))) throw new Error("the plug-in's code ran");
    screen.seen("without trust nothing is offered that runs");
    await screen.shot("restricted");
    await screen.command("Workspaces: Manage Workspace Trust");
    await page.getByRole("button", { name: "Trust", exact: true }).first().click();
    await page.keyboard.press("Escape");
    await page.locator(".codelens-decoration a").filter({ hasText: "Train" }).first().waitFor();
    screen.seen("with trust the server starts");
    await screen.until("the plug-in's code runs", () => Promise.resolve(existsSync(join(code.workspace, "it-ran"))));
    screen.seen("and the plug-in's code runs");
  },
};

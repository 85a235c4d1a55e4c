/** A workspace that is not trusted: it can be read, and nothing of it runs until the user trusts it. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Story } from "../harness/story.ts";

export const trust: Story = {
  name: "trust",
  options: { trust: true, settings: { "security.workspace.trust.startupPrompt": "never" } },
  given: (code) => code.sample(),
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
    screen.seen("without trust nothing is offered that runs");
    await screen.shot("restricted");
    await screen.command("Workspaces: Manage Workspace Trust");
    await page.getByRole("button", { name: "Trust", exact: true }).first().click();
    await page.keyboard.press("Escape");
    await page.locator(".codelens-decoration a").filter({ hasText: "Train" }).first().waitFor();
    screen.seen("with trust the server starts");
  },
};

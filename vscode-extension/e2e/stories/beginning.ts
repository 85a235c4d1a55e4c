/** The first steps: the walkthrough and its sample project, a plain YAML file that is a config, a config from data. */
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Code } from "../harness/code.ts";
import type { Screen } from "../harness/screen.ts";
import type { Story } from "../harness/story.ts";

const PLAIN = `input_features:
  - {name: age, type: number}
output_features:
  - {name: income, type: category}
`;

export const beginning: Story = {
  name: "beginning",
  given(code) {
    const made = join(code.workspace, "made");
    mkdirSync(made);
    code.sample("tabular", made);
    mkdirSync(join(code.workspace, "data"));
    copyFileSync(join(made, "adult.csv"), join(code.workspace, "data", "people.csv"));
    writeFileSync(join(code.workspace, "plain.yaml"), PLAIN);
  },
  async play(screen, code) {
    await walkthrough(screen);
    await plainFile(screen);
    await fromData(screen, code);
  },
};

async function walkthrough(screen: Screen): Promise<void> {
  const { page } = screen;
  await screen.command("Welcome: Open Walkthrough...");
  await page.locator(".quick-input-list .monaco-list-row").filter({ hasText: "Train a model from a config" }).click();
  const steps = page.locator(".gettingStartedContainer .getting-started-step");
  await steps.filter({ hasText: "Choose a Python with declml" }).waitFor();
  if ((await steps.count()) !== 5) throw new Error(`the walkthrough must have 5 steps; it has ${await steps.count()}`);
  await steps.filter({ hasText: "Write a sample project" }).click();
  await screen.webview.getByText("A project that works").waitFor();
  screen.seen("the walkthrough opens, with its pages");
  await screen.shot("walkthrough");
  await steps.getByRole("button", { name: "New sample project" }).click();
  await page.locator(".quick-input-list .monaco-list-row").filter({ hasText: "tabular" }).click();
  await page.locator('.tab.active[aria-label^="census.declml.yaml"]').waitFor();
  await screen.status("kernel: default");
  screen.seen("its button writes the sample project and opens the config");
  await page.locator(".codelens-decoration a").filter({ hasText: "Train" }).first().waitFor();
  await screen.shot("sample");
  await screen.cursorAfter("name: census");
  await page.keyboard.type(" # mine");
  await page.locator(".tab", { hasText: "Welcome" }).click();
  const done = steps.filter({
    has: page.locator(".codicon-getting-started-step-checked"),
  });
  await screen.until("three steps are done", async () => (await done.count()) >= 3);
  screen.seen("and the steps that are done are ticked");
  await screen.shot("walkthrough-done");
}

/** Asked once, and the answer is kept. */
async function plainFile(screen: Screen): Promise<void> {
  const { page } = screen;
  await screen.openFile("plain.yaml");
  const message = page.locator(".notification-toast").filter({ hasText: "plain.yaml is a declml config" });
  await message.waitFor();
  await screen.shot("plain-yaml");
  await message.getByRole("button", { name: "Use declml" }).click();
  const language = page.locator(".statusbar-item").filter({ hasText: /^declml$/ });
  await language.waitFor();
  await page.locator(".codelens-decoration a").filter({ hasText: "Train" }).first().waitFor();
  screen.seen("a plain YAML file that is a config becomes one");
  await screen.command("View: Close All Editors");
  await language.waitFor({ state: "detached" });
  await screen.openFile("plain.yaml");
  await language.waitFor();
  if ((await message.count()) > 0) throw new Error("it asked again");
  screen.seen("and stays one, without being asked again");
}

async function fromData(screen: Screen, code: Code): Promise<void> {
  const { page } = screen;
  await screen.command("declml: New Config From Data File...");
  await page.locator(".quick-input-list .monaco-list-row").filter({ hasText: "people.csv" }).click();
  await page.locator(".quick-input-widget").filter({ hasText: "is to be predicted" }).waitFor();
  await screen.shot("which-column");
  await page.locator(".quick-input-widget input").first().fill("income");
  await page.keyboard.press("Enter");
  await page.locator('.tab.active[aria-label^="people.declml.yaml"]').waitFor();
  await page.locator(".view-line").filter({ hasText: "income" }).first().waitFor();
  screen.seen(`a config is written from ${join(code.workspace, "data", "people.csv").split("/").at(-1)}`);
  await screen.shot("from-data");
}

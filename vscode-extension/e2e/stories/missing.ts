/** A Python without declml: one message that offers the installation, one that fails, and one that succeeds. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { environmentWithout } from "../harness/environments.ts";
import { PYTHON } from "../harness/places.ts";
import type { Story } from "../harness/story.ts";

export const missing: Story = {
  name: "missing",
  options: { settings: { "declml.interpreter": "${workspaceFolder}/bare/bin/python" } },
  given(code) {
    code.sample();
    environmentWithout(code, "fresh");
    execFileSync(PYTHON, ["-m", "venv", "--without-pip", join(code.workspace, "bare")]);
  },
  async play(screen) {
    const { page } = screen;
    await screen.openFile("census.declml.yaml");
    const message = page.locator(".notification-toast").filter({ hasText: "declml is not installed for" });
    await message.waitFor();
    await message.getByRole("button", { name: "Install declml..." }).waitFor();
    screen.seen("one message offers the installation");
    await screen.shot("offer");
    await message.getByRole("button", { name: "Install declml..." }).click();
    // This environment has no pip: the failure is told with the way to its log.
    await page.locator(".notification-toast").filter({ hasText: "could not be installed" }).waitFor();
    screen.seen("an installation that fails says so");
    await screen.shot("failed-installation");
    await screen.command("Notifications: Clear All Notifications");
    await screen.command("declml: Install declml Into an Environment");
    const fresh = page.locator(".quick-input-list .monaco-list-row").filter({ hasText: "fresh/bin/python" }).first();
    await fresh.waitFor();
    await screen.shot("environments");
    await fresh.click();
    await page.locator(".notification-toast").filter({ hasText: "Installing declml" }).waitFor();
    screen.seen("an environment is chosen, and the installation tells how far it is");
    await screen.shot("installing");
    await screen.status("kernel: default");
    screen.seen("the language server runs in the environment that declml was installed into");
    await page.locator(".codelens-decoration").filter({ hasText: "Train" }).first().waitFor();
    await screen.shot("installed");
  },
};

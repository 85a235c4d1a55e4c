/** A Python without declml: one message that offers the installation, and a server that says so. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { PYTHON } from "../harness/places.ts";
import type { Story } from "../harness/story.ts";

export const missing: Story = {
  name: "missing",
  options: { settings: { "declml.interpreter": "${workspaceFolder}/bare/bin/python" } },
  given(code) {
    code.sample();
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
  },
};

/** A window that is reloaded while a training runs: the panel comes back and catches up. */
import type { Story } from "../harness/story.ts";
import { epochAfter, lens, longTraining, stop } from "./panel.ts";

export const reload: Story = {
  name: "reload",
  given: (code) => code.sample(),
  async play(screen) {
    await screen.openFile("census.declml.yaml");
    await screen.status("kernel: default");
    await longTraining(screen);
    await lens(screen, "Train");
    const epoch = await epochAfter(screen, 0);
    await screen.page.reload();
    await screen.page.waitForSelector(".monaco-workbench");
    await screen.page.locator("iframe.webview.ready").first().waitFor();
    await epochAfter(screen, epoch);
    screen.seen("the reloaded window shows the run, which went on meanwhile");
    await screen.shot("reloaded");
    await stop(screen);
    screen.seen("stopped by a window that did not start it");
  },
};

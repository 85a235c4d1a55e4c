/**
 * Where trainings run: a kernelspec picked in the status bar, whose kernel is killed and recovers, and a Jupyter server
 * with a token, whose line breaks and whose window is reloaded in the middle of a run.
 */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Code } from "../harness/code.ts";
import { Jupyter, kernelspec } from "../harness/jupyter.ts";
import type { Screen } from "../harness/screen.ts";
import type { Story } from "../harness/story.ts";
import { button, epochAfter, epochNow, lens, longTraining, standing, stop } from "./panel.ts";

const SPEC = "census-env";

export const kernels: Story = {
  name: "kernels",
  given(code) {
    code.sample();
    kernelspec(code, SPEC, "Environment of the census");
  },
  async play(screen, code) {
    await screen.openFile("census.declml.yaml");
    await screen.status("kernel: default");
    await longTraining(screen);
    await onAKernelspec(screen, code);
    const jupyter = new Jupyter(code);
    await jupyter.start(code.environment);
    await onAServer(screen, code, jupyter);
  },
};

async function onAKernelspec(screen: Screen, code: Code): Promise<void> {
  await pick(screen, SPEC);
  await screen.status(`kernel: ${SPEC}`);
  screen.seen("a kernelspec is chosen in the status bar");
  await lens(screen, "Train");
  const epoch = await epochAfter(screen, 0);
  if (recordOf(code, 1).kernel !== SPEC) throw new Error(`trained on ${String(recordOf(code, 1).kernel)}`);
  screen.seen("and trains the config");
  await screen.shot("on-a-kernelspec");
  const kernel = kernelProcess(code);
  process.kill(kernel, "SIGKILL");
  await epochAfter(screen, epoch + 1);
  screen.seen("its kernel was killed: the run goes on without it");
  await stop(screen);
  const stopped = await epochNow(screen);
  await button(screen, "Resume");
  await epochAfter(screen, stopped);
  if (kernelProcess(code) === kernel) throw new Error("the killed kernel is still there");
  screen.seen("resumed on a kernel that was started anew");
  await stop(screen);
}

async function onAServer(screen: Screen, code: Code, jupyter: Jupyter): Promise<void> {
  const { page } = screen;
  await pick(screen, "Add a Jupyter server");
  const input = page.locator(".quick-input-widget input").first();
  await page.locator(".quick-input-widget").filter({ hasText: "Address of the Jupyter server" }).waitFor();
  await input.fill(jupyter.url);
  await page.keyboard.press("Enter");
  await page.locator(".quick-input-widget").filter({ hasText: "A name for" }).waitFor();
  await input.fill("gpu");
  await page.keyboard.press("Enter");
  await screen.status("kernel: gpu");
  screen.seen("a Jupyter server with a token is added and chosen");
  const told = filesWith(code, jupyter.token);
  if (told.length > 0) throw new Error(`the token stands in ${told.join(", ")}`);
  screen.seen("its token stands in no file");
  await screen.replace("dropout: 0.2", "dropout: 0.3");
  await page.keyboard.press("Control+s");
  await lens(screen, "Train");
  await page.locator('.tab[aria-label^="run 2"]').waitFor();
  let epoch = await epochAfter(screen, 0);
  screen.seen("a run of the server is drawn live");
  jupyter.cut();
  await standing(screen, "Reconnecting");
  screen.seen("a broken line is told");
  await screen.shot("reconnecting");
  jupyter.mend();
  await standing(screen, "Running");
  epoch = await epochAfter(screen, epoch + 1);
  screen.seen("and the run, which went on, is caught up with");
  await screen.shot("on-a-server");
  await page.reload();
  await page.waitForSelector(".monaco-workbench");
  await page.locator("iframe.webview.ready").first().waitFor();
  await giveTokenAgain(screen, jupyter, epoch + 3);
  await epochAfter(screen, epoch + 3);
  screen.seen("a reloaded window follows a run of another machine, which nobody copied any more");
  await stop(screen);
  screen.seen("and stops it there");
}

/** A browser's secret store may be empty after a reload: the server refuses, and the user is asked for the token. */
async function giveTokenAgain(screen: Screen, jupyter: Jupyter, epoch: number): Promise<void> {
  const message = screen.page.locator(".notification-toast").filter({ hasText: "asks for its token" });
  const asked = await screen.until("the run goes on, or the token is asked for", async () => {
    if ((await message.count()) > 0) return "asked";
    return (await epochNow(screen)) > epoch && "goes on";
  });
  if (asked !== "asked") return;
  await screen.shot("asks-for-the-token");
  await message.getByRole("button", { name: "Enter Token..." }).click();
  await screen.page.locator(".quick-input-widget").filter({ hasText: "Token of" }).waitFor();
  await screen.page.locator(".quick-input-widget input").first().fill(jupyter.token);
  await screen.page.keyboard.press("Enter");
  screen.seen("the token is asked for again where the editor did not keep it");
}

/** Choose from the list of kernels. */
async function pick(screen: Screen, text: string): Promise<void> {
  await screen.page.locator(".statusbar-item").filter({ hasText: "kernel: " }).first().click();
  const rows = screen.page.locator(".quick-input-list .monaco-list-row");
  await rows.filter({ hasText: "On this machine" }).first().waitFor();
  await screen.page.locator(".quick-input-widget input").first().fill(text);
  await rows.filter({ hasText: text }).first().click();
}

interface RunRecord {
  run: string;
  kernel: string | null;
}

function recordOf(code: Code, number: number): RunRecord {
  const experiment = join(code.workspace, "runs", "census");
  const run = readdirSync(experiment).find((each) => each.startsWith(String(number).padStart(4, "0")));
  return JSON.parse(readFileSync(join(experiment, run ?? "", "record.json"), "utf8")) as RunRecord;
}

/** The kernel of this VS Code's environment: the newest, where an older one is being ended. */
function kernelProcess(code: Code): number {
  const found = readdirSync("/proc")
    .filter((each) => /^\d+$/.test(each))
    .map(Number)
    .filter((pid) => {
      try {
        const words = readFileSync(`/proc/${pid}/cmdline`, "utf8");
        return words.includes("ipykernel_launcher") && readFileSync(`/proc/${pid}/environ`, "utf8").includes(code.home);
      } catch {
        return false; // it has ended meanwhile
      }
    });
  const newest = found.at(-1);
  if (newest === undefined) throw new Error("there is no kernel");
  return newest;
}

/** The files of the user's side that hold a text: project, settings and state, not the server's own folder. */
function filesWith(code: Code, text: string): string[] {
  return readdirSync(code.home, { recursive: true, encoding: "utf8" }).filter((each) => {
    const path = join(code.home, each);
    if (each.startsWith("server") || !statSync(path, { throwIfNoEntry: false })?.isFile()) return false;
    return readFileSync(path).includes(text);
  });
}

/** A story: what a user does and sees, in a window of a VS Code of its own. */
import { cpSync, existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { Code, type CodeOptions } from "./code.ts";
import { SCREENSHOTS } from "./places.ts";
import { launch, Screen } from "./screen.ts";

export interface Story {
  name: string;
  options?: CodeOptions;
  /** Prepare the workspace. */
  given?(code: Code): void | Promise<void>;
  play(screen: Screen, code: Code): Promise<void>;
}

/** Play a story; return whether it went as told. A failure leaves a picture and the logs. */
export async function play(story: Story): Promise<boolean> {
  console.log(`story ${story.name}`);
  const code = new Code(story.name, story.options);
  const browser = await launch();
  try {
    await story.given?.(code);
    await code.start();
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    if (process.env["DECLML_E2E_VERBOSE"])
      page.on("console", (each) => console.log("   console:", each.text().slice(0, 300)));
    const screen = new Screen(page, story.name);
    try {
      await screen.open(code.url);
      await story.play(screen, code);
      console.log(`story ${story.name}: passed`);
      return true;
    } catch (error) {
      await screen.shot("failed");
      console.log(`story ${story.name}: FAILED\n${error instanceof Error ? error.stack : String(error)}`);
      return false;
    }
  } catch (error) {
    console.log(`story ${story.name}: FAILED before it began\n${error instanceof Error ? error.stack : String(error)}`);
    return false;
  } finally {
    await browser.close();
    keepLogs(story.name, code);
    await code.stop();
  }
}

function keepLogs(name: string, code: Code): void {
  const logs = join(code.data, "data", "logs");
  if (!existsSync(logs)) return;
  for (const each of readdirSync(logs, { recursive: true, encoding: "utf8" })) {
    if (/declml.*\.log$/.test(each)) cpSync(join(logs, each), join(SCREENSHOTS, `${name}-${each.split("/").at(-1)}`));
  }
}

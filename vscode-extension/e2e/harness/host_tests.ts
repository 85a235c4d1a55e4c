/** Runs the bundled tests inside the extension host, as VS Code's own extensions are tested in a browser. */
import { buildSync } from "esbuild";
import { join } from "node:path";
import { Code } from "./code.ts";
import { environmentWithout, pythonNamed } from "./environments.ts";
import { EXTENSION, SCREENSHOTS } from "./places.ts";
import { launch, PATIENCE_MS } from "./screen.ts";

const LIMIT_MS = 600_000;

/** Return whether all of them passed. */
export async function runHostTests(): Promise<boolean> {
  console.log("tests in the extension host");
  const bundle = join(EXTENSION, "out", "host.js");
  buildSync({
    entryPoints: [join(EXTENSION, "e2e", "host", "index.ts")],
    outfile: bundle,
    bundle: true,
    platform: "node",
    format: "cjs",
    external: ["vscode", "mocha"],
    logLevel: "warning",
  });
  const code = new Code("host", { install: false });
  const browser = await launch();
  try {
    code.sample();
    for (const fixture of ["python", "environments"]) code.standIn(fixture);
    for (const name of ["of-the-extension", "of-the-environments"]) pythonNamed(code, name);
    environmentWithout(code, "fresh");
    await code.start();
    const page = await browser.newPage();
    const ended = new Promise<number>((resolve) => void page.exposeFunction("codeAutomationExit", resolve));
    await page.exposeFunction("codeAutomationLog", (_type: string, words: unknown[]) => {
      // The editor's own words come the same way; those of the tests are marked.
      const text = words.map(String).join(" ");
      if (text.startsWith("  ")) console.log(text);
    });
    page.setDefaultTimeout(PATIENCE_MS);
    await page.goto(code.urlWith(["extensionTestsPath", code.remote(bundle)]), { waitUntil: "commit" });
    const late = new Promise<number>((resolve) => setTimeout(() => resolve(124), LIMIT_MS).unref());
    const result = await Promise.race([ended, late]);
    if (result !== 0) await page.screenshot({ path: join(SCREENSHOTS, "host-failed.png") });
    if (result === 124) console.log("  the tests did not end in time");
    return result === 0;
  } finally {
    await browser.close();
    await code.stop();
  }
}

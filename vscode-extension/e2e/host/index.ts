/** Called by VS Code in the extension host: runs every test file and tells what came of each test. */
import Mocha from "mocha";

/** The runner's events are told below: marked, so that they are found among the editor's own words. */
class Silent extends Mocha.reporters.Base {}

/** Resolves when all tests passed. */
export async function run(): Promise<void> {
  const mocha = new Mocha({ ui: "bdd", timeout: 90_000, reporter: Silent });
  const only = process.env["DECLML_E2E_ONLY"];
  if (only !== undefined) mocha.grep(only);
  mocha.suite.emit("pre-require", globalThis, "", mocha);
  await import("./editing.test.ts");
  await import("./notebooks.test.ts");
  await import("./trainings.test.ts");
  await import("./runs.test.ts");
  await import("./pace.test.ts");
  await import("./interpreters.test.ts");
  await new Promise<void>((resolve, reject) => {
    const runner = mocha.run((failures) => (failures > 0 ? reject(new Error(`${failures} failed`)) : resolve()));
    runner.on("pass", (test) => console.log(`  ok    ${test.title} (${test.duration} ms)`));
    runner.on("fail", (test, error: Error) => console.log(`  FAIL  ${test.title}\n        ${error.stack}`));
  });
}

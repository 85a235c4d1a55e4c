/** Runs the stories and the tests in the extension host, one after the other, and says what came of each. */
import { runHostTests } from "./harness/host_tests.ts";
import type { Story } from "./harness/story.ts";
import { play } from "./harness/story.ts";
import { stories } from "./stories/index.ts";

const [what = "all", ...names] = process.argv.slice(2);
const unknown = (what === "host" ? [] : names).filter((name) => !stories.some((each) => each.name === name));
if (!["all", "ui", "host"].includes(what) || unknown.length > 0) {
  throw new Error(
    `usage: run.sh [all|host [WORD]|ui [STORY...]]; stories: ${stories.map((each) => each.name).join(", ")}`,
  );
}

// The tests in the host read which ones are meant.
if (what === "host" && names.length > 0) process.env["DECLML_E2E_ONLY"] = names.join(" ");
const chosen: Story[] = names.length > 0 ? stories.filter((each) => names.includes(each.name)) : stories;
const failures: string[] = [];

/** A browser on a busy machine misses a moment now and then: what failed is tried once more, and that is said. */
async function twice(name: string, act: () => Promise<boolean>): Promise<void> {
  if (await act()) return;
  console.log(`${name}: once more`);
  if (await act()) console.log(`${name}: passed at the second try`);
  else failures.push(name);
}

if (what !== "ui") await twice("host tests", runHostTests);
if (what !== "host") for (const story of chosen) await twice(`story ${story.name}`, () => play(story));

console.log(failures.length === 0 ? "e2e: all passed" : `e2e: FAILED: ${failures.join(", ")}`);
process.exit(failures.length === 0 ? 0 : 1);

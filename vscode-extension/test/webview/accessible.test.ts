/** Both views by axe's rules, in every kind of theme: names, roles, order and contrast, as a screen reader needs them. */
import axe from "axe-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { HostMessage } from "../../src/contract";
import { BROWSER, type Shown, Stage, infoOf, recorded, snapshotOf, type ViewName } from "./stage";
import { THEMES } from "./themes";

const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"];

describe.skipIf(BROWSER === undefined)("accessible", { timeout: 60_000 }, () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await Stage.open();
  }, 60_000);
  afterAll(() => stage.close());

  async function open(view: ViewName, theme: string, names: string[]): Promise<Shown> {
    const streams = names.map(recorded);
    const runs = streams.map((events) => infoOf(events));
    const begin: HostMessage = { type: "init", view, runs, settings: { smoothing: 0, logScale: false } };
    const shown = await stage.show(view, { theme });
    await shown.send(begin, ...streams.map((events, at) => snapshotOf(runs[at]!.run, events)));
    return shown;
  }

  async function faults(shown: Shown): Promise<string[]> {
    await shown.page.evaluate(axe.source);
    const found = await shown.page.evaluate(
      (rules) => (window as unknown as { axe: typeof axe }).axe.run(document, { runOnly: rules }),
      RULES,
    );
    expect(found.passes.length).toBeGreaterThan(10);
    await shown.close();
    return found.violations.map(
      (each) => `${each.id}: ${each.nodes.map((node) => node.html.slice(0, 200)).join("; ")}`,
    );
  }

  for (const theme of Object.keys(THEMES)) {
    for (const name of ["two_outputs", "failed", "interrupted"]) {
      it(`shows a run that is ${name}, ${theme}`, async () => {
        expect(await faults(await open("run", theme, [name]))).toEqual([]);
      });
    }
    it(`compares runs, ${theme}`, async () => {
      expect(await faults(await open("compare", theme, ["finished", "other"]))).toEqual([]);
    });
  }
});

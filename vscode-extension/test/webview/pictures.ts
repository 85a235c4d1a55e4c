/** Takes pictures of every state of the views, in three themes and three widths, for people to look at. */
import { mkdirSync, readFileSync } from "node:fs";
import type { HostMessage, RunInfo } from "../../src/contract";
import { Stage, type ViewName, infoOf, recorded, snapshotOf } from "./stage";

const SETTINGS = { smoothing: 0, logScale: false };

interface Scene {
  view: ViewName;
  messages: HostMessage[];
  /** Done before the picture is taken. */
  hover?: boolean;
}

/** Return the scenes by name. */
export function scenes(resolved: string): Record<string, Scene> {
  const finished = recorded("finished");
  const other = recorded("other");
  const resumed = recorded("resumed");
  const soon = (info: RunInfo): RunInfo => ({ ...info, created: new Date().toISOString() });
  const one = (name: string, upTo = Infinity, more: Partial<RunInfo> = {}, ...rest: HostMessage[]): Scene => {
    const all = recorded(name);
    const shift = Date.now() / 1000 - (all.at(Math.min(upTo, all.length) - 1)?.time ?? 0);
    const events = all.slice(0, upTo).map((each) => ({ ...each, time: each.time + shift }));
    const info = soon(infoOf(events, more));
    return {
      view: "run",
      messages: [
        { type: "init", view: "run", runs: [info], settings: SETTINGS },
        snapshotOf(info.run, events),
        { type: "resolved", run: info.run, text: resolved },
        ...rest,
      ],
    };
  };
  const run = infoOf(finished).run;
  const three = [finished, other, resumed].map((events) => infoOf(events));
  return {
    finished: one("finished"),
    running: { ...one("finished", 70), hover: true },
    starting: one("finished", 0, { run, status: "starting" }),
    preparing: one("finished", 15),
    failed: one(
      "failed",
      Infinity,
      {},
      {
        type: "log",
        run: infoOf(recorded("failed")).run,
        text: "RuntimeWarning: overflow encountered in exp\n  logits = torch.exp(scores)",
      },
    ),
    interrupted: one("interrupted"),
    killed: one("resumed", 75, {}, { type: "state", run: "0004-2824", status: "killed" }),
    reconnecting: one("finished", 60, {}, { type: "state", run, status: "reconnecting" }),
    resumed: one("resumed"),
    regression: one("regression"),
    two_outputs: one("two_outputs"),
    overlay: {
      view: "run",
      messages: [
        { type: "init", view: "run", runs: three, settings: { smoothing: 0.6, logScale: true } },
        ...[finished, other, resumed].map((events, index) => snapshotOf(three[index]!.run, events)),
      ],
    },
    compare: {
      view: "compare",
      messages: [
        {
          type: "init",
          view: "compare",
          runs: three,
          settings: SETTINGS,
          goals: { roc_auc: "maximize", f1_macro: "maximize", balanced_accuracy: "maximize" },
          changes: [
            { path: "trainer.learning_rate", values: ["0.002", "0.02", "0.002"] },
            { path: "combiner.dropout", values: ["0.2", "0", "0.2"] },
            { path: "trainer.epochs", values: ["40", "40", "60"] },
            { path: "trainer.gradient_clipping", values: [null, null, "{clipglobalnorm: 1}"] },
          ],
        },
        ...[finished, other, resumed].map((events, index) => snapshotOf(three[index]!.run, events)),
      ],
    },
    empty: { view: "compare", messages: [{ type: "init", view: "compare", runs: [], settings: SETTINGS }] },
  };
}

/** Write the pictures into `folder`; `only` picks scenes, widths and themes by a part of the file's name. */
export async function takePictures(folder: string, only: RegExp): Promise<string[]> {
  mkdirSync(folder, { recursive: true });
  const resolved = readFileSync(new URL("events/resolved.yaml", import.meta.url), "utf8");
  const stage = await Stage.open();
  const taken: string[] = [];
  try {
    for (const [name, scene] of Object.entries(scenes(resolved))) {
      for (const width of [400, 900, 1600]) {
        for (const theme of ["dark", "light", "high-contrast"]) {
          const file = `${name}-${width}-${theme}.png`;
          if (!only.test(file)) continue;
          const shown = await stage.show(scene.view, { width, theme });
          await shown.send(...scene.messages);
          if (scene.hover)
            await shown.page
              .locator(".u-over")
              .first()
              .hover({ position: { x: 120, y: 60 } });
          await shown.send();
          const height = await shown.page.evaluate(() => document.documentElement.scrollHeight);
          await shown.page.setViewportSize({ width, height: Math.min(height, 4000) });
          await shown.send();
          await shown.page.screenshot({ path: `${folder}/${file}`, fullPage: true });
          shown.check();
          await shown.close();
          taken.push(file);
        }
      }
    }
  } finally {
    await stage.close();
  }
  return taken;
}

/** The events know best how a run ended, and the host what is going on. */
import { describe, expect, it } from "vitest";
import type { RunInfo } from "../contract";
import { canResume, isLive, lookOf, standingOf } from "./standing";
import { RunState } from "./state";

const INFO: RunInfo = {
  run: "r",
  experiment: "e",
  path: "p",
  status: "running",
  created: "",
  decides: null,
  value: null,
  metrics: {},
  seconds: null,
  trigger: "cli",
};

function ended(status: string): RunState {
  const state = new RunState("r");
  state.take({ kind: "run_finished", status, seconds: 1, message: "m" });
  return state;
}

describe("standingOf", () => {
  it("believes the events' end over a host that lags", () => {
    expect(standingOf(INFO, { status: "running", message: "" }, ended("finished"))).toEqual({
      status: "finished",
      message: "m",
    });
  });

  it("believes a host that has begun something newer", () => {
    expect(standingOf(INFO, { status: "starting", message: "" }, ended("interrupted")).status).toBe("starting");
  });

  it("believes the host while there is no end, and the list before it said anything", () => {
    expect(standingOf(INFO, { status: "killed", message: "" }, new RunState("r")).status).toBe("killed");
    expect(standingOf(INFO, null, new RunState("r")).status).toBe("running");
  });
});

describe("statuses", () => {
  it("have words, and one that is not known is shown as it is", () => {
    expect(lookOf("failed").word).toBe("Failed");
    expect(lookOf("sleeping").word).toBe("sleeping");
  });

  it("say what can be done", () => {
    expect([isLive("running"), isLive("finished"), canResume("killed"), canResume("finished")]).toEqual([
      true,
      false,
      true,
      false,
    ]);
  });
});

/** The small signs beside words, drawn as lines so that no font and no image is needed. */
import { s } from "./dom";

const PATHS = {
  check: "M3 8.5l3.2 3.2L13 4.8",
  cross: "M4 4l8 8M12 4l-8 8",
  warning: "M8 2.5l6 11H2zM8 6.5v3.2M8 11.4v.6",
  info: "M8 2a6 6 0 1 0 .01 0M8 7.2v4M8 4.6v.6",
  pause: "M5.5 3.5v9M10.5 3.5v9",
  play: "M5 3.2l8 4.8-8 4.8z",
  stop: "M4 4h8v8H4z",
  folder: "M1.8 12.8V3.5h4.4l1.5 1.8h6.5v7.5z",
  file: "M3.5 1.8h5.8l3.2 3.3v9.1h-9zM9 2v3.3h3.3",
  running: "M14 8a6 6 0 1 1-6-6",
  broken: "M8 2v5M4.2 4.4a5.2 5.2 0 1 0 7.6 0",
  clock: "M8 2a6 6 0 1 0 .01 0M8 4.8V8l2.2 1.6",
  reused: "M12.9 5.8A5.4 5.4 0 0 0 3 6.4M3.1 10.2A5.4 5.4 0 0 0 13 9.6M13.2 2.8v3.1h-3.1M2.8 13.2v-3.1h3.1",
  diff: "M4 2v7M1 5.5h6M9 13h6M14 2L2 14",
  copy: "M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3",
  up: "M8 13V3.5M4 7.3L8 3.2l4 4.1",
  down: "M8 3v9.5M4 8.7l4 4.1 4-4.1",
  equal: "M3.5 6h9M3.5 10h9",
} as const;

export type IconName = keyof typeof PATHS;

/** Return a sign that says nothing to a screen reader: the word beside it does. */
export function icon(name: IconName): SVGElement {
  return s(
    "svg",
    { class: `d-icon d-icon-${name}`, viewBox: "0 0 16 16", width: 14, height: 14, "aria-hidden": "true" },
    s("path", { d: PATHS[name] }),
  );
}

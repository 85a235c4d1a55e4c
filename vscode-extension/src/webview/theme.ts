/** Reads the colours in force for what CSS cannot paint, and tells dark from light and high contrast from the rest. */

/** The colours of a chart. */
export interface Colors {
  text: string;
  grid: string;
  line: string;
  background: string;
  /** One a run, told apart also by those who do not see every colour. */
  runs: string[];
  /** One a split, for a chart with a single run. */
  splits: Record<string, string>;
}

export const RUN_COLORS = 8;
const SPLITS = ["training", "validation", "test"];

/**
 * Note on `root` whether the ground is dark and the contrast high: its stylesheet picks the palette from that. The
 * colours themselves come from the editor's or the notebook's own variables.
 */
export function adoptScheme(root: HTMLElement): void {
  const style = getComputedStyle(root);
  const ground = parseColor(style.getPropertyValue("--d-ground")) ?? parseColor(style.backgroundColor);
  root.dataset["scheme"] = ground !== null && luminance(ground) < 0.4 ? "dark" : "light";
  const high =
    document.body.classList.contains("vscode-high-contrast") ||
    document.body.classList.contains("vscode-high-contrast-light") ||
    matchMedia("(forced-colors: active)").matches;
  root.dataset["contrast"] = high ? "high" : "normal";
}

/** Return the colours in force under `root`. */
export function readColors(root: HTMLElement): Colors {
  const style = getComputedStyle(root);
  const color = (name: string): string => style.getPropertyValue(name).trim() || "#888";
  return {
    text: color("--d-axis"),
    grid: color("--d-grid"),
    line: color("--d-border"),
    background: color("--d-ground"),
    runs: Array.from({ length: RUN_COLORS }, (_, index) => color(`--d-run-${index}`)),
    splits: Object.fromEntries(SPLITS.map((split) => [split, color(`--d-split-${split}`)])),
  };
}

/** How a split's line is dashed, in CSS pixels; empty for a solid line. */
export function dashOf(split: string): number[] {
  if (split === "validation") return [];
  return split === "training" ? [6, 4] : [2, 3];
}

/** Watch for a change of colours that no message tells: the system's own scheme, or the page's classes. */
export function watchScheme(changed: () => void): () => void {
  const queries = ["(prefers-color-scheme: dark)", "(forced-colors: active)"].map((each) => matchMedia(each));
  for (const query of queries) query.addEventListener("change", changed);
  const observer = new MutationObserver(changed);
  const options = {
    attributes: true,
    attributeFilter: ["class", "style", "data-jp-theme-light", "data-vscode-theme-id"],
  };
  observer.observe(document.body, options);
  observer.observe(document.documentElement, options);
  return () => {
    observer.disconnect();
    for (const query of queries) query.removeEventListener("change", changed);
  };
}

/** Red, green and blue from 0 to 1 of `#rgb`, `#rrggbb` or `rgb(...)`; null for anything else or what is see-through. */
export function parseColor(text: string): [number, number, number] | null {
  const value = text.trim();
  const short = /^#([0-9a-f])([0-9a-f])([0-9a-f])$/i.exec(value);
  if (short) return [hex(`${short[1]}${short[1]}`), hex(`${short[2]}${short[2]}`), hex(`${short[3]}${short[3]}`)];
  const long = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})(?:[0-9a-f]{2})?$/i.exec(value);
  if (long) return [hex(long[1]), hex(long[2]), hex(long[3])];
  const parts = /^rgba?\(([^)]+)\)$/
    .exec(value)?.[1]
    ?.split(/[\s,/]+/)
    .map(Number);
  if (parts === undefined || parts.length < 3 || parts.some(Number.isNaN) || parts[3] === 0) return null;
  const [red = 0, green = 0, blue = 0] = parts;
  return [red / 255, green / 255, blue / 255];
}

function hex(digits = "0"): number {
  return parseInt(digits, 16) / 255;
}

/** Relative luminance, from 0 (black) to 1 (white), as WCAG has it. */
export function luminance([red, green, blue]: readonly [number, number, number]): number {
  const linear = (part: number): number => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
  return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
}

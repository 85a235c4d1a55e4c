/** A short piece of a line, as it looks in a chart. */
import { s } from "./dom";
import { dashOf } from "./theme";

/** Return it; `color` is the variable of its colour, and `split` gives the dash. */
export function swatch(color: string, split: string | number[]): SVGElement {
  const dash = typeof split === "string" ? dashOf(split) : split;
  const line = s("line", { x1: 0, y1: 4, x2: 18, y2: 4, "stroke-width": 2 });
  if (color !== "") line.style.setProperty("--d-line", `var(${color})`);
  if (dash.length > 0) line.setAttribute("stroke-dasharray", dash.join(" "));
  return s("svg", { class: "d-swatch", viewBox: "0 0 18 8", width: 18, height: 8, "aria-hidden": "true" }, line);
}

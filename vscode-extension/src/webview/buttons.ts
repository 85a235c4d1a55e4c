/** Buttons with a sign and a word. */
import { h } from "./dom";
import { type IconName, icon } from "./icons";

/** Return a button; `look` is `primary` for the one thing to do next, `danger` for what ends something. */
export function button(
  label: string,
  sign: IconName | null,
  act: () => void,
  options: { look?: "primary" | "danger"; title?: string } = {},
): HTMLButtonElement {
  const look = options.look === undefined ? "" : ` d-${options.look}`;
  return h(
    "button",
    { type: "button", class: `d-button${look}`, title: options.title, on: { click: act } },
    sign && icon(sign),
    h("span", {}, label),
  );
}

/** Builds elements from names, attributes and texts; never from markup, and never with a style in an attribute. */

type Child = Node | string | null | undefined | false;
type Handlers = { [K in keyof HTMLElementEventMap]?: (event: HTMLElementEventMap[K]) => void };

export interface Attributes {
  class?: string | undefined;
  on?: Handlers;
  /** Anything else; null, undefined and false leave it out, true writes it empty. */
  [name: string]: string | number | boolean | null | undefined | Handlers;
}

const SVG = "http://www.w3.org/2000/svg";

/** Return a new element. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "on") {
      for (const [type, handler] of Object.entries(value as Handlers)) {
        element.addEventListener(type, handler as EventListener);
      }
    } else if (value === true || typeof value === "string" || typeof value === "number") {
      element.setAttribute(name, value === true ? "" : String(value));
    }
  }
  append(element, children);
  return element;
}

/** Return a new element of a drawing. */
export function s(tag: string, attributes: Record<string, string | number> = {}, ...children: Node[]): SVGElement {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}

/** Return a frame that scrolls sideways; it takes the focus, for the arrow keys, only while there is more to see. */
export function scroller(...children: Child[]): HTMLElement {
  const frame = h("div", { class: "d-scroll" }, ...children);
  new ResizeObserver(() => {
    if (frame.scrollWidth > frame.clientWidth) frame.setAttribute("tabindex", "0");
    else frame.removeAttribute("tabindex");
  }).observe(frame);
  return frame;
}

/** Replace what is in an element. */
export function fill(element: Element, ...children: Child[]): void {
  element.replaceChildren();
  append(element, children);
}

/** Write a text where it differs, so that nothing is laid out or read out anew without need. */
export function write(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** Show or hide an element. */
export function show(element: HTMLElement, visible: boolean): void {
  if (element.hidden === visible) element.hidden = !visible;
}

function append(element: Element, children: readonly Child[]): void {
  for (const child of children) if (child !== null && child !== undefined && child !== false) element.append(child);
}

let lastId = 0;

/** Return an id that no other element of the page has. */
export function freshId(): string {
  lastId += 1;
  return `declml-${lastId}`;
}

/** What a view needs of the place it stands in: VS Code's webview, a notebook, a test page. */
import type { HostMessage, WebviewMessage } from "../contract";

/** What a place can do for the user. A button for anything else is not shown. */
export type Action = "stop" | "resume" | "openFolder" | "openConfig" | "diffConfig" | "overlay" | "copy";

export interface Host {
  post(message: WebviewMessage): void;
  /** What `setState` was given last, also over a reload; undefined at first. */
  getState(): unknown;
  setState(state: unknown): void;
  /** Left out: everything. */
  readonly actions?: readonly Action[];
}

/** A view that stands on the page. */
export interface Mounted {
  /** Take a message of the host. */
  receive(message: HostMessage): void;
  /** Take it off the page and let go of everything. */
  dispose(): void;
}

/** Whether the place offers an action. */
export function offers(host: Host, action: Action): boolean {
  return host.actions === undefined || host.actions.includes(action);
}

/** What a view has remembered, as far as it is an object. */
export function remembered(host: Host): Record<string, unknown> {
  const state = host.getState();
  return typeof state === "object" && state !== null ? { ...state } : {};
}

/** Remember more, keeping what others remember beside it. */
export function remember(host: Host, more: Record<string, unknown>): void {
  host.setState({ ...remembered(host), ...more });
}

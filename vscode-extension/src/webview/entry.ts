/** Joins a view to VS Code: its messages, its memory. Nothing else of the webview knows the editor. */
import type { HostMessage, WebviewMessage } from "../contract";
import { type Host, type Mounted, remember } from "./host";

interface VsCodeApi {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: unknown): void;
}

declare function acquireVsCodeApi(): VsCodeApi;

const KINDS: readonly HostMessage["type"][] = ["init", "snapshot", "events", "state", "resolved", "log", "theme"];

/** Mount a view on the page and tell the host that it is ready. */
export function start(mount: (root: HTMLElement, host: Host) => Mounted): void {
  const api = acquireVsCodeApi();
  const host: Host = {
    post: (message: WebviewMessage) => api.postMessage(message),
    getState: () => api.getState(),
    setState: (state) => api.setState(state),
  };
  const root = document.getElementById("root");
  if (root === null) throw new Error("The page must have an element with the id 'root'.");
  const mounted = mount(root, host);
  window.addEventListener("message", (event: MessageEvent<unknown>) => {
    const message = event.data as HostMessage | null;
    if (typeof message !== "object" || message === null || !KINDS.includes(message.type)) return;
    // By this the host brings the page back after a reload of the window.
    if (message.type === "init") remember(host, { view: message.view, paths: message.runs.map((run) => run.path) });
    mounted.receive(message);
  });
  host.post({ type: "ready" });
}

/** Long texts that open on demand: the resolved config, and what the run and its process wrote. */
import { button } from "./buttons";
import { h, show, write } from "./dom";
import { type Host, offers } from "./host";
import type { RunState } from "./state";

/** A part of the panel that opens and closes, and stays as the user left it. */
export class Fold {
  readonly element: HTMLDetailsElement;
  readonly body = h("div", { class: "d-fold-body" });
  readonly #note = h("span", { class: "d-faint d-fold-note" });

  constructor(title: string, open: boolean) {
    this.element = h(
      "details",
      { class: "d-section d-fold", open },
      h("summary", {}, h("h2", {}, title), this.#note),
      this.body,
    );
  }

  /** A remark beside the title. */
  note(text: string): void {
    write(this.#note, text);
  }
}

/** The config with every value in force. */
export class ConfigText {
  readonly fold = new Fold("Resolved config", false);
  readonly #text = h("pre", { class: "d-text", tabindex: 0, "aria-label": "Resolved config" });

  constructor(host: Host) {
    this.fold.body.append(this.#text);
    if (offers(host, "copy")) {
      const copy = button("Copy", "copy", () => host.post({ type: "copy", text: this.#text.textContent }));
      this.fold.body.prepend(h("div", { class: "d-corner-actions" }, copy));
    }
    show(this.fold.element, false);
  }

  write(text: string): void {
    write(this.#text, text.trimEnd());
    show(this.fold.element, text !== "");
  }
}

/** Log lines of the events, and the end of what the process wrote beside them. */
export class Logs {
  readonly fold = new Fold("Log", false);
  readonly #lines = h("div", {
    class: "d-text d-log",
    tabindex: 0,
    role: "log",
    "aria-label": "Log",
    "aria-live": "off",
  });
  readonly #output = h("pre", { class: "d-text", tabindex: 0, "aria-label": "Output of the process" });
  readonly #outputTitle = h("h3", { class: "d-small-title" }, "Output of the process");
  #state: RunState | null = null;
  #written = 0;

  constructor() {
    this.fold.body.append(this.#lines, this.#outputTitle, this.#output);
    this.writeOutput("");
  }

  /** Append the lines that are new; a log that is read at its end stays at its end. */
  draw(state: RunState): void {
    if (state !== this.#state || state.logsDropped + state.logs.length < this.#written) {
      this.#state = state;
      this.#written = state.logsDropped;
      this.#lines.replaceChildren();
    }
    const atEnd = this.#lines.scrollTop + this.#lines.clientHeight >= this.#lines.scrollHeight - 4;
    const fresh = state.logs.slice(Math.max(0, this.#written - state.logsDropped));
    this.#written = state.logsDropped + state.logs.length;
    for (const { level, message } of fresh) {
      this.#lines.append(
        h("div", { class: `d-log-line d-log-${level}` }, h("span", { class: "d-log-level" }, level), message),
      );
    }
    while (this.#lines.childElementCount > state.logs.length) this.#lines.firstElementChild?.remove();
    if (atEnd) this.#lines.scrollTop = this.#lines.scrollHeight;
    const warnings = state.logs.filter((each) => each.level === "warning" || each.level === "error").length;
    const count = `${state.logs.length} line${state.logs.length === 1 ? "" : "s"}`;
    this.fold.note(state.logs.length === 0 ? "" : warnings > 0 ? `${count}, ${warnings} of them warnings` : count);
    this.#showParts(state.logs.length > 0);
  }

  /** Show what the process wrote. */
  writeOutput(text: string): void {
    write(this.#output, text.trimEnd());
    this.#showParts(this.#lines.childElementCount > 0);
  }

  #showParts(lines: boolean): void {
    const output = this.#output.textContent !== "";
    show(this.#lines, lines);
    show(this.#output, output);
    show(this.#outputTitle, output && lines);
    show(this.fold.element, lines || output);
  }
}

/** A VS Code server of its own: fresh data, the packaged extension installed, a workspace to open. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EXTENSION, FOUND, PYTHON, VSIX } from "./places.ts";

export interface CodeOptions {
  theme?: string;
  /** Ask for trust, as VS Code does by default. */
  trust?: boolean;
  /** Install the packaged extension, unless false: tests in the extension host load it from its folder. */
  install?: boolean;
  settings?: Record<string, unknown>;
}

/** Quiet: nothing that reaches for a network or covers what is looked at. */
const SETTINGS = {
  "telemetry.telemetryLevel": "off",
  "workbench.startupEditor": "none",
  "workbench.enableExperiments": false,
  "workbench.reduceMotion": "on",
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "update.mode": "none",
  "extensions.autoUpdate": false,
  "extensions.autoCheckUpdates": false,
  "extensions.ignoreRecommendations": true,
  "remote.autoForwardPorts": false,
  "chat.disableAIFeatures": true,
  "git.enabled": false,
  "editor.minimap.enabled": false,
};
const START_MS = 60_000;

export class Code {
  readonly home: string;
  readonly workspace: string;
  #server: ChildProcess | undefined;
  #said = "";
  readonly #driven: boolean;
  readonly #ends: (() => Promise<void> | void)[] = [];
  port = 0;
  /** More variables for everything in this VS Code; to be set before it is started. */
  variables: Record<string, string> = {};

  constructor(name: string, options: CodeOptions = {}) {
    this.home = mkdtempSync(join(tmpdir(), `declml-e2e-${name}-`));
    this.workspace = join(this.home, "project");
    mkdirSync(this.workspace);
    const settings = {
      ...SETTINGS,
      "workbench.colorTheme": options.theme ?? "Default Dark Modern",
      "security.workspace.trust.enabled": options.trust ?? false,
      "declml.interpreter": PYTHON,
      ...options.settings,
    };
    // Windows of extension tests keep the user's settings in memory and read only the machine's.
    for (const folder of ["User", "Machine"]) {
      mkdirSync(join(this.data, "data", folder), { recursive: true });
      writeFileSync(join(this.data, "data", folder, "settings.json"), JSON.stringify(settings));
    }
    this.#driven = options.install === false;
    if (!this.#driven) {
      this.#run(["--install-extension", VSIX, "--accept-server-license-terms", "--server-data-dir", this.data]);
    }
  }

  /** What everything in this VS Code is started with: nothing of the user's own kernels, no market place. */
  get environment(): NodeJS.ProcessEnv {
    return {
      ...process.env,
      EXTENSIONS_GALLERY: "{}",
      JUPYTER_DATA_DIR: this.jupyter,
      XDG_STATE_HOME: join(this.home, "state"),
      XDG_CONFIG_HOME: join(this.home, "config"),
      OMP_NUM_THREADS: "1",
      PYTHONDONTWRITEBYTECODE: "1",
      ...this.variables,
    };
  }

  /** The folder of Jupyter's own things, such as `kernels/NAME/kernel.json`. */
  get jupyter(): string {
    return join(this.home, "jupyter");
  }

  /** Do something more when this VS Code has stopped, before its folder goes. */
  onStop(act: () => Promise<void> | void): void {
    this.#ends.push(act);
  }

  get data(): string {
    return join(this.home, "data");
  }

  /** The address of the window. */
  get url(): string {
    return this.urlWith();
  }

  /** The address of the window, with more for VS Code to know. An extension that is not installed is named by it. */
  urlWith(...more: [name: string, value: string][]): string {
    const address = `http://127.0.0.1:${this.port}/?folder=${encodeURIComponent(this.workspace)}`;
    if (!this.#driven) return address;
    const payload = [["extensionDevelopmentPath", this.remote(EXTENSION)], ["skipWelcome", "true"], ...more];
    return `${address}&payload=${encodeURIComponent(JSON.stringify(payload))}`;
  }

  /** A path as the window names it. */
  remote(path: string): string {
    return `vscode-remote://127.0.0.1:${this.port}${path}`;
  }

  /** Write the shipped example into the workspace, or into another folder. */
  sample(template = "tabular", folder = this.workspace): void {
    const words = ["-P", "-m", "declml.cli.main", "init", template, folder];
    execFileSync(PYTHON, words, { cwd: this.home, env: this.environment, stdio: "pipe" });
  }

  /** Put an extension of `e2e/fixtures` where VS Code finds it, its manifest changed; before VS Code is started. */
  standIn(fixture: string, change: (manifest: Record<string, unknown>) => void = () => undefined): void {
    const from = join(EXTENSION, "e2e", "fixtures", fixture);
    const manifest = JSON.parse(readFileSync(join(from, "package.json"), "utf8")) as Record<string, string>;
    const name = `${manifest["publisher"]}.${manifest["name"]}-${manifest["version"]}`;
    const folder = join(this.data, "extensions");
    cpSync(from, join(folder, name), { recursive: true });
    change(manifest);
    writeFileSync(join(folder, name, "package.json"), JSON.stringify(manifest));
    const list = join(folder, "extensions.json");
    if (!existsSync(list)) return;
    // Once something has been installed, what the list lacks is not looked for.
    const installed = JSON.parse(readFileSync(list, "utf8")) as unknown[];
    const identifier = { id: `${manifest["publisher"]}.${manifest["name"]}` };
    const location = { $mid: 1, path: join(folder, name), scheme: "file" };
    installed.push({ identifier, version: manifest["version"], location, relativeLocation: name });
    writeFileSync(list, JSON.stringify(installed));
  }

  async start(): Promise<void> {
    const words = ["--host", "127.0.0.1", "--port", "0", "--without-connection-token", "--accept-server-license-terms"];
    const more = ["--telemetry-level", "off", "--server-data-dir", this.data];
    // The driver lets a page name the extension that is tested. It also silences messages, which stories look at.
    if (this.#driven) more.push("--enable-smoke-test-driver");
    const server = spawn(FOUND.node, [join(FOUND.code, "out", "server-main.js"), ...words, ...more], {
      env: this.environment,
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#server = server;
    this.port = await new Promise<number>((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`VS Code did not start:\n${this.#said}`)), START_MS);
      const read = (said: Buffer): void => {
        this.#said += said.toString();
        const port = /Extension host agent listening on (\d+)/.exec(this.#said)?.[1];
        if (port === undefined) return;
        clearTimeout(late);
        resolve(Number(port));
      };
      server.stdout.on("data", read);
      server.stderr.on("data", read);
    });
  }

  async stop(): Promise<void> {
    const server = this.#server;
    if (server !== undefined && server.exitCode === null) {
      const ended = new Promise((resolve) => server.once("exit", resolve));
      server.kill();
      await ended;
    }
    this.#endTrainings();
    for (const act of this.#ends) await act();
    const specs = join(this.jupyter, "kernels");
    for (const kernel of ["warm", ...(existsSync(specs) ? readdirSync(specs) : [])]) {
      try {
        // A kernel that is kept ready must not outlive the story either.
        const words = ["-P", "-m", "declml.cli.main", "kernels", "stop", kernel, "--now"];
        execFileSync(PYTHON, words, { cwd: this.home, env: this.environment, stdio: "pipe" });
      } catch {
        // There is none.
      }
    }
    rmSync(this.home, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }

  /** Trainings outlive the window that began them; those of a story must not outlive the story. */
  #endTrainings(): void {
    const runs = join(this.workspace, "runs");
    if (!existsSync(runs)) return;
    for (const path of readdirSync(runs, { recursive: true, encoding: "utf8" })) {
      if (!path.endsWith("record.json")) continue;
      const record = JSON.parse(readFileSync(join(runs, path), "utf8")) as { status?: string; process?: number };
      if (record.status !== undefined && record.status !== "running") continue;
      try {
        if (record.process !== undefined) process.kill(record.process, "SIGKILL");
      } catch {
        // It has ended without a word.
      }
    }
  }

  #run(words: string[]): void {
    execFileSync(FOUND.node, [join(FOUND.code, "out", "server-main.js"), ...words], {
      env: this.environment,
      stdio: "pipe",
      cwd: EXTENSION,
    });
  }
}

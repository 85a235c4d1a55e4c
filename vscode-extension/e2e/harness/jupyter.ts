/** A Jupyter server on this machine, with a token, behind a line that can be cut; and a kernelspec to choose. */
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import type { Code } from "./code.ts";
import { PYTHON } from "./places.ts";

const START_MS = 90_000;

/** Make a kernelspec of the tested Python under a name of its own. */
export function kernelspec(code: Code, name: string, title: string): void {
  const folder = join(code.jupyter, "kernels", name);
  mkdirSync(folder, { recursive: true });
  const argv = [PYTHON, "-m", "ipykernel_launcher", "-f", "{connection_file}"];
  writeFileSync(join(folder, "kernel.json"), JSON.stringify({ argv, display_name: title, language: "python" }));
}

/** Passes bytes on to a port of this machine, until it is cut. */
class Line {
  readonly #open = new Set<Socket>();
  readonly #listener: Server;
  readonly #target: number;
  #cut = false;

  constructor(target: number) {
    this.#target = target;
    this.#listener = createServer((client) => this.#take(client));
  }

  begin(): Promise<number> {
    return new Promise((resolve) => {
      this.#listener.listen(0, "127.0.0.1", () => {
        const address = this.#listener.address();
        resolve(typeof address === "object" && address !== null ? address.port : 0);
      });
    });
  }

  /** Break everything that goes through; nothing new is let through until it is mended. */
  cut(): void {
    this.#cut = true;
    for (const each of this.#open) each.resetAndDestroy();
    this.#open.clear();
  }

  mend(): void {
    this.#cut = false;
  }

  close(): void {
    this.cut();
    this.#listener.close();
  }

  #take(client: Socket): void {
    if (this.#cut) return void client.resetAndDestroy();
    const server = connect(this.#target, "127.0.0.1");
    for (const each of [client, server]) {
      this.#open.add(each);
      each.on("error", () => undefined);
      each.on("close", () => {
        this.#open.delete(each);
        client.destroy();
        server.destroy();
      });
    }
    client.pipe(server);
    server.pipe(client);
  }
}

export class Jupyter {
  readonly token = randomBytes(16).toString("hex");
  readonly #home: string;
  #process: ChildProcess | undefined;
  #line: Line | undefined;
  #port = 0;

  /** It ends with `code`. */
  constructor(code: Code) {
    this.#home = join(code.home, "server");
    code.onStop(() => this.stop());
    mkdirSync(join(this.#home, "root"), { recursive: true });
  }

  /** The address as Jupyter prints it, through the line. */
  get url(): string {
    return `http://127.0.0.1:${this.#port}/?token=${this.token}`;
  }

  async start(environment: NodeJS.ProcessEnv): Promise<void> {
    const log = join(this.#home, "server.log");
    const own = (name: string): string => join(this.#home, name);
    const file = openSync(log, "a");
    const words = ["-m", "jupyter_server", "--allow-root", "--no-browser", "--ServerApp.ip=127.0.0.1"];
    this.#process = spawn(PYTHON, [...words, "--ServerApp.port=0", `--ServerApp.root_dir=${own("root")}`], {
      cwd: own("root"),
      stdio: ["ignore", file, file],
      // The token in the environment alone: an argument can be read by every user of the machine.
      env: {
        ...environment,
        JUPYTER_TOKEN: this.token,
        JUPYTER_CONFIG_DIR: own("config"),
        JUPYTER_DATA_DIR: own("data"),
        JUPYTER_RUNTIME_DIR: own("runtime"),
        IPYTHONDIR: own("ipython"),
        XDG_STATE_HOME: own("state"),
      },
    });
    const end = Date.now() + START_MS;
    for (;;) {
      const port = /http:\/\/127\.0\.0\.1:(\d+)\//.exec(readFileSync(log, "utf8"))?.[1];
      if (port !== undefined) {
        this.#line = new Line(Number(port));
        this.#port = await this.#line.begin();
        return;
      }
      if (Date.now() > end) throw new Error(`the Jupyter server did not start:\n${readFileSync(log, "utf8")}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  cut(): void {
    this.#line?.cut();
  }

  mend(): void {
    this.#line?.mend();
  }

  async stop(): Promise<void> {
    this.#line?.close();
    const server = this.#process;
    if (server === undefined || server.exitCode !== null) return;
    const ended = new Promise((resolve) => server.once("exit", resolve));
    // With this signal it ends its kernels first.
    server.kill("SIGTERM");
    await ended;
  }
}

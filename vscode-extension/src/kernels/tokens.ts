/** The tokens of remote kernels: asked for once, kept in the editor's secret store, handed on in the environment. */
import * as vscode from "vscode";

/** A child process learns a token by this variable: a command line can be read by everybody on the machine. */
const VARIABLE = "DECLML_KERNEL_TOKEN";
const NAMES = "declml.kernels";

/** A kernel that the user wants to add. */
export interface NewKernel {
  name: string;
  /** Without its token. */
  address: string;
  token: string;
}

export class KernelTokens {
  constructor(
    private readonly secrets: vscode.SecretStorage,
    private readonly memory: vscode.Memento,
  ) {}

  /** Ask for a Jupyter server's address, token and a name for it. */
  async ask(): Promise<NewKernel | undefined> {
    const typed = await vscode.window.showInputBox({
      title: "Address of the Jupyter server",
      placeHolder: "https://machine:8888/",
      ignoreFocusOut: true,
      validateInput: (text) => (isAddress(text) ? undefined : "An address begins with http:// or https://"),
    });
    if (typed === undefined) return undefined;
    const { address, token: inside } = split(typed);
    const name = await vscode.window.showInputBox({
      title: `A name for ${address}`,
      value: new URL(address).hostname.split(".")[0] ?? "",
      ignoreFocusOut: true,
      validateInput: (text) => (/^[\w-]+$/.test(text) ? undefined : "Letters, digits, dashes and underscores"),
    });
    if (name === undefined) return undefined;
    const token = inside ?? (await vscode.window.showInputBox(questionFor(address)));
    return token === undefined ? undefined : { name, address, token };
  }

  async keep({ name, address, token }: NewKernel): Promise<void> {
    await this.secrets.store(secret(name), token);
    await this.memory.update(NAMES, { ...this.#names, [new URL(address).host]: name });
  }

  /**
   * Ask for the token of a server that did not take the one that is known; false when the user has none either. Of a
   * server without a name its address is kept as one.
   */
  async renew(address: string): Promise<boolean> {
    const { host } = new URL(address);
    const enter = "Enter Token...";
    const picked = await vscode.window.showWarningMessage(`The Jupyter server ${host} asks for its token.`, enter);
    const token = picked === undefined ? undefined : await vscode.window.showInputBox(questionFor(address));
    if (token === undefined || token === "") return false;
    await this.keep({ name: this.#names[host] ?? host, address, token });
    return true;
  }

  async forget(name: string): Promise<void> {
    await this.secrets.delete(secret(name));
    await this.memory.update(
      NAMES,
      Object.fromEntries(Object.entries(this.#names).filter(([, each]) => each !== name)),
    );
  }

  /** Return the variables for a child process that is to reach a kernel; none for one without a token. */
  async environment(name: string | undefined): Promise<Record<string, string>> {
    const token = name === undefined ? undefined : await this.secrets.get(secret(name));
    return token === undefined || token === "" ? {} : { [VARIABLE]: token };
  }

  /** Return the variables for a child process that is to reach the machine at an address. */
  async environmentFor(address: string): Promise<Record<string, string>> {
    return URL.canParse(address) ? this.environment(this.#names[new URL(address).host]) : {};
  }

  /** The names of the servers by host and port. */
  get #names(): Record<string, string> {
    return this.memory.get<Record<string, string>>(NAMES, {});
  }
}

/** Return an address without its token, and the token that stood in it, as Jupyter prints it. */
export function split(typed: string): { address: string; token: string | undefined } {
  const url = new URL(typed.trim());
  const token = url.searchParams.get("token") ?? undefined;
  url.search = "";
  url.hash = "";
  return { address: url.toString(), token };
}

function questionFor(address: string): vscode.InputBoxOptions {
  const prompt = "It is kept in the editor's secret store.";
  return { title: `Token of ${address}`, prompt, password: true, ignoreFocusOut: true };
}

function isAddress(text: string): boolean {
  try {
    return /^https?:$/.test(new URL(text.trim()).protocol);
  } catch {
    return false;
  }
}

function secret(name: string): string {
  return `declml.kernel:${name}`;
}

/** The tokens of remote kernels: asked for once, kept in the editor's secret store, handed on in the environment. */
import * as vscode from "vscode";

/** A child process learns a token by this variable: a command line can be read by everybody on the machine. */
const VARIABLE = "DECLML_KERNEL_TOKEN";

/** A kernel that the user wants to add. */
export interface NewKernel {
  name: string;
  /** Without its token. */
  address: string;
  token: string;
}

export class KernelTokens {
  constructor(private readonly secrets: vscode.SecretStorage) {}

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
    const prompt = "It is kept in the editor's secret store.";
    const question = { title: `Token of ${address}`, prompt, password: true, ignoreFocusOut: true };
    const token = inside ?? (await vscode.window.showInputBox(question));
    return token === undefined ? undefined : { name, address, token };
  }

  async keep({ name, token }: NewKernel): Promise<void> {
    await this.secrets.store(secret(name), token);
  }

  async forget(name: string): Promise<void> {
    await this.secrets.delete(secret(name));
  }

  /** Return the variables for a child process that is to reach a kernel; none for one without a token. */
  async environment(name: string | undefined): Promise<Record<string, string>> {
    const token = name === undefined ? undefined : await this.secrets.get(secret(name));
    return token === undefined || token === "" ? {} : { [VARIABLE]: token };
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

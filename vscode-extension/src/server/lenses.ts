/** Lenses that can still be clicked when newer ones are on their way. */
import * as vscode from "vscode";

/**
 * VS Code forgets the arguments of a lens as soon as it is replaced, which a click may come before: it then says
 * "Actual command not found" and does nothing. A command without arguments is never forgotten, so that each command with
 * its arguments is made one.
 */
export class LastingLenses implements vscode.Disposable {
  /** The command's id by what it does. */
  readonly #ids = new Map<string, string>();
  readonly #disposables: vscode.Disposable[] = [];

  /** Return a lens that does the same as one of the server. */
  lasting(lens: vscode.CodeLens): vscode.CodeLens {
    const { command } = lens;
    if (command?.arguments === undefined || command.arguments.length === 0) return lens;
    const does = JSON.stringify([command.command, command.arguments]);
    let id = this.#ids.get(does);
    if (id === undefined) {
      id = `declml.lens.${this.#ids.size}`;
      this.#ids.set(does, id);
      const run = (): Thenable<unknown> =>
        vscode.commands.executeCommand(command.command, ...(command.arguments as unknown[]));
      this.#disposables.push(vscode.commands.registerCommand(id, run));
    }
    const { title, tooltip } = command;
    lens.command = { title, command: id, ...(tooltip === undefined ? {} : { tooltip }) };
    return lens;
  }

  dispose(): void {
    for (const each of this.#disposables) each.dispose();
  }
}

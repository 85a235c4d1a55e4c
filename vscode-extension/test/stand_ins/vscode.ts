/** The little of VS Code's API that the rooms under test in this folder touch, where no VS Code runs. */
export class EventEmitter<T> {
  readonly #listeners = new Set<(value: T) => void>();
  readonly event = (listener: (value: T) => void): { dispose(): void } => {
    this.#listeners.add(listener);
    return { dispose: () => void this.#listeners.delete(listener) };
  };
  fire(value: T): void {
    for (const each of [...this.#listeners]) each(value);
  }
  dispose(): void {
    this.#listeners.clear();
  }
}

export class Uri {
  private constructor(readonly fsPath: string) {}
  static file(path: string): Uri {
    return new Uri(path);
  }
  static parse(text: string): Uri {
    return new Uri(text.replace("file://", ""));
  }
  toString(): string {
    return `file://${this.fsPath}`;
  }
}

const registered = new Map<string, (...args: unknown[]) => unknown>();

export const commands = {
  registerCommand(id: string, act: (...args: unknown[]) => unknown) {
    registered.set(id, act);
    return { dispose: () => void registered.delete(id) };
  },
  executeCommand: (id: string, ...args: unknown[]) => Promise.resolve(registered.get(id)?.(...args)),
};

export const workspace = {
  isTrusted: true,
  openTextDocument: (uri: Uri) => Promise.resolve({ uri, isDirty: false, languageId: "declml" }),
};

export const window = {
  activeTextEditor: undefined,
  visibleTextEditors: [],
  onDidChangeActiveTextEditor: () => ({ dispose: () => undefined }),
};

/** Asks the Python extensions of VS Code, where one is installed, which environment the user chose. */
import * as vscode from "vscode";

/** What is used of the exported API of `ms-python.vscode-python-envs`. */
interface EnvironmentsApi {
  getEnvironment(scope: vscode.Uri | undefined): Promise<{ execInfo?: { run?: { executable?: string } } } | undefined>;
  getEnvironments?(scope: "all"): Promise<{ displayName?: string; execInfo?: { run?: { executable?: string } } }[]>;
  onDidChangeEnvironment?: vscode.Event<unknown>;
}

/** What is used of the exported API of `ms-python.python`. */
interface PythonApi {
  ready?: Promise<void>;
  environments: {
    known: readonly { path: string; executable?: { uri?: vscode.Uri }; environment?: { name?: string } }[];
    getActiveEnvironmentPath(resource?: vscode.Uri): { path: string };
    resolveEnvironment(path: { path: string } | string): Promise<{ executable: { uri?: vscode.Uri } } | undefined>;
    onDidChangeActiveEnvironmentPath: vscode.Event<unknown>;
  };
}

/** An environment as a list shows it. */
export interface Environment {
  python: string;
  name: string;
}

/** One source of environments. */
export interface EnvironmentProvider {
  /** What a person calls it. */
  readonly name: string;
  /** The interpreter that is chosen for a folder, or undefined. */
  active(folder: vscode.Uri | undefined): Promise<string | undefined>;
  all(): Promise<Environment[]>;
  /** Tells when another environment was chosen. */
  onDidChange(act: () => void): vscode.Disposable;
}

/** The environments extension, which replaces the Python extension's own choice where both are installed. */
export async function environmentsProvider(): Promise<EnvironmentProvider | undefined> {
  const api = await exported<EnvironmentsApi>("ms-python.vscode-python-envs");
  if (api === undefined || typeof api.getEnvironment !== "function") return undefined;
  return {
    name: "Python Environments extension",
    active: async (folder) => (await api.getEnvironment(folder))?.execInfo?.run?.executable,
    all: async () =>
      ((await api.getEnvironments?.("all")) ?? []).flatMap((each) => {
        const python = each.execInfo?.run?.executable;
        return python === undefined ? [] : [{ python, name: each.displayName ?? python }];
      }),
    onDidChange: (act) => api.onDidChangeEnvironment?.(act) ?? new vscode.Disposable(() => undefined),
  };
}

/** The Python extension. */
export async function pythonProvider(): Promise<EnvironmentProvider | undefined> {
  const api = await exported<PythonApi>("ms-python.python");
  if (api?.environments === undefined) return undefined;
  await api.ready;
  const environments = api.environments;
  return {
    name: "Python extension",
    active: async (folder) => {
      const chosen = environments.getActiveEnvironmentPath(folder);
      return (await environments.resolveEnvironment(chosen))?.executable.uri?.fsPath;
    },
    all: () => {
      const named = environments.known.flatMap((each) => {
        const python = each.executable?.uri?.fsPath;
        return python === undefined ? [] : [{ python, name: each.environment?.name ?? each.path }];
      });
      return Promise.resolve(named);
    },
    onDidChange: (act) => environments.onDidChangeActiveEnvironmentPath(act),
  };
}

async function exported<Api>(id: string): Promise<Api | undefined> {
  const extension = vscode.extensions.getExtension<Api>(id);
  try {
    return await extension?.activate();
  } catch {
    return undefined; // that extension is broken: the next source is asked
  }
}

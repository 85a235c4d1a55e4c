/** The client half of the language server: what it may ask for, and what it is told. */
import * as vscode from "vscode";
import {
  CloseAction,
  type DynamicFeature,
  ErrorAction,
  type ErrorHandler,
  type FeatureState,
  LanguageClient,
  type LanguageClientOptions,
  type ServerOptions,
  State,
  type StaticFeature,
} from "vscode-languageclient/node";
import type { LastingLenses } from "./lenses";
import { forServer } from "./settings";
import { trustedFolders } from "./trust";

/** Where a client is started. */
export interface ClientPlace {
  python: string;
  folder: string | undefined;
  environment: Record<string, string>;
  log: vscode.LogOutputChannel;
  lenses: LastingLenses;
  errorHandler: ErrorHandler;
}

/** A client that leaves the server's commands to the extension, which has to do more than pass them on. */
class Client extends LanguageClient {
  override registerFeature(feature: StaticFeature | DynamicFeature<unknown>): void {
    // Registering them would clash with the commands of the same names that work while no server runs.
    if ("registrationType" in feature && feature.registrationType.method === "workspace/executeCommand") return;
    super.registerFeature(feature);
  }
}

/** What this client can beyond the protocol, and what it leaves to the extension's own screens. */
const CAPABILITIES: StaticFeature = {
  fillClientCapabilities(capabilities) {
    // A key that was completed asks for its value at once.
    capabilities.experimental = { commands: { commands: ["editor.action.triggerSuggest"] } };
    // A training has its panel and its place in the status bar; a progress bar would say it a third time.
    capabilities.window = { ...capabilities.window, workDoneProgress: false };
  },
  initialize: () => undefined,
  getState: (): FeatureState => ({ kind: "static" }),
  clear: () => undefined,
};

/** Return what tells the server of the editor's trust; it is started in trusted workspaces only. */
function trust(): Record<string, string> {
  const folders = (vscode.workspace.workspaceFolders ?? []).map((each) => each.uri.fsPath);
  return trustedFolders(folders, process.env.DECLML_TRUST);
}

/** Return a client that has not been started. */
export function buildClient({ python, folder, environment, log, lenses, errorHandler }: ClientPlace): LanguageClient {
  const server: ServerOptions = {
    command: python,
    // -P: a file of the project must not take the place of a module of the server.
    args: ["-P", "-m", "declml_lsp"],
    options: { ...(folder === undefined ? {} : { cwd: folder }), env: { ...process.env, ...trust(), ...environment } },
  };
  const options: LanguageClientOptions = {
    documentSelector: [{ language: "declml" }, { notebook: "*", language: "python" }],
    outputChannel: log,
    errorHandler,
    initializationOptions: () => forServer(vscode.workspace.getConfiguration().get("declml")),
    initializationFailedHandler: (error) => {
      log.error(`The server refused to begin: ${String(error)}`);
      return false;
    },
    middleware: {
      provideCodeLenses: async (document, token, next) =>
        (await next(document, token))?.map((each) => lenses.lasting(each)),
      resolveCodeLens: async (lens, token, next) => {
        const resolved = await next(lens, token);
        return resolved ? lenses.lasting(resolved) : resolved;
      },
      workspace: {
        // The server asks for what it needs; pushed, the section would hold what only the editor reads.
        didChangeConfiguration: () => client.sendNotification("workspace/didChangeConfiguration", { settings: null }),
        configuration: async (params, token, next) => {
          const answers = await next(params, token);
          return Array.isArray(answers) ? answers.map(forServer) : answers;
        },
      },
    },
  };
  const client: LanguageClient = new Client("declml", "declml", server, options);
  client.registerFeature(CAPABILITIES);
  return client;
}

export { CloseAction, ErrorAction, State };

/** The extension in the real host: what it contributes is there, and the server answers through the real providers. */
import * as assert from "node:assert";
import * as vscode from "vscode";
import { until, shown, textOf, workspace } from "./patience.ts";

interface Manifest {
  contributes: { commands: { command: string }[] };
}

function extension(): vscode.Extension<unknown> {
  const found = vscode.extensions.getExtension("declml.declml");
  assert.ok(found);
  return found;
}

describe("editing", () => {
  it("is activated by a config in the workspace", async () => {
    await until("it is active", () => extension().isActive);
  });

  it("registers every command that it contributes", async () => {
    const there = new Set(await vscode.commands.getCommands(true));
    const contributed = (extension().packageJSON as Manifest).contributes.commands.map((each) => each.command);
    assert.deepStrictEqual(
      contributed.filter((each) => !there.has(each)),
      [],
    );
  });

  it("gives configs their own language, with suggestions in keys", async () => {
    const document = await vscode.workspace.openTextDocument(workspace("census.declml.yaml"));
    assert.strictEqual(document.languageId, "declml");
    const settings = vscode.workspace.getConfiguration("editor", { uri: document.uri, languageId: "declml" });
    assert.deepStrictEqual(settings.get("quickSuggestions"), { other: true, strings: true, comments: false });
    assert.strictEqual(settings.get("tabSize"), 2);
  });

  it("finds a misspelt key and offers the fix", async () => {
    const text = (await textOf("census.declml.yaml")).replace("dropout:", "dropot:");
    const document = await shown("misspelt.declml.yaml", text);
    const found = await until("a problem", () => vscode.languages.getDiagnostics(document.uri)[0]);
    assert.match(found.message, /Unknown key 'dropot'/);
    const actions = await vscode.commands.executeCommand<vscode.CodeAction[]>(
      "vscode.executeCodeActionProvider",
      document.uri,
      found.range,
    );
    assert.ok(
      actions.some((each) => each.title.includes("dropout")),
      actions.map((each) => each.title).join(),
    );
  });

  it("completes keys of the component that is chosen, and asks for the value at once", async () => {
    const document = await shown("half.declml.yaml", "combiner:\n  type: concat\n  \n");
    const list = await until("a completion", async () => {
      const answer = await vscode.commands.executeCommand<vscode.CompletionList>(
        "vscode.executeCompletionItemProvider",
        document.uri,
        new vscode.Position(2, 2),
      );
      return answer.items.length > 0 && answer;
    });
    const name = ({ label }: vscode.CompletionItem): string => (typeof label === "string" ? label : label.label);
    const activation = list.items.find((each) => name(each) === "activation");
    assert.ok(activation, list.items.map(name).join());
    assert.strictEqual(activation.command?.command, "editor.action.triggerSuggest");
  });

  it("has lenses, hints, an outline by feature, colours, and defaults under the pointer", async () => {
    const document = await vscode.workspace.openTextDocument(workspace("census.declml.yaml"));
    const ask = <Answer>(what: string, ...more: unknown[]): Thenable<Answer> =>
      vscode.commands.executeCommand<Answer>(`vscode.${what}`, document.uri, ...more);
    const lenses = await until("the lenses", async () => {
      const all = await ask<vscode.CodeLens[]>("executeCodeLensProvider", 10);
      return all.length >= 2 && all.map((each) => each.command?.title);
    });
    assert.deepStrictEqual(lenses.slice(0, 1), ["Train"]);
    assert.ok(lenses.includes("Profile"), lenses.join());
    const whole = new vscode.Range(0, 0, document.lineCount, 0);
    const hints = await ask<vscode.InlayHint[]>("executeInlayHintProvider", whole);
    const told = hints.map((each) =>
      typeof each.label === "string" ? each.label : each.label.map((p) => p.value).join(""),
    );
    assert.ok(
      told.some((each) => each.includes("encoder: dense")),
      told.join(),
    );
    const outline = await ask<vscode.DocumentSymbol[]>("executeDocumentSymbolProvider");
    const inputs = outline.find((each) => each.name === "input_features");
    assert.ok(
      inputs?.children.some((each) => each.name === "age"),
      JSON.stringify(inputs?.children.map((each) => each.name)),
    );
    const colours = await ask<vscode.SemanticTokens>("provideDocumentSemanticTokens");
    assert.ok(colours.data.length > 5 * 20);
    const at = document.positionAt(document.getText().indexOf("learning_rate"));
    const hovers = await ask<vscode.Hover[]>("executeHoverProvider", at);
    const words = hovers.flatMap((each) => each.contents as vscode.MarkdownString[]).map((each) => each.value);
    assert.match(words.join("\n"), /Default: `auto`/);
  });

  it("shows every value in force as a document", async () => {
    const document = await vscode.workspace.openTextDocument(workspace("census.declml.yaml"));
    await vscode.window.showTextDocument(document);
    await vscode.commands.executeCommand("declml.resolvedConfig");
    const resolved = await until("the document", () =>
      vscode.workspace.textDocuments.find((each) => each.uri.scheme === "declml-resolved"),
    );
    assert.match(resolved.getText(), /weights_initializer/);
  });

  it("writes a config from a data file", async () => {
    await vscode.workspace.fs.createDirectory(workspace("data"));
    await vscode.workspace.fs.copy(workspace("adult.csv"), workspace("data", "people.csv"));
    const asked = vscode.commands.executeCommand("declml.newConfig", workspace("data", "people.csv"));
    // The question for the target column is answered as it stands: declml guesses.
    await until("the new config", async () => {
      await vscode.commands.executeCommand("workbench.action.acceptSelectedQuickOpenItem");
      return vscode.window.activeTextEditor?.document.uri.path.endsWith("people.declml.yaml");
    });
    await asked;
  });

  it("runs tasks whose problems are read into the editor", async () => {
    const tasks = await vscode.tasks.fetchTasks({ type: "declml" });
    const check = tasks.find((each) => each.name === "check misspelt.declml.yaml");
    assert.ok(check, tasks.map((each) => each.name).join());
    await vscode.tasks.executeTask(check);
    const found = await until("a problem of the task", () =>
      vscode.languages
        .getDiagnostics(workspace("misspelt.declml.yaml"))
        .find((each) => each.code === "unknown-key" && each.message.startsWith("Unknown key 'dropot'")),
    );
    assert.strictEqual(found.range.start.line, 42);
  });
});

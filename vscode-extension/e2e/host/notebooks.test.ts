/** The cells of a notebook in the real host: those that begin with `%%declml` are configs, the others are left alone. */
import * as assert from "node:assert";
import * as vscode from "vscode";
import { until, workspace } from "./patience.ts";

const CONFIG = `%%declml train
input_features:
  - {name: age, type: number}
output_features:
  - {name: income, type: category}
`;

/** Write a notebook into the workspace, and show it. */
async function notebook(name: string, ...cells: string[]): Promise<vscode.NotebookDocument> {
  const cell = (source: string): object => ({
    cell_type: "code",
    metadata: {},
    execution_count: null,
    outputs: [],
    source,
  });
  const book = { cells: cells.map(cell), metadata: {}, nbformat: 4, nbformat_minor: 4 };
  await vscode.workspace.fs.writeFile(workspace(name), Buffer.from(JSON.stringify(book)));
  const document = await vscode.workspace.openNotebookDocument(workspace(name));
  await vscode.window.showNotebookDocument(document);
  return document;
}

function problemsOf(cell: vscode.TextDocument): vscode.Diagnostic[] {
  return vscode.languages.getDiagnostics(cell.uri).filter((each) => each.source === "declml");
}

describe("notebooks", () => {
  after(() => vscode.commands.executeCommand("workbench.action.closeAllEditors"));

  it("finds a mistake in a cell with its place, and the way out", async () => {
    const book = await notebook("mistake.ipynb", "import os", CONFIG.replace("type: number", "type: numbr"));
    const cell = book.cellAt(1).document;
    const found = await until("a problem", () => problemsOf(cell)[0]);
    assert.strictEqual(cell.getText(found.range), "numbr");
    const actions = await vscode.commands.executeCommand<vscode.CodeAction[]>(
      "vscode.executeCodeActionProvider",
      cell.uri,
      found.range,
      vscode.CodeActionKind.QuickFix.value,
      10, // so many are resolved: an edit is made when it is asked for
    );
    const fix = actions.find((each) => each.title.includes("number"));
    assert.ok(fix?.edit, actions.map((each) => each.title).join());
    await vscode.workspace.applyEdit(fix.edit);
    await until("no problem", () => problemsOf(cell).length === 0);
    assert.ok(cell.getText().includes("type: number}"));
  });

  it("completes and explains keys in a cell", async () => {
    const book = await notebook("keys.ipynb", `${CONFIG}combiner:\n  type: concat\n  \n`);
    const cell = book.cellAt(0).document;
    const name = ({ label }: vscode.CompletionItem): string => (typeof label === "string" ? label : label.label);
    const end = new vscode.Position(7, 2);
    const list = await until("a completion", async () => {
      const answer = await vscode.commands.executeCommand<vscode.CompletionList>(
        "vscode.executeCompletionItemProvider",
        cell.uri,
        end,
      );
      return answer.items.some((each) => name(each) === "activation") && answer;
    });
    assert.ok(list.items.some((each) => name(each) === "dropout"));
    const at = cell.positionAt(cell.getText().indexOf("concat"));
    const hovers = await vscode.commands.executeCommand<vscode.Hover[]>("vscode.executeHoverProvider", cell.uri, at);
    const words = hovers.flatMap((each) => each.contents as vscode.MarkdownString[]).map((each) => each.value);
    assert.match(words.join("\n"), /concat/);
  });

  it("takes a cell for a config when it begins with the magic, and no longer when it does not", async () => {
    const wrong = CONFIG.replace("input_features", "input_featurs");
    const book = await notebook("typed.ipynb", `#${wrong}`, wrong);
    const [python, config] = [book.cellAt(0).document, book.cellAt(1).document];
    await until("the config's problem", () => problemsOf(config).length > 0);
    assert.deepStrictEqual(problemsOf(python), []);
    const first = new vscode.Range(0, 0, 0, 1);
    await change(python, (edit) => edit.delete(python.uri, first));
    await until("the problem of the cell that became one", () => problemsOf(python).length > 0);
    await change(python, (edit) => edit.insert(python.uri, first.start, "#"));
    await until("no problem any more", () => problemsOf(python).length === 0);
  });
});

async function change(document: vscode.TextDocument, act: (edit: vscode.WorkspaceEdit) => void): Promise<void> {
  const edit = new vscode.WorkspaceEdit();
  act(edit);
  assert.ok(await vscode.workspace.applyEdit(edit), `${document.uri.toString()} could not be changed`);
}

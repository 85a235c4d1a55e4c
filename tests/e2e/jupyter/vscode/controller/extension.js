// A notebook controller for tests: cells run on a real ipykernel, which `kernel.py` starts, and every message of it
// becomes what VS Code's own notebook shows. It stands in for the Jupyter extension, which no registry here has.
"use strict";

const { spawn } = require("node:child_process");
const { createInterface } = require("node:readline");
const { dirname, join } = require("node:path");
const vscode = require("vscode");

const WIDGET = "application/vnd.jupyter.widget-view+json";

/** The kernel's process, spoken to in lines of JSON. */
class Kernel {
  #process;
  #heard = () => undefined;

  constructor(folder) {
    const python = process.env.DECLML_E2E_PYTHON;
    this.#process = spawn(python, [join(__dirname, "kernel.py")], { cwd: folder, stdio: ["pipe", "pipe", "inherit"] });
    createInterface({ input: this.#process.stdout }).on("line", (line) => this.#heard(JSON.parse(line)));
  }

  listen(heard) {
    this.#heard = heard;
  }

  say(words) {
    this.#process.stdin.write(`${JSON.stringify(words)}\n`);
  }

  dispose() {
    this.#process.stdin.end();
  }
}

/** Runs cells one after the other, and puts what the kernel says where it belongs. */
class Runner {
  #controller;
  #kernel;
  #messaging;
  #cells = new Map(); // cell by the number of its request
  #running = null; // {execution, ended, number}
  #shown = new Map(); // output by display id: {cell, output}
  #models = new Map(); // state by the id of a widget's model
  #numbers = 0;

  constructor(controller, kernel, messaging) {
    this.#controller = controller;
    this.#kernel = kernel;
    this.#messaging = messaging;
    kernel.listen((message) => void this.#take(message));
    messaging.onDidReceiveMessage(({ message }) => this.#fromView(message));
  }

  async run(cells) {
    for (const cell of cells) if (!(await this.#runOne(cell))) return;
  }

  #runOne(cell) {
    const execution = this.#controller.createNotebookCellExecution(cell);
    const number = ++this.#numbers;
    this.#cells.set(number, cell);
    execution.executionOrder = number;
    execution.start(Date.now());
    void execution.clearOutput();
    execution.token.onCancellationRequested(() => this.#kernel.say({ interrupt: true }));
    return new Promise((resolve) => {
      this.#running = { execution, number, ended: resolve };
      this.#kernel.say({ execute: cell.document.getText(), number });
    });
  }

  async #take({ kind, content, number }) {
    const cell = this.#cells.get(number);
    if (kind === "stream") await this.#append(cell, [streamItem(content)]);
    else if (kind === "error") await this.#append(cell, [errorItem(content)]);
    else if (kind === "display_data" || kind === "execute_result") {
      const output = await this.#append(cell, itemsOf(content));
      const id = content.transient?.display_id;
      if (id !== undefined && output !== null) this.#shown.set(id, { cell, output });
    } else if (kind === "update_display_data") await this.#update(content);
    else if ((kind === "execute_reply" || kind === "status") && this.#running?.number === number) {
      // The answer may overtake the outputs; a cell is over when the kernel is idle too.
      this.#running[kind] = content.status ?? true;
      const { execution, ended, execute_reply: reply, status } = this.#running;
      if (reply === undefined || status === undefined) return;
      this.#running = null;
      execution.end(reply === "ok", Date.now());
      ended(reply === "ok");
    } else if (kind.startsWith("comm_")) this.#comm(kind, content);
  }

  async #append(cell, items) {
    if (cell === undefined) return null;
    const output = new vscode.NotebookCellOutput(items);
    await this.#within(cell, (execution) => execution.appendOutput(output));
    return output;
  }

  async #update(content) {
    const found = this.#shown.get(content.transient?.display_id);
    if (found === undefined) return;
    await this.#within(found.cell, (execution) => execution.replaceOutputItems(itemsOf(content), found.output));
  }

  /** What comes for a cell that is over needs an execution of its own. */
  async #within(cell, act) {
    const running = this.#running;
    if (running !== null && this.#cells.get(running.number) === cell) return act(running.execution);
    const late = this.#controller.createNotebookCellExecution(cell);
    late.start();
    await act(late);
    late.end(undefined);
  }

  #comm(kind, { comm_id: id, data }) {
    if (kind === "comm_open") this.#models.set(id, { ...data.state });
    else if (kind === "comm_msg" && data.method === "custom") {
      void this.#messaging.postMessage({ model: id, content: data.content });
    } else if (kind === "comm_msg" && data.method === "update") Object.assign(this.#models.get(id) ?? {}, data.state);
    else if (kind === "comm_close") this.#models.delete(id);
  }

  #fromView({ model, content, wants }) {
    if (wants === "state") void this.#messaging.postMessage({ model, state: this.#models.get(model) ?? null });
    else this.#kernel.say({ comm: model, content });
  }
}

function itemsOf({ data }) {
  return Object.entries(data).map(([mime, value]) => {
    if (mime === WIDGET) return vscode.NotebookCellOutputItem.json(value, mime);
    if (mime.startsWith("image/") && mime !== "image/svg+xml") {
      return new vscode.NotebookCellOutputItem(Buffer.from(value, "base64"), mime);
    }
    return vscode.NotebookCellOutputItem.text(typeof value === "string" ? value : JSON.stringify(value), mime);
  });
}

function streamItem({ name, text }) {
  return name === "stderr" ? vscode.NotebookCellOutputItem.stderr(text) : vscode.NotebookCellOutputItem.stdout(text);
}

function errorItem({ ename, evalue, traceback }) {
  return vscode.NotebookCellOutputItem.error({ name: ename, message: evalue, stack: traceback.join("\n") });
}

exports.activate = (context) => {
  const messaging = vscode.notebooks.createRendererMessaging("declml-widgets");
  const controller = vscode.notebooks.createNotebookController("declml-test", "jupyter-notebook", "Python (ipykernel)");
  controller.supportedLanguages = ["python"];
  controller.supportsExecutionOrder = true;
  let runner = null;
  controller.executeHandler = (cells, notebook) => {
    if (runner === null) {
      const kernel = new Kernel(dirname(notebook.uri.fsPath));
      context.subscriptions.push(kernel);
      runner = new Runner(controller, kernel, messaging);
    }
    return runner.run(cells);
  };
  const prefer = (notebook) => {
    if (notebook.notebookType !== "jupyter-notebook") return;
    controller.updateNotebookAffinity(notebook, vscode.NotebookControllerAffinity.Preferred);
  };
  vscode.workspace.notebookDocuments.forEach(prefer);
  context.subscriptions.push(controller, vscode.workspace.onDidOpenNotebookDocument(prefer));
};

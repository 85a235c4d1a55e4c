// Tells JupyterLab that a cell which begins with %%declml is YAML: its editor colours it so, and a language server is
// given its text. Written by hand as the container that JupyterLab loads; there is nothing to build.
"use strict";

(() => {
  const MAGIC = /^%%declml\b[^\n]*(?:\n|$)/;
  const YAML = "text/x-yaml";
  let shared = null; // the packages that JupyterLab shares with its extensions, by name and version

  async function load(name) {
    const versions = shared?.[name];
    const found = versions && Object.values(versions)[0];
    return found ? (await found.get())() : null;
  }

  // --- what a language server is told --------------------------------------------------------------------------

  const extractor = {
    language: "yaml",
    standalone: true,
    fileExtension: "yaml",
    cellType: ["code"],
    hasForeignCode: (code) => MAGIC.test(code),
    extractForeignCode(code) {
      if (!MAGIC.test(code)) return [{ hostCode: code, foreignCode: null, range: null, virtualShift: null }];
      const lines = code.split("\n");
      const config = lines.slice(1).join("\n");
      const end = { line: lines.length - 1, column: lines[lines.length - 1].length };
      return [
        {
          // The server for Python is given the cell as it is: it knows magics, and no line moves.
          hostCode: code,
          // The first comment says to the server that this YAML is a config.
          foreignCode: `# declml\n${config}`,
          range: { start: { line: 0, column: 0 }, end },
          virtualShift: null,
        },
      ];
    },
  };

  // --- what the eye is told ------------------------------------------------------------------------------------

  function colour(cell, python) {
    const model = cell.model;
    if (model.type !== "code") return;
    const wanted = MAGIC.test(model.sharedModel.getSource()) ? YAML : null;
    if (wanted !== null && model.mimeType !== wanted) model.mimeType = wanted;
    if (wanted === null && model.mimeType === YAML) model.mimeType = python();
  }

  function watch(panel) {
    const notebook = panel.content;
    const python = () => notebook.codeMimetype || "text/x-python";
    const watched = new WeakSet();
    const take = (cell) => {
      colour(cell, python);
      if (watched.has(cell)) return;
      watched.add(cell);
      cell.model.contentChanged.connect(() => colour(cell, python));
      // The notebook gives every cell the language of its kernel when that is known. Set right only when all who listen
      // have been told that: the last one told wins.
      cell.model.mimeTypeChanged.connect(() => setTimeout(() => colour(cell, python), 0));
    };
    const all = () => notebook.widgets.forEach(take);
    notebook.modelContentChanged.connect(all);
    panel.context.ready.then(all);
  }

  const plugins = async () => {
    const lsp = await load("@jupyterlab/lsp");
    const notebook = await load("@jupyterlab/notebook");
    return [
      {
        id: "declml:language-server",
        description: "Gives the configs in cells to a language server.",
        autoStart: true,
        optional: lsp ? [lsp.ILSPCodeExtractorsManager] : [],
        activate: (_app, extractors) => extractors?.register(extractor, "python"),
      },
      {
        id: "declml:colours",
        description: "Colours the configs in cells as YAML.",
        autoStart: true,
        optional: notebook ? [notebook.INotebookTracker] : [],
        activate: (_app, tracker) => {
          tracker?.forEach(watch);
          tracker?.widgetAdded.connect((_sender, panel) => watch(panel));
        },
      },
    ];
  };

  window._JUPYTERLAB = window._JUPYTERLAB ?? {};
  window._JUPYTERLAB.declml = {
    init: (scope) => {
      shared = scope;
    },
    get: async (_module) => {
      const exported = { __esModule: true, default: await plugins() };
      return () => exported;
    },
  };
})();

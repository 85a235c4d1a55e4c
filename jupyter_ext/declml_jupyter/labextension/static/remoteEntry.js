// Tells JupyterLab that a cell which begins with %%declml is YAML: its editor colours it so, and a language server is
// given its text. Puts the picture of a run that ended into the notebook, also on a page that was loaded anew while it
// ran. Written by hand as the container that JupyterLab loads; there is nothing to build.
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

  // --- what stays of a run ------------------------------------------------------------------------------------

  const WIDGET = "application/vnd.jupyter.widget-view+json";
  const isEmpty = ({ data }) => data["text/plain"] === "" && (data["text/html"] ?? "") === "";

  /**
   * Put outputs into the place of a widget, in whichever notebook it stands. A page takes an update of an output only
   * for cells that it has run itself; on one that was loaded anew, the widget of a run that ended is still there.
   */
  function replaceWidget(notebooks, widget, outputs) {
    notebooks.forEach((panel) => {
      for (const cell of panel.content.model?.cells ?? []) {
        const held = cell.type === "code" ? cell.outputs : null;
        for (let at = 0; at < (held?.length ?? 0); at += 1) {
          if (held.get(at).toJSON().data?.[WIDGET]?.model_id !== widget) continue;
          const [picture, ...more] = outputs;
          held.set(at, picture);
          for (const each of more) {
            // A run in the background has left a place for its table.
            const next = at + 1 < held.length ? held.get(at + 1).toJSON() : null;
            if (next?.data !== undefined && isEmpty(next)) held.set(at + 1, each);
            else held.add(each);
          }
          return;
        }
      }
    });
  }

  /** Say in the place of a live view whose kernel is gone how to see the run again, which went on by itself. */
  async function tellOfOrphans(panel) {
    const orphans = [];
    for (const cell of panel.content.model?.cells ?? []) {
      const held = cell.type === "code" ? cell.outputs : null;
      for (let at = 0; at < (held?.length ?? 0); at += 1) {
        const { data } = held.get(at).toJSON();
        const says = data?.["text/plain"];
        if (data?.[WIDGET] !== undefined && says?.includes("%declml attach")) orphans.push({ held, at, data, says });
      }
    }
    const kernel = panel.sessionContext.session?.kernel;
    if (orphans.length === 0 || !kernel) return;
    const { content } = await kernel.requestCommInfo({ target_name: "jupyter.widget" });
    for (const { held, at, data, says } of orphans) {
      const model = data[WIDGET].model_id;
      if (content.comms?.[model] !== undefined || held.get(at)?.toJSON().data?.[WIDGET]?.model_id !== model) continue;
      held.set(at, { output_type: "display_data", data: { "text/plain": says }, metadata: {} });
    }
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
      {
        id: "declml:endings",
        description: "Puts the picture of a run that ended into the place of its live view.",
        autoStart: true,
        optional: notebook ? [notebook.INotebookTracker] : [],
        activate: (_app, tracker) => {
          document.addEventListener("declml:ended", ({ detail }) => {
            if (tracker) replaceWidget(tracker, detail.widget, detail.outputs);
          });
          const look = (panel) => {
            Promise.all([panel.context.ready, panel.sessionContext.ready]).then(() => tellOfOrphans(panel));
            panel.sessionContext.kernelChanged.connect((_sender, { newValue }) => newValue && tellOfOrphans(panel));
          };
          tracker?.forEach(look);
          tracker?.widgetAdded.connect((_sender, panel) => look(panel));
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

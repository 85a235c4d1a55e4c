// Joins the shared views of runs to a notebook: messages of the kernel in, what the reader asks for out.
// `view` (mountRun, mountRuns, mountCompare, css) stands above this in the same module.

const states = new WeakMap(); // what a view remembers, by the model of its widget
const PATIENCE_MS = 600; // for what the page does by itself when a run ends

// Outputs stand on the notebook's own ground. JupyterLab puts the terms of lists beside what they mean, and cuts them off.
const own = `
.declml-notebook { --d-page: var(--vscode-editor-background, var(--jp-layout-color0, #ffffff)); }
.declml-notebook .declml, .declml-notebook.declml { --d-ground: var(--d-page); padding-bottom: 16px; }
.declml dl > dt, .declml dl > dd { float: none; width: auto; max-width: none; overflow: visible; text-overflow: clip; }
.declml-waiting { margin: 8px 0; color: var(--jp-ui-font-color2, #616161); }
.declml-below:not(:empty) { padding-top: 16px; border-top: 1px solid var(--jp-border-color2, #ddd); }
`;
const STYLED = "jp-RenderedHTMLCommon"; // what JupyterLab styles as a text; a view has its own style

function styled(root) {
  const style = document.createElement("style");
  style.textContent = view.css + own;
  root.append(style);
}

function hostOf(model, name, actions) {
  return {
    actions,
    post(message) {
      if (message.type !== "ready") model.send(message);
    },
    getState: () => states.get(model)?.[name],
    setState: (state) => states.set(model, { ...states.get(model), [name]: state }),
  };
}

// --- one run, in an output of its own ----------------------------------------------------------------------------

function render({ model, el }) {
  const root = document.createElement("div");
  root.className = "declml-notebook";
  styled(el);
  el.append(root);

  const waiting = document.createElement("p");
  waiting.setAttribute("role", "status");
  waiting.textContent = "Starting a training process…";
  waiting.className = "declml-waiting";
  root.append(waiting);

  let mounted = null;
  let shown = "";
  let late = 0;
  const host = hostOf(model, "run", ["stop"]);

  const take = (messages) => {
    for (const message of messages ?? []) {
      if (message.type === "ended") {
        // Most pages put the picture there themselves, and this view is gone before.
        late = setTimeout(() => putInPlace(root, message.outputs), 2 * PATIENCE_MS);
        continue;
      }
      if (message.type === "init") {
        // A view that is up keeps its place on the page and what the reader chose there.
        if (mounted !== null && shown === message.runs[0].run) continue;
        mounted?.dispose();
        root.replaceChildren();
        mounted = view.mountRun(root, host);
        shown = message.runs[0].run;
      }
      mounted?.receive(message);
    }
  };

  const listen = (content) => take(content.messages);
  model.on("msg:custom", listen);
  take(model.get("opening"));
  model.send({ type: "ready" }); // what was told before this view listened is told again
  return () => {
    clearTimeout(late);
    model.off("msg:custom", listen);
    mounted?.dispose();
  };
}

/** Show what stays of a run in the place of its view, on a page that does not do so. */
function putInPlace(root, outputs) {
  root.replaceChildren(
    ...outputs.map(({ data, metadata }) => {
      const element = document.createElement("div");
      if (data["image/png"]) {
        const picture = document.createElement("img");
        const { width, alt } = metadata["image/png"] ?? {};
        Object.assign(picture, { src: `data:image/png;base64,${data["image/png"]}`, alt: alt ?? "" });
        if (width) picture.width = width;
        picture.style.maxWidth = "100%";
        element.append(picture);
      } else if (data["text/html"]) {
        element.className = STYLED;
        element.innerHTML = data["text/html"]; // made by the kernel, which runs whatever it is told
      } else {
        element.textContent = data["text/plain"] ?? "";
        element.style.whiteSpace = "pre-wrap";
      }
      return element;
    }),
  );
}

/** Tell the page of the end: a page that was loaded anew meanwhile takes no update of an output from the kernel. */
function announceEnd(model) {
  const take = (messages) => {
    const end = (messages ?? []).find((each) => each.type === "ended");
    if (end === undefined) return;
    const detail = { widget: end.widget, outputs: end.outputs };
    setTimeout(() => document.dispatchEvent(new CustomEvent("declml:ended", { detail })), PATIENCE_MS);
  };
  const listen = (content) => take(content.messages);
  model.on("msg:custom", listen);
  take(model.get("opening"));
  return () => model.off("msg:custom", listen);
}

// --- tables, in the place of their HTML --------------------------------------------------------------------------

/** Put the view of a table wherever the page shows the HTML that is marked for it, for as long as it is shown. */
function watchTables(model) {
  const marked = `[data-declml-live="${model.get("place")}"]`;
  const alive = new Map();
  let due = false;
  const look = () => {
    due = false;
    for (const [element, end] of alive) {
      if (element.isConnected) continue;
      end();
      alive.delete(element);
    }
    for (const element of document.querySelectorAll(marked)) {
      if (!alive.has(element)) alive.set(element, enliven(model, element));
    }
  };
  const observer = new MutationObserver(() => {
    if (due) return;
    due = true;
    requestAnimationFrame(look);
  });
  observer.observe(document.body, { childList: true, subtree: true });
  look();
  return () => {
    observer.disconnect();
    for (const end of alive.values()) end();
    alive.clear();
  };
}

function enliven(model, element) {
  const still = [...element.children];
  const box = document.createElement("div");
  box.className = "declml-notebook";
  const [main, below] = [document.createElement("div"), document.createElement("div")];
  below.className = "declml-below";
  const outer = element.closest(`.${STYLED}`);
  const mounted = { "": null, compare: null };

  const mount = (to, message) => {
    mounted[to]?.dispose();
    if (to === "" && !box.isConnected) {
      styled(box);
      box.append(main, below);
      element.append(box);
      outer?.classList.remove(STYLED);
      for (const each of still) each.hidden = true;
    }
    const isList = message.view === "run";
    if (to === "") mounted.compare?.dispose();
    const place = to === "" ? main : below;
    mounted[to] = (isList ? view.mountRuns : view.mountCompare)(place, hostOf(model, to, isList ? ["overlay"] : []));
    if (to !== "") requestAnimationFrame(() => place.scrollIntoView({ block: "nearest" }));
  };
  const listen = ({ messages, to }) => {
    for (const message of messages ?? []) {
      if (message.type === "init") mount(to, message);
      mounted[to]?.receive(message);
    }
  };
  model.on("msg:custom", listen);
  model.send({ type: "ready" });
  return () => {
    model.off("msg:custom", listen);
    for (const each of Object.values(mounted)) each?.dispose();
    box.remove();
    outer?.classList.add(STYLED);
    for (const each of still) each.hidden = false;
  };
}

function initialize({ model }) {
  return model.get("kind") === "table" ? watchTables(model) : announceEnd(model);
}

export default { initialize, render };

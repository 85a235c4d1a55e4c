// Joins the shared view of a run to a notebook: messages of the kernel in, stop and refetch out.
// `view` (mountRun, css) stands above this in the same module.

const states = new WeakMap(); // what a view remembers, by the model of its widget

// JupyterLab puts the terms of lists beside what they mean, and cuts them off.
const own = `
.declml dl > dt, .declml dl > dd { float: none; width: auto; max-width: none; overflow: visible; text-overflow: clip; }
.declml-waiting { margin: 8px 0; color: var(--jp-ui-font-color2, #616161); }
`;

function styled(root) {
  const style = document.createElement("style");
  style.textContent = view.css + own;
  root.append(style);
}

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
  const host = {
    actions: ["stop"],
    post(message) {
      if (message.type !== "ready") model.send(message);
    },
    getState: () => states.get(model),
    setState: (state) => states.set(model, state),
  };

  const take = (messages) => {
    for (const message of messages ?? []) {
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
    model.off("msg:custom", listen);
    mounted?.dispose();
  };
}

export default { render };

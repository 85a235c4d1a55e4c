// Shows a widget in VS Code's notebook: loads the script that the kernel gave it, and passes messages both ways.

const pictures = new Map(); // what ends the view in an output, by the output's id

export function activate(context) {
  const heard = new Map(); // who listens to a model, by its id
  context.onDidReceiveMessage((message) => {
    for (const each of [...(heard.get(message.model) ?? [])]) each(message);
  });

  const listen = (id, take) => {
    heard.set(id, [...(heard.get(id) ?? []), take]);
    return () => heard.set(id, heard.get(id).filter((each) => each !== take));
  };

  const stateOf = (id) =>
    new Promise((resolve) => {
      const end = listen(id, (message) => {
        if (!("state" in message)) return;
        end();
        resolve(message.state);
      });
      context.postMessage({ model: id, wants: "state" });
    });

  async function show(id, element) {
    const state = await stateOf(id);
    if (state === null) {
      element.textContent = "This widget has no kernel any more.";
      return () => undefined;
    }
    const ends = new Map();
    const model = {
      get: (name) => state[name],
      send: (content) => context.postMessage({ model: id, content }),
      on(event, act) {
        if (event !== "msg:custom") return;
        ends.set(act, listen(id, ({ content }) => content !== undefined && act(content)));
      },
      off(_event, act) {
        ends.get(act)?.();
        ends.delete(act);
      },
    };
    const address = URL.createObjectURL(new Blob([state._esm], { type: "text/javascript" }));
    const { default: widget } = await import(address);
    URL.revokeObjectURL(address);
    await widget.initialize?.({ model });
    return widget.render({ model, el: element });
  }

  return {
    async renderOutputItem(item, element) {
      pictures.get(item.id)?.();
      element.replaceChildren();
      pictures.set(item.id, await show(item.json().model_id, element));
    },
    disposeOutputItem(id) {
      for (const [each, end] of [...pictures]) {
        if (id !== undefined && each !== id) continue;
        end?.();
        pictures.delete(each);
      }
    },
  };
}

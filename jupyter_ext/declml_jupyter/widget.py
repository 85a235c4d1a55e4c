"""The widget: what stands in the output while a run goes on, and what brings the tables of runs to life."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from declml_jupyter.live_view import Message

STATIC = Path(__file__).parent / "static"
VIEW_TYPE = "application/vnd.jupyter.widget-view+json"

_EXPORTS = re.compile(r"export\s*\{([^}]*)\}\s*;?\s*$")


@cache
def module() -> str:
    """Return the script of the widget as one module: the view that all screens share, then what joins it to a notebook.

    A front end loads a widget's script from a text, where it cannot import from files beside it.
    """
    shared = (STATIC / "run.js").read_text(encoding="utf-8").rstrip()
    found = _EXPORTS.search(shared)
    if found is None:
        raise ValueError("static/run.js must end with its list of exports")
    names = {}
    for each in found[1].split(","):
        inner, _, outer = each.strip().partition(" as ")
        names[outer or inner] = inner
    joined = (STATIC / "notebook.js").read_text(encoding="utf-8")
    parts = ", ".join(f"{each}: {names[each]}" for each in ("mountRun", "mountRuns", "mountCompare", "css"))
    view = f"const view = {{ {parts} }};"
    return f"{shared[: found.start()]}\n{view}\n{joined}"


class ViewWidget(anywidget.AnyWidget):
    """A view of the front end. ``kind`` is ``run`` for one that stands in an output of its own, ``table`` for one that
    takes the place of the HTML marked with ``place``; ``opening`` is what it is told that begins, or begins anew.
    """

    _esm = traitlets.Unicode(module()).tag(sync=True)
    kind = traitlets.Unicode("run").tag(sync=True)
    place = traitlets.Unicode("").tag(sync=True)
    opening = traitlets.List().tag(sync=True)

    def __init__(
        self,
        *,
        on_message: Callable[[Mapping[str, Any]], None],
        everything: Callable[[], list[Message]] = list,
        place: str = "",
    ) -> None:
        self._everything = everything
        super().__init__(kind="table" if place else "run", place=place)

        def take(_widget: object, content: Mapping[str, Any], _buffers: object) -> None:
            on_message(content)

        self.on_msg(take)

    def get_state(self, key: Any = None, drop_defaults: bool = False) -> Any:  # noqa: FBT001, FBT002 - as the base has it
        """Return the state; what a view is told first is made when somebody asks, which costs nothing while it runs."""
        state = super().get_state(key, drop_defaults)
        if "opening" in state:
            state["opening"] = self._everything()
        return state

    def tell(self, messages: list[Message]) -> None:
        """Send messages of the view's contract."""
        self.send({"messages": messages})

    def bundle(self) -> dict[str, Any]:
        """Return what puts the widget into an output."""
        return {VIEW_TYPE: {"version_major": 2, "version_minor": 0, "model_id": self.model_id}}

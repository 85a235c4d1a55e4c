"""The view of one training in a front end that shows widgets: the widget while it runs, then a picture in its place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from IPython.display import display

from declml_jupyter.digest import Digest
from declml_jupyter.ending import picture_bundle
from declml_jupyter.live_view import Batches
from declml_jupyter.notebook_run import NotebookRun
from declml_jupyter.progress_text import OPENING, ProgressText
from declml_jupyter.widget import ViewWidget


class WidgetView:
    """Shows the widget at once. ``on_stop`` is called when its stop button is pressed, with whether to stop at once.

    ``keeps_table`` says that the cell is over when the run is not: then the table of the run goes into an output that
    is made now, since none can be added later. ``hears`` says that the kernel takes what a page says while this runs:
    then a page that says nothing shows no widgets, and gets words.
    """

    def __init__(self, *, root: Path, on_stop: Callable[[bool], None], keeps_table: bool, hears: bool = False) -> None:
        self._on_stop = on_stop
        self._root = root
        self._widget: ViewWidget | None = None
        self._ended: list[Mapping[str, Any]] = []
        self._batches: Batches | None = Batches(self._send, path_of=self._path_of)
        self._widget = ViewWidget(everything=self._everything, on_message=self._message)
        self._words = ProgressText() if hears else None
        self._output: Any = display(self._bundle(OPENING), raw=True, display_id=True)
        self._table: Any = None
        if keeps_table:
            self._table = display({"text/plain": "", "text/html": ""}, raw=True, display_id=True)

    def take(self, event: Mapping[str, Any]) -> None:
        """Show one event."""
        if self._batches is not None:
            self._batches.take(event)
        words = self._words
        if words is not None:
            self._say(words.take(event))

    def notice(self, text: str) -> None:
        """Show what is no event of the run."""
        if self._batches is not None:
            self._batches.notice(text)
        words = self._words
        if words is not None:
            self._say(words.notice(text))

    def end(self, run: NotebookRun | None, problem: str) -> None:
        """Put a picture into the widget's place."""
        self._words = None
        if self._batches is not None:
            self._batches.end(run.status if run is not None else "failed")
        bundle, metadata = picture_bundle(run, problem)
        outputs = [{"output_type": "display_data", "data": bundle, "metadata": metadata}]
        self._output.update(bundle, raw=True, metadata=metadata)
        if run is not None and not problem:
            table = run.mimebundle()
            outputs.append({"output_type": "display_data", "data": table, "metadata": {}})
            if self._table is not None:
                self._table.update(table, raw=True)
        # A page that was loaded anew meanwhile takes no update of an output: it is told what to put there by itself.
        widget = self._widget.model_id if self._widget is not None else ""
        self._ended = [{"type": "ended", "widget": widget, "outputs": outputs}]
        self._send(self._ended)
        self._batches = None  # the folder has all of it, and a notebook may train for days

    def _bundle(self, text: str) -> dict[str, Any]:
        widget = self._widget.bundle() if self._widget is not None else {}
        return {**widget, "text/plain": text}

    def _say(self, text: str | None) -> None:
        if text is not None:
            self._output.update(self._bundle(text), raw=True)

    def _everything(self) -> list[Mapping[str, Any]]:
        return self._ended or (self._batches.everything() if self._batches is not None else [])

    def _send(self, messages: list[Mapping[str, Any]]) -> None:
        if self._widget is not None:
            self._widget.tell(messages)

    def _message(self, message: Mapping[str, Any]) -> None:
        kind = message.get("type")
        if kind == "ready":
            self._words = None
        if self._batches is None:
            if kind == "ready":
                self._send(self._ended)
        elif kind == "stop":
            self._batches.set_status("stopping")
            self._on_stop(bool(message.get("again")))
        elif kind in {"ready", "refetch"}:
            self._batches.ready()

    def _path_of(self, digest: Digest) -> str:
        return str(self._root / digest.experiment / digest.run)

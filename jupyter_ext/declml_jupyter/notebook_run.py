"""A run as the notebook holds it: always as its folder says now, with its curves, predictions and picture at hand."""

from __future__ import annotations

import time
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from declml.errors import DeclmlError, UserProblem
from declml.runs.folder import Run, open_run
from declml.runs.history import history
from declml_jupyter.frames import like
from declml_jupyter.wording import sentence

if TYPE_CHECKING:
    import polars as pl
    from IPython.display import Image

    from declml.run.apply import Evaluation

_LOOK_SECONDS = 0.1


class Going(Protocol):
    """A training of this notebook that may not be over. ``path`` is its folder as soon as it has one."""

    path: Path | None
    error: BaseException | None

    @property
    def ended(self) -> bool:
        """Whether it is over."""
        ...

    def stop(self, *, now: bool = False) -> None:
        """Ask it to stop after its next checkpoint; ``now`` ends it at once."""
        ...


class NotebookRun:
    """One run. What it tells is read from its folder when it is asked for, so it is true while the run goes on.

    ``training`` is given for a run that this notebook trains in the background: its folder is not known at first.
    """

    def __init__(self, path: Path | None, *, training: Going | None = None, reused: bool = False) -> None:
        self._path = path
        self._training = training
        self.reused = reused

    @property
    def path(self) -> Path:
        """The folder of the run; a `UserProblem` while it has none."""
        path = self._path or (self._training.path if self._training is not None else None)
        if path is None:
            if self._training is not None and self._training.error is not None:
                raise self._training.error
            raise UserProblem("run-starting", "A run must have begun to be looked into; got one that is starting.")
        return path

    @property
    def run(self) -> Run:
        """The run as its folder says now."""
        found = open_run(self.path)
        return Run(found.path, found.record, reused=True) if self.reused else found

    @property
    def id(self) -> str:
        """The run's id, such as ``0012-3fa9``."""
        return self.run.id

    @property
    def experiment(self) -> str:
        """The experiment that it belongs to."""
        return self.run.experiment

    @property
    def status(self) -> str:
        """``starting``, ``running``, ``finished``, ``failed``, ``interrupted`` or ``killed``."""
        try:
            return self.run.status
        except DeclmlError:
            return "failed" if self._training is not None and self._training.error is not None else "starting"

    @property
    def metrics(self) -> Mapping[str, Mapping[str, Mapping[str, Any]]]:
        """Final metrics: split -> output -> metric -> number."""
        return self.run.metrics

    @property
    def config(self) -> str:
        """The config as it was written."""
        return self.run.config

    @property
    def history(self) -> pl.DataFrame:
        """The curves: a row a value, with split, output, metric, epoch, step and value."""
        import polars as pl

        found = history(self.run.events)
        rows = [
            (*key, point.epoch, point.step, point.value) for key, points in found.metrics.items() for point in points
        ]
        schema = {
            "split": pl.String,
            "output": pl.String,
            "metric": pl.String,
            "epoch": pl.Int64,
            "step": pl.Int64,
            "value": pl.Float64,
        }
        return pl.DataFrame(rows, schema=schema, orient="row").sort("step", maintain_order=True)

    def predict(self, data: Any, *, output: str | Path | None = None) -> Any:
        """Return predictions and probabilities for new rows, as the kind of table that ``data`` is."""
        from declml import api

        return like(api.predict(self.run, data, output=output), data)

    def evaluate(self, data: Any) -> Evaluation:
        """Return the metrics on new rows, overall and per slice, and the confusion of the classes."""
        from declml import api

        return api.evaluate(self.run, data)

    def plot(self) -> Image:
        """Return the curves as a picture; a `UserProblem` where Pillow is not installed."""
        from declml_jupyter.picture import picture_of_run

        picture = picture_of_run(self.run)
        if picture is None:
            raise UserProblem("no-picture", "A run must have curves to be drawn, and Pillow be installed.")
        from IPython.display import Image

        return Image(data=picture.data, format="png", width=picture.width, alt=sentence(self.run))

    def stop(self, *, now: bool = False) -> None:
        """Ask the run to stop after its next checkpoint; ``now`` ends it at once."""
        if self._training is not None and not self._training.ended:
            self._training.stop(now=now)
            return
        from declml.run.attaching import stop_run

        stop_run(self.run, now=now, on_notice=warnings.warn)

    def wait(self, timeout_seconds: float | None = None) -> NotebookRun:
        """Wait for the run to end and return it; what made it fail is raised.

        `TimeoutError` after ``timeout_seconds``.
        """
        end = None if timeout_seconds is None else time.monotonic() + timeout_seconds
        while not self._training.ended if self._training is not None else self.status == "running":
            if end is not None and time.monotonic() > end:
                raise TimeoutError(f"The run is {self.status} after {timeout_seconds} s.")
            time.sleep(_LOOK_SECONDS)
        if self._training is not None and self._training.error is not None:
            raise self._training.error
        return self

    def __repr__(self) -> str:
        try:
            return sentence(self.run)
        except DeclmlError:
            # It may have no name yet, and what is shown now stands in the notebook for good.
            return "A run in the background: wait() waits for it, stop() stops it."

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return self.mimebundle()

    def mimebundle(self) -> dict[str, str]:
        """Return the run as a notebook shows it: how it ended, its metrics, confusion and slices."""
        from html import escape

        from declml_jupyter.tables import run_tables

        try:
            run = self.run
        except DeclmlError:
            return {"text/plain": repr(self)}
        if not run.metrics:
            return {"text/plain": repr(self), "text/html": f"<p>{escape(repr(self))}</p>"}
        html, text = run_tables(run)
        says = sentence(run)
        return {"text/plain": f"{says}\n\n{text}", "text/html": f"<p>{escape(says)}</p>{html}"}

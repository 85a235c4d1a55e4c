"""`declml watch`: train again whenever the config, its data or its code is saved."""

from __future__ import annotations

import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from declml.cli.options import config_argument, dataset_option, kernel_option, runs_option, set_option
from declml.cli.terminal import bad, duration, faint, good, heading, number, say

if TYPE_CHECKING:
    from declml.errors import DeclmlError
    from declml.runs.changes import Change
    from declml.runs.folder import Run

_SHOWN_CHANGES = 5


@click.command(
    epilog="""\b
Examples:
  declml watch census.declml.yaml
  declml watch census.declml.yaml --set trainer.epochs=3

A save with a mistake is told and leaves the run at work. A save that changes what would be trained stops it after a
checkpoint, keeps its record, and trains the newest. Ctrl-C stops watching.
"""
)
@config_argument()
@dataset_option()
@set_option()
@runs_option()
@kernel_option()
@click.option("--poll", is_flag=True, help="Look at the files instead of being told: for drives that tell nothing.")
def watch(
    config: str, dataset: str | None, overrides: tuple[str, ...], runs: str | None, kernel: str | None, poll: bool
) -> None:
    """Train CONFIG now, and again at every save of it, of its data or of its plug-ins."""
    from declml import api

    screen = _Screen()
    try:
        api.watch(config, dataset=dataset, overrides=overrides, runs=runs, kernel=kernel, poll=poll, screen=screen)
    finally:
        screen.close()
    say("Stopped watching.")


class _Screen:
    """Prints what a watch tells; events go through the same lines as `declml train`."""

    def __init__(self) -> None:
        self._printing = threading.Lock()
        self._begin()

    def _begin(self) -> None:
        from declml.cli.progress import progress_for

        self._progress = progress_for(sys.stdout)

    def event(self, event: Mapping[str, Any]) -> None:
        with self._printing:
            self._progress.take(event)

    def notice(self, text: str) -> None:
        with self._printing:
            self._progress.notice(text)

    def saved(self, changes: list[Change]) -> None:
        shown = [f"{each.path} {_value(each.before)} -> {_value(each.after)}" for each in changes[:_SHOWN_CHANGES]]
        more = f" and {len(changes) - _SHOWN_CHANGES} more" if len(changes) > _SHOWN_CHANGES else ""
        self.notice(heading("Saved: ") + (", ".join(shown) + more if shown else "data or code"))

    def waiting(self, files: list[Path]) -> None:
        names = ", ".join(each.name for each in files[:3]) + (", ..." if len(files) > 3 else "")
        self.notice(f"Watching {names}. Ctrl-C stops.")

    def ended(self, run: Run) -> None:
        with self._printing:
            self._progress.close()
            if run.reused:
                say(f"{good('Nothing changed')} since run {heading(run.id)}.")
            elif run.status == "finished":
                value = run.deciding_value()
                shown = f", {run.decides['metric']} {number(value)}" if value is not None else ""
                say(f"{good('Finished')} run {heading(run.id)} in {duration(run.record.get('seconds'))}{shown}.")
            else:
                say(f"Run {heading(run.id)} was stopped; its checkpoint and record are kept.")
            self._begin()

    def failed(self, error: DeclmlError) -> None:
        from declml.cli.boundary import tell_error, tell_problems
        from declml.errors import ConfigProblems

        with self._printing:
            self._progress.close()
            tell_problems(error) if isinstance(error, ConfigProblems) else tell_error(error)
            say(faint("Waiting for a save that mends it."), err=True)
            self._begin()

    def close(self) -> None:
        """Leave the screen tidy."""
        self._progress.close()


def _value(value: object) -> str:
    return bad("absent") if value is None else str(value)

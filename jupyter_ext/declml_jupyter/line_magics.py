"""The commands of ``%declml``: each takes the line's arguments and returns what the notebook shows."""

from __future__ import annotations

from typing import Any

from declml import api
from declml.errors import UserProblem
from declml.runs.diff import diff
from declml.runs.find import find
from declml.runs.folder import Run
from declml.runs.index import list_runs
from declml.runs.places import runs_root
from declml_jupyter.arguments import Arguments
from declml_jupyter.attaching import attach
from declml_jupyter.frames import like, named
from declml_jupyter.listings import DiffView, RunList, goals
from declml_jupyter.notebook_run import NotebookRun
from declml_jupyter.shell import Shell, shows_pages


class LineCommands:
    """What a line can ask for."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def runs(self, arguments: Arguments) -> RunList:
        """List the runs, the newest first."""
        limit = arguments.value("--limit")
        if limit is not None and not limit.isdecimal():
            raise UserProblem("magic-usage", f"--limit must be a whole number; got '{limit}'.")
        root = runs_root(arguments.value("--runs"))
        rows = list_runs(root, experiment=arguments.value("--experiment"))
        return RunList(rows[: int(limit)] if limit is not None else rows, root, is_live=shows_pages(self._shell))

    def show(self, arguments: Arguments) -> NotebookRun:
        """Return a run, which shows itself."""
        return self._named(arguments, 0)

    def diff(self, arguments: Arguments) -> DiffView:
        """Compare two runs."""
        a, b = self._run(arguments, 0), self._run(arguments, 1)
        return DiffView(diff(a, b, goals=goals()), [a.path, b.path], is_live=shows_pages(self._shell))

    def attach(self, arguments: Arguments) -> NotebookRun:
        """Follow a run that somebody started, or show one that ended."""
        run = attach(
            self._shell,
            self._run(arguments, 0),
            background="--background" in arguments.flags,
            is_plain="--plain" in arguments.flags,
        )
        return self._keep(arguments, run)

    def stop(self, arguments: Arguments) -> None:
        """Stop a run."""
        self._named(arguments, 0).stop(now="--now" in arguments.flags)
        print("Asked it to stop after its next checkpoint.")  # noqa: T201 - a line's answer

    def predict(self, arguments: Arguments) -> Any:
        """Predict new rows."""
        data = self._data(arguments)
        return self._keep(arguments, like(api.predict(self._run(arguments, 0), data), data))

    def evaluate(self, arguments: Arguments) -> Any:
        """Measure a run on other rows."""
        return self._keep(arguments, api.evaluate(self._run(arguments, 0), self._data(arguments)))

    def _data(self, arguments: Arguments) -> Any:
        name = arguments.value("--data")
        if name is None:
            raise UserProblem("magic-usage", f"%declml {arguments.command} must be given --data; got none.")
        return named(name, self._shell.user_ns)

    def _named(self, arguments: Arguments, place: int) -> NotebookRun:
        """Return the run that an operand means: a name of the notebook, or what `declml runs` takes."""
        name = arguments.operands[place]
        here = self._shell.user_ns.get(name)
        if isinstance(here, NotebookRun):
            return here
        return NotebookRun(find(runs_root(arguments.value("--runs")), name).path)

    def _run(self, arguments: Arguments, place: int) -> Run:
        return self._named(arguments, place).run

    def _keep(self, arguments: Arguments, value: Any) -> Any:
        name = arguments.value("--as")
        if name is None:
            return value
        if not name.isidentifier():
            raise UserProblem("magic-usage", f"--as must be a name of Python; got '{name}'.")
        self._shell.user_ns[name] = value
        return value if isinstance(value, NotebookRun) else None

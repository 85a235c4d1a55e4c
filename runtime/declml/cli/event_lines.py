"""A run told to a program: every event, every problem and the result, each as one line of JSON on standard output."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from declml.errors import ConfigProblems, DeclmlError, UserProblem
from declml_schema.events import encode_event
from declml_schema.problems import Problem

if TYPE_CHECKING:
    from declml.runs.folder import Run


class EventLines:
    """Prints events as they are, and remembers which problems were among them."""

    def __init__(self) -> None:
        self._told: set[tuple[object, object]] = set()

    def take(self, event: Mapping[str, Any]) -> None:
        """Print one event."""
        if event["kind"] == "problem":
            self._told.add((event["problem"].get("code"), event["problem"].get("message")))
        click.echo(encode_event(event))

    def notice(self, text: str) -> None:
        """Print a line of the kind ``notice``: it belongs to no run."""
        click.echo(encode_event({"kind": "notice", "message": text}))

    def close(self) -> None:
        """There is nothing to tidy."""

    def result(self, run: Run) -> None:
        """Print what came of it: a line of the kind ``result`` with id, folder, status and metrics of the run."""
        answer = {
            "kind": "result",
            "run": run.id,
            "experiment": run.experiment,
            "path": str(run.path),
            "status": run.status,
            "reused": run.reused,
            "decides": dict(run.decides),
            "metrics": run.metrics,
        }
        click.echo(encode_event(answer))

    @contextmanager
    def telling_problems(self) -> Generator[None]:
        """Print the problems that end the command, those told by an event left out, and leave with exit code 1."""
        try:
            yield
        except ConfigProblems as error:
            self._tell(error.problems)
        except UserProblem as error:
            self._tell([Problem(error.code, error.message, path=error.path, hint=error.hint)])
        except DeclmlError as error:
            self._tell([Problem("failed", str(error))])

    def _tell(self, problems: list[Problem]) -> None:
        for each in problems:
            if (each.code, each.message) not in self._told:
                self.take({"kind": "problem", "problem": each.as_json()})
        raise click.exceptions.Exit(1)

"""`declml logs`: what a run's process printed, and the lines of its events."""

from __future__ import annotations

import sys

import click

from declml.cli.options import run_argument, runs_option
from declml.cli.terminal import faint, say


@click.command(
    epilog="""\b
Examples:
  declml logs latest
  declml logs 12 | less
"""
)
@run_argument()
@runs_option()
def logs(run: str, runs: str | None) -> None:
    """Print what RUN said for a person, in order, and then what its process printed: warnings, a trace."""
    from declml.cli.progress import LineProgress
    from declml.kernels.local import LOG
    from declml.runs.find import find
    from declml.runs.places import runs_root
    from declml_schema.events import read_events

    found = find(runs_root(runs), run)
    progress = LineProgress(sys.stdout)
    if found.events.exists():
        for _, event in read_events(found.events):
            progress.take(event)
    log = found.path / LOG
    printed = log.read_text(encoding="utf-8", errors="replace").rstrip() if log.exists() else ""
    if printed:
        say(faint(f"--- {log}"))
        say(printed)

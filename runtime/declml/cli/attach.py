"""`declml attach`: show a run from its beginning, then live, whoever started it."""

from __future__ import annotations

import sys
from contextlib import nullcontext

import click

from declml.cli.options import run_argument, runs_option
from declml.cli.terminal import say


@click.command(
    epilog="""\b
Examples:
  declml attach latest
  declml attach 12

Ctrl-C ends the showing and leaves the run at work; `declml stop RUN` stops it.
"""
)
@run_argument()
@runs_option()
@click.option("--json", "as_json", is_flag=True, help="Print every event as a line of JSON for a program.")
def attach(run: str, runs: str | None, as_json: bool) -> None:
    """Show all that RUN has said so far, and follow it to its end."""
    from declml.cli.event_lines import EventLines
    from declml.cli.progress import progress_for
    from declml.cli.train import summary
    from declml.run.attaching import attach_run
    from declml.runs.find import find
    from declml.runs.places import runs_root

    found = find(runs_root(runs), run)
    program = EventLines() if as_json else None
    progress = program or progress_for(sys.stdout)
    try:
        with program.telling_problems() if program is not None else nullcontext():
            ended = attach_run(found, progress.take, progress.notice)
    except KeyboardInterrupt:
        progress.close()
        say(f"Detached. The run goes on; `declml attach {found.id}` shows it again, `declml stop {found.id}` stops it.")
        return
    finally:
        progress.close()
    if program is not None:
        program.result(ended.run)
    elif ended.run.status == "finished":
        say(summary(ended.run))
    else:
        say(ended.sentence)

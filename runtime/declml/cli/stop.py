"""`declml stop`: stop a run, whoever started it."""

from __future__ import annotations

import click

from declml.cli.options import run_argument, runs_option
from declml.cli.terminal import say


@click.command(
    epilog="""\b
Examples:
  declml stop latest
  declml stop 12 --now
"""
)
@run_argument()
@runs_option()
@click.option("--now", is_flag=True, help="End it at once, without a checkpoint of this moment.")
def stop(run: str, runs: str | None, now: bool) -> None:
    """Stop RUN after it has written a checkpoint, from which `declml train CONFIG --resume RUN` goes on."""
    from declml.run.attaching import stop_run
    from declml.runs.find import find
    from declml.runs.places import runs_root

    found = find(runs_root(runs), run)
    stopped = stop_run(found, now=now, on_notice=say)
    if stopped.status != "running":
        how = {"interrupted": "stopped; its checkpoint is kept", "killed": "ended at once"}
        never = stopped.status == "interrupted" and not stopped.events.exists()
        said = "never began" if never else how.get(stopped.status, f"had {stopped.status} meanwhile")
        say(f"Run {stopped.id} {said}.")
    if stopped.status in {"interrupted", "killed"}:
        say(f"Go on with: declml train CONFIG --resume {stopped.id}")

"""`declml runs restore`: put a deleted run back."""

from __future__ import annotations

import click

from declml.cli.options import run_argument, runs_option
from declml.cli.terminal import say


@click.command(
    epilog="""RUN is an id such as 0012-3fa9, its number 12, the start of an id, or `latest`: the last one deleted.

\b
Examples:
  declml runs restore latest
  declml runs restore 0012-3fa9
"""
)
@run_argument()
@runs_option()
def restore(run: str, runs: str | None) -> None:
    """Put RUN back where it was before `declml runs delete`, or an editor, deleted it."""
    from declml.runs.places import runs_root
    from declml.runs.trash import restore as put_back

    back = put_back(runs_root(runs), run)
    say(f"{back.id} ({back.experiment}) is back in {back.origin}.")

"""`declml runs delete`: take runs out of every list, so that it can be undone."""

from __future__ import annotations

import click

from declml.cli.options import RUN_HELP, runs_option
from declml.cli.terminal import say


@click.command(
    epilog=f"""{RUN_HELP}

\b
Examples:
  declml runs delete 12
  declml runs delete 12 13
"""
)
@click.argument("run", nargs=-1, required=True, metavar="RUN...")
@runs_option()
def delete(run: tuple[str, ...], runs: str | None) -> None:
    """Delete each RUN. It goes to the trash beside the runs, and after 30 days for good.

    A run that trains is refused: stop it first.
    """
    from declml.runs.find import find
    from declml.runs.places import runs_root
    from declml.runs.trash import discard

    root = runs_root(runs)
    # All are found before the first one goes: a name that fits nothing deletes nothing.
    found = list({each.path: each for each in (find(root, name) for name in run)}.values())
    for each in found:
        deleted = discard(each)
        elsewhere = each.path.parent.parent
        option = "" if runs is None and elsewhere == root else f" --runs {elsewhere}"
        say(f"Deleted {deleted.id} ({deleted.experiment}). Undo: declml runs restore {deleted.id}{option}")

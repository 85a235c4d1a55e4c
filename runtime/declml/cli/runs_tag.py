"""`declml runs tag`: the user's own words on a run."""

from __future__ import annotations

import click

from declml.cli.options import RUN_HELP, run_argument, runs_option
from declml.cli.terminal import faint, say


@click.command(
    epilog=f"""{RUN_HELP}

\b
Examples:
  declml runs tag 12 baseline paper
  declml runs tag 12 paper --remove
  declml runs tag latest
"""
)
@run_argument()
@click.argument("tags", nargs=-1, metavar="[TAG]...")
@click.option("--remove", is_flag=True, help="Take these tags away; without a TAG all of them.")
@runs_option()
def tag(run: str, tags: tuple[str, ...], remove: bool, runs: str | None) -> None:
    """Add TAGs to RUN, or take them away; without a TAG, print those that it has.

    Tags are shown by `declml runs list`, which also finds runs by them, and by editors.
    """
    from declml.runs.find import find
    from declml.runs.places import runs_root
    from declml.runs.tags import read_tags, write_tags

    found = find(runs_root(runs), run)
    before = read_tags(found.path)
    if remove:
        after = write_tags(found.path, [each for each in before if tags and each not in tags])
    else:
        after = write_tags(found.path, (*before, *tags)) if tags else before
    say(f"{found.id}  {' '.join(f'#{each}' for each in after) or faint('no tags')}")

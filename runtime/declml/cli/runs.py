"""`declml runs`: list, show, compare, tag, delete and reproduce what was trained."""

from __future__ import annotations

import click

from declml.cli.lazy import LazyGroup
from declml.cli.options import RUN_HELP


@click.group(
    cls=LazyGroup,
    commands={
        "list": ("declml.cli.runs_list:list_", "List all runs, the newest first."),
        "show": ("declml.cli.runs_show:show", "Show one run in full."),
        "diff": ("declml.cli.runs_diff:diff_", "Compare two runs: what was changed, what came of it."),
        "tag": ("declml.cli.runs_tag:tag", "Put words of your own on a run."),
        "delete": ("declml.cli.runs_delete:delete", "Delete runs; it can be undone."),
        "restore": ("declml.cli.runs_restore:restore", "Put a deleted run back."),
        "reproduce": ("declml.cli.runs_reproduce:reproduce", "Train a run again and compare the weights."),
    },
    epilog=f"""{RUN_HELP}

\b
Examples:
  declml runs list
  declml runs show latest
  declml runs diff 11 12
  declml runs tag 12 baseline
  declml runs reproduce 12
""",
)
def runs() -> None:
    """Look at what was trained."""

"""`declml runs list`: all runs, the newest first."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from declml.cli.options import json_option, runs_option
from declml.cli.terminal import age, bad, duration, faint, good, number, say, table

if TYPE_CHECKING:
    from declml.runs.index import Row

STATUSES = ("running", "finished", "failed", "interrupted", "killed", "unreadable")


@click.command(
    "list",
    epilog="""\b
Examples:
  declml runs list
  declml runs list --experiment census --status finished
  declml runs list --tag baseline
  declml runs list --json
""",
)
@click.option("--experiment", metavar="NAME", help="Only the runs of this experiment.")
@click.option("--status", type=click.Choice(STATUSES), help="Only runs with this status.")
@click.option("--tag", "tags", multiple=True, metavar="TAG", help="Only runs with this tag; given twice, with both.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="At most so many runs.")
@runs_option()
@json_option()
def list_(
    experiment: str | None,
    status: str | None,
    tags: tuple[str, ...],
    limit: int | None,
    runs: str | None,
    as_json: bool,
) -> None:
    """List runs with their status, deciding metric (on the validation split) and duration.

    A run is killed when its process is gone without a word, and tainted when its files are no longer what it wrote.
    """
    from declml.runs.index import list_runs
    from declml.runs.places import runs_root

    root = runs_root(runs)
    rows = list_runs(root, experiment=experiment, status=status, tags=tags)[:limit]
    if as_json:
        listed = [{**row.as_json(), "value": _writable(row.value)} for row in rows]
        click.echo(json.dumps(listed, indent=2, ensure_ascii=False))
        return
    if not rows:
        which = " that fit" if experiment or status or tags else ""
        say(f"There are no runs{which} in {root}. `declml train CONFIG` makes one.")
        return
    cells = [
        [
            row.id,
            status_text(row.status),
            row.experiment,
            age(row.created),
            f"{row.output}.{row.metric}" if row.metric else "",
            number(row.value),
            duration(row.seconds),
            " ".join(_remarks(row)),
        ]
        for row in rows
    ]
    header = ["run", "status", "experiment", "made", "metric", "value", "took", ""]
    say(table(cells, header=header, right=[5, 6]))
    for row in rows:
        if row.taint:
            say(f"{bad('tainted')} {row.id}: {', '.join(row.taint[:5])}{' ...' * (len(row.taint) > 5)}")


def status_text(status: str) -> str:
    """Return a status in its colour."""
    if status == "finished":
        return good(status)
    return bad(status) if status in {"failed", "killed", "unreadable"} else status


def _remarks(row: Row) -> Iterator[str]:
    yield from [f"#{each}" for each in row.tags]
    if row.taint:
        yield bad("tainted")
    if row.problem:
        yield faint(row.problem)


def _writable(value: float | None) -> float | str | None:
    return value if value is None or math.isfinite(value) else str(value)

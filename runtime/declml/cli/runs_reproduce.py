"""`declml runs reproduce`: train a run again from its record, and compare the weights bit for bit."""

from __future__ import annotations

import json
import sys

import click

from declml.cli.options import RUN_HELP, json_option, run_argument, runs_option
from declml.cli.terminal import bad, good, say


@click.command(
    epilog=f"""{RUN_HELP}

\b
Example:
  declml runs reproduce 0012-3fa9

The exit code is 1 when the weights differ.
"""
)
@run_argument()
@runs_option()
@json_option()
def reproduce(run: str, runs: str | None, as_json: bool) -> None:
    """Train RUN again from its record and say whether the weights are identical; if not, what differs around them."""
    from declml import api
    from declml.cli.progress import progress_for

    progress = progress_for(sys.stderr)  # the answer alone goes to standard output
    try:
        answer = api.reproduce(run, runs=runs, on_event=progress.take)
    finally:
        progress.close()
    before, after = answer.weights
    if as_json:
        told = {
            "run": answer.run.id,
            "original": answer.original.id,
            "identical": answer.identical,
            "weights": [before, after],
            "differences": answer.differences,
        }
        click.echo(json.dumps(told, indent=2, ensure_ascii=False))
    elif answer.identical:
        words = f"run {answer.run.id} has the weights of {answer.original.id}, bit for bit ({before[:12]})"
        say(f"{good('Identical')}: {words}.")
    else:
        words = f"run {answer.run.id} has other weights ({after[:12]}) than {answer.original.id} ({before[:12]})"
        say(f"{bad('Different')}: {words}.")
        for each in answer.differences:
            say(f"  {each}")
    if not answer.identical:
        raise click.exceptions.Exit(1)

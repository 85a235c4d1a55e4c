"""`declml plot`: the pictures of a trained run, drawn to SVG and kept as data."""

from __future__ import annotations

from pathlib import Path

import click

from declml.cli.options import RUN_HELP, run_argument, runs_option
from declml.cli.terminal import faint, say, table

_KINDS = (
    "learning", "roc", "precision_recall", "calibration", "confusion", "residuals", "places", "lengths", "dimensions",
    "predicted",
)  # fmt: skip


@click.command(
    epilog=f"""{RUN_HELP}

\b
Kinds:
  learning          loss and deciding metric after each epoch
  roc               true against false positives (binary, category, set)
  precision_recall  precision against recall (binary, category, set)
  calibration       whether probabilities mean what they say
  confusion         which class is taken for which, or which label of a token
  residuals         what numbers are off by
  places            how many tokens are right at each place (sequence, text)
  lengths           how many tokens are said where how many are true (sequence, text)
  dimensions        what each number of a vector is off by
  predicted         the numbers of a vector by the true ones

\b
Examples:
  declml plot latest
  declml plot 12 --kind roc --kind calibration --split validation
  declml plot 0012-3fa9 --to pictures
"""
)
@run_argument()
@click.option(
    "--kind", "kinds", multiple=True, type=click.Choice(_KINDS), help="What to draw; all that there is if not given."
)
@click.option(
    "--split",
    type=click.Choice(["training", "validation", "test"]),
    help="The rows whose answers to draw; test if not given, or validation where there are no test rows.",
)
@click.option(
    "--to",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Where to write; the run's own folder `plots` if not given.",
)
@runs_option()
def plot(run: str, kinds: tuple[str, ...], split: str | None, folder: Path | None, runs: str | None) -> None:
    """Draw RUN from the files that it kept: an SVG and the same as JSON for each picture."""
    from declml import api

    written = api.plot(run, kinds=kinds or None, split=split, folder=folder, runs=runs)
    if not written:
        say("There is nothing to draw: no output of this run has such a picture.")
        return
    say(table([[faint(picture.kind), picture.title, str(path)] for path, picture in written]))

"""`declml predict`: a trained run's answers for the rows of a file."""

from __future__ import annotations

import click

from declml.cli.options import RUN_HELP, run_argument, runs_option
from declml.cli.terminal import say


@click.command(
    epilog=f"""{RUN_HELP}

\b
Examples:
  declml predict latest --data new.csv --output predictions.csv
  declml predict 0012-3fa9 --data new.parquet --output predictions.parquet
"""
)
@run_argument()
@click.option("--data", required=True, metavar="FILE", help="The rows to predict for: CSV, JSON Lines or Parquet.")
@click.option(
    "--output",
    required=True,
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="Where to write the answers; the ending says how: .csv, .parquet or .jsonl.",
)
@runs_option()
def predict(run: str, data: str, output: str, runs: str | None) -> None:
    """Write RUN's predictions and probabilities for the rows of a file, in their order."""
    from declml import api

    written = api.write_predictions(run, data, output=output, runs=runs)
    columns = ", ".join(written.columns[:6]) + (", ..." if len(written.columns) > 6 else "")
    say(f"Wrote {written.rows:,} rows with {columns} to {output}.")

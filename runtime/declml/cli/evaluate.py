"""`declml evaluate`: the metrics of a trained run on other data."""

from __future__ import annotations

import json

import click

from declml.cli.options import RUN_HELP, json_option, run_argument, runs_option
from declml.cli.terminal import heading, say


@click.command(
    epilog=f"""{RUN_HELP}

\b
Examples:
  declml evaluate latest --data new.csv
  declml evaluate 12 --data new.parquet --json
"""
)
@run_argument()
@click.option("--data", required=True, metavar="FILE", help="The rows to measure on, with the columns to predict.")
@runs_option()
@json_option()
def evaluate(run: str, data: str, runs: str | None, as_json: bool) -> None:
    """Measure RUN on the rows of a file: every metric per output, overall and per slice, and the confusion of
    classes.
    """
    from declml import api
    from declml.cli.results import confusion_table, slices_table, values_table

    evaluation = api.evaluate(run, data, runs=runs)
    if as_json:
        click.echo(json.dumps(evaluation.as_json(), indent=2, ensure_ascii=False))
        return
    parts = [heading(f"{evaluation.rows:,} rows") + "\n" + values_table(evaluation.values)]
    if evaluation.slices:
        parts.append(
            heading("Slices, the worst first (--json has every metric)") + "\n" + slices_table(evaluation.slices)
        )
    parts += [confusion_table(output, each) for output, each in evaluation.confusion.items()]
    say("\n\n".join(parts))

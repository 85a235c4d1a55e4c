"""`declml evaluate`: the metrics of a trained run on other data."""

from __future__ import annotations

import json

import click

from declml.cli.options import RUN_HELP, json_option, run_argument, runs_option
from declml.cli.terminal import faint, heading, say


@click.command(
    epilog=f"""{RUN_HELP}

\b
Examples:
  declml evaluate latest --data new.csv
  declml evaluate 12 --data new.parquet --json
  declml evaluate latest --data new.csv --baselines
"""
)
@run_argument()
@click.option("--data", required=True, metavar="FILE", help="The rows to measure on, with the columns to predict.")
@click.option(
    "--baselines", is_flag=True, help="Train a linear and a tree model on what RUN learned from, and show them beside."
)
@runs_option()
@json_option()
def evaluate(run: str, data: str, baselines: bool, runs: str | None, as_json: bool) -> None:
    """Measure RUN on the rows of a file: every metric per output, overall and per slice, and the confusion of
    classes.
    """
    from declml import api
    from declml.cli.results import beside_table, confusion_table, slices_table, values_table

    evaluation = api.evaluate(run, data, runs=runs)
    others = api.baselines(run, data, runs=runs, on_notice=lambda said: click.echo(said, err=True)) if baselines else []
    if as_json:
        beside = {"baselines": {each.kind: each.as_json() for each in others}} if baselines else {}
        click.echo(json.dumps({**evaluation.as_json(), **beside}, indent=2, ensure_ascii=False))
        return
    shown = {each.kind: each.values for each in others if each.values}
    told = beside_table(evaluation.values, shown) if shown else values_table(evaluation.values)
    parts = [heading(f"{evaluation.rows:,} rows") + "\n" + told]
    left_out = [f"{output}: {why}" for each in others for output, why in each.left_out.items()]
    left_out += [f"{each.kind}: without {', '.join(each.without)}" for each in others if each.without and each.values]
    if left_out:
        parts.append(faint("\n".join(left_out)))
    if evaluation.slices:
        parts.append(
            heading("Slices, the worst first (--json has every metric)") + "\n" + slices_table(evaluation.slices)
        )
    parts += [confusion_table(output, each) for output, each in evaluation.confusion.items()]
    say("\n\n".join(parts))

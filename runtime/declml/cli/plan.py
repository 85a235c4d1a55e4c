"""`declml plan`: what a training would do, before anything runs."""

from __future__ import annotations

import json

import click

from declml.cli.options import config_argument, dataset_option, json_option, runs_option, set_option
from declml.cli.terminal import say, wants_color


@click.command(
    epilog="""\b
Examples:
  declml plan census.declml.yaml
  declml plan census.declml.yaml --set trainer.epochs=3
  declml plan ludwig.yaml --dataset people.csv --json
"""
)
@config_argument()
@dataset_option()
@set_option()
@runs_option()
@json_option()
def plan(config: str, dataset: str | None, overrides: tuple[str, ...], runs: str | None, as_json: bool) -> None:
    """Say what training CONFIG would do, and run nothing.

    Shows each stage with what is reused and why, rows, vocabulary and model sizes, and what differs from the last run.
    """
    from declml import api
    from declml_schema.problems import has_errors

    report = api.plan(config, dataset=dataset, overrides=overrides, runs=runs)
    if as_json:
        click.echo(json.dumps(report.as_json(), indent=2, ensure_ascii=False))
    else:
        say(report.as_text(color=wants_color()))
    if has_errors(report.problems):
        raise click.exceptions.Exit(1)

"""`declml profile`: what is in a table, and which feature each column would make."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import click

from declml.cli.draft import separator_of, short_number
from declml.cli.options import json_option
from declml.cli.terminal import faint, heading, say, table
from declml.data.separators import separator_key


@click.command(
    epilog="""\b
Examples:
  declml profile people.csv
  declml profile people.parquet --json
"""
)
@click.argument("data", metavar="DATA")
@json_option()
def profile(data: str, as_json: bool) -> None:
    """Show the columns of DATA, a CSV, JSON Lines or Parquet file.

    Tells type, missing and distinct values, range, examples, and the feature type that a config would declare.
    """
    from declml import api

    found = api.profile(data).as_json()
    if as_json:
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
        return
    columns = found["columns"]
    say(heading(f"{found['rows']:,} rows, {len(columns):,} columns"))
    header = ["column", "feature", "in the file", "missing", "distinct", "values"]
    say(table([_row(each) for each in columns], header=header, right=[3, 4]))
    separator = separator_of(columns)
    if separator is not None:
        say(
            f"{click.style('warning:', fg='yellow')} the values seem to be separated by {json.dumps(separator)}: "
            f"a config reads them with `data: {{source: FILE, {separator_key(separator)}}}`"
        )
    for each in columns:
        for warning in each["warnings"]:
            say(f"{click.style('warning:', fg='yellow')} {each['name']}: {warning}")


def _row(column: Mapping[str, Any]) -> list[str]:
    rows, missing = int(column["rows"]), int(column["missing"])
    share = f"{100 * missing / rows:.1f} %" if missing and rows else ""
    kind = column["feature_type"] or "-"
    return [str(column["name"]), kind, str(column["dtype"]), share, f"{int(column['distinct']):,}", _values(column)]


def _values(column: Mapping[str, Any]) -> str:
    number = column.get("number")
    if number and column["feature_type"] == "number":
        return f"{short_number(number['min'])} to {short_number(number['max'])}, mean {number['mean']:.4g}"
    shown = [_short(value) for value, _ in column["top_values"][:3]] or [
        _short(each) for each in column["examples"][:2]
    ]
    return faint(", ".join(shown))


def _short(value: object) -> str:
    text = "".join(each if each.isprintable() else " " for each in str(value))
    return text if len(text) <= 24 else text[:23] + "…"

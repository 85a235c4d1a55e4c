"""A model's answers as a table: values and probabilities per output, in the words of the data."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from declml.contracts import Facts, OutputOperation
from declml.errors import UserProblem
from declml.evaluation.evaluate import Predictions
from declml.run.files import storage_problem
from declml_schema.plan import Plan

_WRITERS = (".csv", ".parquet", ".jsonl", ".ndjson")


def prediction_frame(
    predictions: Predictions,
    plan: Plan,
    facts: Mapping[str, Facts],
    operations: Mapping[str, OutputOperation],
    uncertainties: Mapping[str, np.ndarray],
) -> pl.DataFrame:
    """Return ``<output>_predictions`` and, for classes, ``<output>_probability...`` for each row.

    Outputs among ``uncertainties`` have ``<output>_uncertainty`` besides.
    """
    columns: dict[str, pl.Series] = {}
    for output in plan.outputs:
        answered: Any = predictions.outputs[output.name].answered
        decoded = operations[output.name].decode(answered, facts[output.name], output.preprocessing, output.parameters)
        for suffix, series in decoded.items():
            columns[f"{output.name}_{suffix}"] = series
        if output.name in uncertainties:
            columns[f"{output.name}_uncertainty"] = pl.Series(uncertainties[output.name])
    return pl.DataFrame(columns)


def with_truth(frame: pl.DataFrame, plan: Plan, table: pl.DataFrame, rows: np.ndarray) -> pl.DataFrame:
    """Return predictions beside the row's number in the data (``row``) and the true values, each under its output's
    name.

    A name that is taken already, say by an output called ``row``, gets underscores at its end.
    """
    columns: dict[str, pl.Series] = {each: frame[each] for each in frame.columns}
    truth: dict[str, pl.Series] = {}
    for name, series in (
        ("row", pl.Series("row", rows)),
        *((out.name, table[out.column][rows]) for out in plan.outputs),
    ):
        free = name
        while free in columns or free in truth:
            free += "_"
        truth[free] = series.alias(free)
    return pl.DataFrame({**truth, **columns})


def write_frame(path: Path, frame: pl.DataFrame) -> None:
    """Write a table as CSV, Parquet or JSON Lines by the file's ending; it appears whole or not at all.

    CSV knows no lists: they are written as JSON, which reads back as a list of items or numbers.
    """
    suffix = path.suffix.lower()
    if suffix not in _WRITERS:
        raise UserProblem(
            "unknown-format",
            f"The output must end in {', '.join(_WRITERS[:-1])} or {_WRITERS[-1]}; got '{path.name}'.",
        )
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        if suffix == ".csv":
            _flat(frame).write_csv(draft)
        elif suffix == ".parquet":
            frame.write_parquet(draft)
        else:
            frame.write_ndjson(draft)
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        if error.errno == errno.ENOENT:
            raise UserProblem("absent-folder", f"The folder of the output must exist; got '{path.parent}'.") from error
        raise storage_problem(error, path) from error
    except pl.exceptions.PolarsError as error:
        draft.unlink(missing_ok=True)
        raise UserProblem("unwritable-path", f"{path} must be a place that can be written; got: {error}.") from error


def _flat(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the table with each list as one text of JSON."""
    lists = [name for name, dtype in frame.schema.items() if isinstance(dtype, (pl.List, pl.Array))]
    return frame.with_columns(
        pl.Series(
            name, [None if each is None else json.dumps(each, ensure_ascii=False) for each in frame[name].to_list()]
        )
        for name in lists
    )

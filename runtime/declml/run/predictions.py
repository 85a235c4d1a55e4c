"""A model's answers as a table: values and probabilities per output, in the words of the data."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from shutil import rmtree
from typing import IO, Any

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
    """Write a table as CSV, Parquet or JSON Lines by the file's ending; it appears whole or not at all."""
    with FrameWriter(path) as writer:
        writer.add(frame)


class FrameWriter:
    """Writes a table piece by piece as CSV, Parquet or JSON Lines, by the file's ending.

    The file appears whole when the ``with`` ends, and not at all when that ends with an error: what was there before
    stays. Pieces have the same columns; one is in memory at a time. CSV knows no lists: they are written as JSON,
    which reads back as a list of items or numbers.
    """

    def __init__(self, path: Path) -> None:
        """Refuse a file whose ending is not known, with a `UserProblem`."""
        self._path = path
        self._suffix = path.suffix.lower()
        self._draft = path.with_name(f".{path.name}.{os.getpid()}.part")
        self._pieces = path.with_name(f".{path.name}.{os.getpid()}.pieces")
        self._file: IO[bytes] | None = None
        self.rows = 0
        self.columns: tuple[str, ...] = ()
        self._count = 0
        if self._suffix not in _WRITERS:
            raise UserProblem(
                "unknown-format",
                f"The output must end in {', '.join(_WRITERS[:-1])} or {_WRITERS[-1]}; got '{path.name}'.",
            )

    def __enter__(self) -> FrameWriter:
        return self

    def add(self, frame: pl.DataFrame) -> None:
        """Write the next rows."""
        with self._telling():
            if self._suffix == ".parquet":
                # Parquet is written once, from all pieces: a file of its own for each would have another content.
                self._pieces.mkdir(exist_ok=True)
                frame.write_ipc(self._pieces / f"{self._count:08}.arrow", compression="uncompressed")
            else:
                self._file = self._draft.open("wb") if self._file is None else self._file
                if self._suffix == ".csv":
                    _flat(frame).write_csv(self._file, include_header=self._count == 0)
                else:
                    frame.write_ndjson(self._file)
        self._count += 1
        self.rows += frame.height
        self.columns = tuple(frame.columns)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                with self._telling():
                    self._finish()
        finally:
            if self._file is not None:
                self._file.close()
            self._draft.unlink(missing_ok=True)
            rmtree(self._pieces, ignore_errors=True)

    def _finish(self) -> None:
        if self._suffix == ".parquet":
            pieces = [pl.scan_ipc(each) for each in sorted(self._pieces.iterdir())]
            pl.concat(pieces).sink_parquet(self._draft)
        elif self._file is not None:
            self._file.close()
        self._draft.replace(self._path)

    @contextmanager
    def _telling(self) -> Generator[None]:
        """Turn what the disk says into one sentence for the user."""
        try:
            yield
        except OSError as error:
            if error.errno == errno.ENOENT:
                raise UserProblem(
                    "absent-folder", f"The folder of the output must exist; got '{self._path.parent}'."
                ) from error
            raise storage_problem(error, self._path) from error
        except pl.exceptions.PolarsError as error:
            raise UserProblem(
                "unwritable-path", f"{self._path} must be a place that can be written; got: {error}."
            ) from error


def _flat(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the table with each list as one text of JSON."""
    lists = [name for name, dtype in frame.schema.items() if isinstance(dtype, (pl.List, pl.Array))]
    return frame.with_columns(
        pl.Series(
            name, [None if each is None else json.dumps(each, ensure_ascii=False) for each in frame[name].to_list()]
        )
        for name in lists
    )

"""The rows that a model is asked to answer, a piece at a time: of a table in memory, or of files of any size."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl

from declml.data.ingest import rebuffered
from declml.data.obtain import obtain
from declml.data.read_start import fits_in_memory
from declml.data.reading import Reading
from declml.data.table import Table, from_frame, read_table, unpacked_table
from declml.errors import UserProblem
from declml.run.tables import is_path, like_training, paths_as_text
from declml.runs.places import cache_root

PIECE_ROWS = 16_384
"""Rows that are answered together. It decides beside which rows a text is padded, and with it an answer's last bits: so
it is the same whether all rows are in memory or not."""
_MOST_BYTES = 64_000_000


class NewRows:
    """Rows of a table: their number, the names of its columns, and both pieces of rows and whole columns of it."""

    def __init__(self, table: Table | pl.DataFrame) -> None:
        self._table = table
        self.rows = table.height if isinstance(table, pl.DataFrame) else table.rows
        self.columns = tuple(table.columns)
        if not self.rows:
            raise UserProblem("empty-table", "The data must have at least one row to predict; got none.")

    def column(self, name: str) -> pl.Series:
        """Return one column of all rows."""
        return self._table[name] if isinstance(self._table, pl.DataFrame) else self._table.column(name)

    def pieces(self) -> Iterator[pl.DataFrame]:
        """Yield all rows in their order, `PIECE_ROWS` of them at a time."""
        if isinstance(self._table, pl.DataFrame):
            yield from self._table.iter_slices(PIECE_ROWS)
        else:
            yield from rebuffered(self._table.parts(), PIECE_ROWS)


@contextmanager
def new_rows(data: Any, like: Reading) -> Generator[NewRows]:
    """Give the rows of ``data``: a table in memory, or files, read as those of the training were, ``like``.

    Files that would take much memory are unpacked to a folder that is gone afterwards.
    """
    if not is_path(data):
        yield NewRows(from_frame(data))
        return
    paths: list[Path] = list(obtain(paths_as_text(data), base=Path.cwd(), cache=cache_root()).paths)
    reading = like_training(paths[0], like)
    if fits_in_memory(paths, reading, most_bytes=_MOST_BYTES):
        yield NewRows(read_table(paths, reading))
        return
    with TemporaryDirectory(prefix="declml-rows-") as folder:
        yield NewRows(unpacked_table(Path(folder), paths, reading, most_bytes=_MOST_BYTES))

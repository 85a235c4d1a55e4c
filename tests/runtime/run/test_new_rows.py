"""New rows come a piece at a time, and become the same arrays as all of them together."""

from __future__ import annotations

import weakref
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from declml.components.features.number import InputNumber, InputNumberPreprocessing
from declml.components.features.text import InputText, InputTextPreprocessing
from declml.contracts import Encoded
from declml.data.fit import Fitting
from declml.data.table import Reading, unpacked_table
from declml.data.transform import PieceTransform, Transform, transform
from declml.errors import UserProblem
from declml.run.new_rows import PIECE_ROWS, NewRows

ROWS = 3 * PIECE_ROWS + 77


def frame(rows: int = ROWS) -> pl.DataFrame:
    random = np.random.default_rng(3)
    words = np.array(["red", "green", "blue", "old", "new"])
    size = pl.Series("size", random.normal(size=rows).round(3))
    gap = np.flatnonzero(random.random(rows) < 0.3)
    # No piece but the second begins with a value, and the last one ends with gaps.
    gap = np.union1d(gap, [*range(2 * PIECE_ROWS, 2 * PIECE_ROWS + 5), *range(rows - 4, rows)])
    note = [" ".join(words[each]) for each in random.integers(0, 5, (rows, 3))]
    return pl.DataFrame({"size": size.scatter(gap.tolist(), None), "note": note})


def number(name: str, rows: pl.DataFrame, **preprocessing: Any) -> Transform:
    values = {**InputNumberPreprocessing().model_dump(), **preprocessing}
    operation = InputNumber()
    facts = operation.fit(operation.summarize(rows["size"], values), values)
    return Transform(name, "size", Fitting("input.number", operation, values), facts)


def text(rows: pl.DataFrame) -> Transform:
    values = InputTextPreprocessing().model_dump()
    operation = InputText()
    facts = operation.fit(operation.summarize(rows["note"], values), values)
    return Transform("note", "note", Fitting("input.text", operation, values), facts)


def joined(parts: list[Encoded]) -> Encoded:
    values = np.concatenate([each.values for each in parts])
    if parts[0].offsets is None:
        return Encoded(values)
    lengths = np.concatenate([np.diff(each.offsets) for each in parts if each.offsets is not None])
    return Encoded(values, np.concatenate([[0], np.cumsum(lengths)]))


def test_pieces_of_a_table_become_the_arrays_of_the_whole() -> None:
    rows = frame()
    features = [
        number("mean", rows), number("before", rows, missing_value_strategy="ffill"),
        number("after", rows, missing_value_strategy="bfill"), text(rows),
    ]  # fmt: skip
    new = NewRows(rows)
    transforms = PieceTransform(features, new.columns, new.rows, new.column)
    pieces: list[dict[str, Encoded]] = []
    start = 0
    for piece in new.pieces():
        pieces.append(transforms.encode(piece, start))
        start += piece.height
    assert len(pieces) == 4
    for name, whole in transform(rows, features).items():
        got = joined([each[name] for each in pieces])
        np.testing.assert_array_equal(got.values, whole.values, err_msg=name)
        if whole.offsets is not None and got.offsets is not None:
            np.testing.assert_array_equal(got.offsets, whole.offsets)


def test_files_in_pieces_are_never_in_memory_whole(tmp_path: Path) -> None:
    rows = frame()
    rows.head(20_000).write_csv(tmp_path / "0.csv")
    rows.slice(20_000).write_csv(tmp_path / "1.csv")
    (tmp_path / "parts").mkdir()
    paths = [tmp_path / "0.csv", tmp_path / "1.csv"]
    new = NewRows(unpacked_table(tmp_path / "parts", paths, Reading(), most_bytes=1_000_000))
    given: list[weakref.ref[pl.DataFrame]] = []
    most = 0
    heights: list[int] = []
    start = 0
    for piece in new.pieces():
        assert piece.equals(rows.slice(start, piece.height))
        given.append(weakref.ref(piece))
        most = max(most, sum(each() is not None for each in given))
        heights.append(piece.height)
        start += piece.height
    assert heights == [PIECE_ROWS] * 3 + [77]
    assert most <= 2
    assert new.column("size").equals(rows["size"])


@pytest.mark.parametrize("first_bad", [0, PIECE_ROWS])
def test_a_column_that_mostly_cannot_be_read_is_refused_by_all_its_rows(first_bad: int) -> None:
    texts = pl.Series("size", ["7"] * first_bad + ["many"] * (ROWS - first_bad))
    rows = pl.DataFrame({"size": texts})
    feature = number("size", frame())
    with pytest.raises(UserProblem) as whole:
        transform(rows, [feature])
    new = NewRows(rows)
    transforms = PieceTransform([feature], new.columns, new.rows, new.column)
    with pytest.raises(UserProblem) as pieces:
        for place, piece in enumerate(new.pieces()):
            transforms.encode(piece, place * PIECE_ROWS)
    assert pieces.value.message == whole.value.message
    assert "many" in whole.value.message


def test_a_piece_that_mostly_cannot_be_read_is_told_by_nobody_where_the_rest_can_be() -> None:
    rows = pl.DataFrame({"size": ["many"] * PIECE_ROWS + ["7"] * (PIECE_ROWS + 5)})
    transforms = PieceTransform([number("size", frame())], ["size"], rows.height, rows.__getitem__)
    for place, piece in enumerate(NewRows(rows).pieces()):
        transforms.encode(piece, place * PIECE_ROWS)


def test_no_rows_are_refused() -> None:
    with pytest.raises(UserProblem, match="at least one row to predict"):
        NewRows(pl.DataFrame({"size": []}))

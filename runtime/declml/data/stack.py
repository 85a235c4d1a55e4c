"""Several files of one source become one frame: the same columns, and the same raw text in all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import polars as pl

from declml.errors import UserProblem


def stack(
    frames: Sequence[pl.DataFrame], paths: Sequence[Path], reread: Callable[[Path, Sequence[str]], pl.DataFrame]
) -> pl.DataFrame:
    """Return the frames one under the other; other columns in one of them are a `UserProblem`.

    A column that is text in one file is text in all: ``reread(path, columns)`` reads a file again with these columns as
    text, so that ``007`` and ``True`` stay what is written where another file made a text column of theirs.
    """
    if len(frames) == 1:
        return frames[0]
    names = frames[0].columns
    for frame, path in zip(frames[1:], paths[1:], strict=True):
        require_same(names, frame.columns, paths[0], path)
    texts = [name for name in names if is_mixed([(frame.schema[name], _is_empty(frame[name])) for frame in frames])]
    alike = [_with_texts(frame.select(names), path, texts, reread) for frame, path in zip(frames, paths, strict=True)]
    try:
        return pl.concat(alike, how="vertical_relaxed", rechunk=True)
    except pl.exceptions.PolarsError:
        as_text = [frame.select(pl.all().cast(pl.String)) for frame in alike]
        return pl.concat(as_text, how="vertical", rechunk=True)


def require_same(first: Sequence[str], other: Sequence[str], first_path: Path, path: Path) -> None:
    """Refuse a file whose columns are not those of the first."""
    missing = [name for name in first if name not in other]
    extra = [name for name in other if name not in first]
    if missing or extra:
        said = f"no column '{missing[0]}'" if missing else f"a column '{extra[0]}' more"
        raise UserProblem(
            "different-columns",
            f"All files of a source must have the columns of {first_path.name}; {path.name} has {said}.",
        )


def _is_empty(column: pl.Series) -> bool:
    """Return whether a column has no value that could tell its type: a CSV makes text of it."""
    return column.null_count() == len(column)


def is_mixed(columns: Sequence[tuple[pl.DataType, bool]]) -> bool:
    """Return whether a column is text in some files and something else in others: its type, and whether it is empty."""
    texts = {dtype == pl.String for dtype, is_empty in columns if not is_empty}
    return len(texts) == 2


def _with_texts(
    frame: pl.DataFrame, path: Path, texts: Sequence[str], reread: Callable[[Path, Sequence[str]], pl.DataFrame]
) -> pl.DataFrame:
    """Return the frame with the mixed columns as text, and those without a value free to take any type."""
    wanted = [name for name in texts if frame.schema[name] != pl.String]
    if wanted:
        again = reread(path, wanted)
        frame = frame.with_columns(again[name].cast(pl.String) for name in wanted)
    empty = [name for name in frame.columns if _is_empty(frame[name]) and name not in texts]
    return frame.with_columns(pl.lit(None, pl.Null).alias(name) for name in empty)

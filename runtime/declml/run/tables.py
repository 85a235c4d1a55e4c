"""Data as the user gave them: a path, a glob, a list or a table in memory becomes files with a hash."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from declml.contracts import Finding
from declml.data.cache import content_hash_of_files
from declml.data.obtain import Obtained, obtain
from declml.data.pins import Mode, News, quiet
from declml.data.sources import format_by_name
from declml.errors import UserProblem
from declml.run.files import storage_problem
from declml.runs.places import cache_root

if TYPE_CHECKING:
    import polars as pl

    from declml.data.table import Reading


@dataclass(frozen=True, slots=True)
class Source:
    """The files that a run reads and the SHA-256 of their bytes.

    ``sides`` is the side of each file where the source says so, ``origins`` where copies are from, and ``findings``
    what the user should know of how they were fetched.
    """

    paths: tuple[Path, ...]
    sha256: str
    sides: tuple[int, ...] | None = None
    origins: tuple[Mapping[str, Any], ...] = ()
    findings: tuple[Finding, ...] = ()


def is_path(data: Any) -> bool:
    """Return whether ``data`` names files rather than being a table in memory."""
    return isinstance(data, str | os.PathLike) or (
        isinstance(data, list | tuple) and bool(data) and all(isinstance(each, str | os.PathLike) for each in data)
    )


def source_of(
    dataset: Any,
    data: Mapping[str, Any],
    *,
    folder: Path,
    cache: Path,
    fetch: Mode | None = None,
    news: News = quiet,
) -> Source:
    """Return the files of ``dataset`` or, where it is None, of the config's ``data.source``.

    A path given by hand starts from the working folder, one in the config from the config's. A table in memory is
    written to the cache under the hash of its content, so that the training process can read it and the record can
    name it. URLs and queries are fetched when ``fetch`` says so, without it when ``data.fetch`` does; ``news`` hears of
    it.
    """
    mode: Mode = fetch or data.get("fetch") or "changed"
    if dataset is None:
        named = data.get("source")
        if not named:
            raise UserProblem(
                "missing-source",
                "A training must know its data; got a config without data.source.",
                hint="Add `data: {source: FILE}` to the config, or give --dataset FILE.",
            )
        found = obtain(named, base=folder, cache=cache, fetch=mode, news=news)
    elif is_path(dataset):
        found = obtain(paths_as_text(dataset), base=Path.cwd(), cache=cache, fetch=mode, news=news)
    else:
        found = Obtained((_stored(dataset, cache / "frames"),))
    sha256 = content_hash_of_files(found.paths, cache / "hashes.sqlite")
    return Source(found.paths, sha256, found.sides, found.origins, found.findings)


def paths_as_text(paths: Any) -> str | list[str]:
    """Return one path, or a list of several, as text."""
    return [os.fspath(each) for each in paths] if isinstance(paths, list | tuple) else os.fspath(paths)


def table_of(data: Any, like: Reading | None = None) -> pl.DataFrame:
    """Return data as a Polars frame: read from files, or converted.

    ``like`` is how the data of a training were read: files are read in the same way, as far as it fits them.
    """
    from declml.data.table import Reading, from_frame, read_table

    if not is_path(data):
        return from_frame(data)
    paths = list(obtain(paths_as_text(data), base=Path.cwd(), cache=cache_root()).paths)
    return read_table(paths, Reading() if like is None else like_training(paths[0], like))


def reading_again(data: Mapping[str, Any], types: Mapping[str, str]) -> Reading:
    """Return how new rows are read for a model that was trained on ``data`` (the plan's section).

    ``types`` are the column types of the training's table: what was text then is text now, however it looks, so that
    ``True`` or ``007`` among words stays the label that it was.
    """
    from declml.data.table import Reading

    trained = Reading.from_values(data)
    texts = tuple(name for name, dtype in types.items() if dtype == "String")
    return Reading(trained.format, trained.separator, trained.null_values, trained.encoding, as_text=texts)


def like_training(path: Path, like: Reading) -> Reading:
    """Return the reading for a file like ``path``: its ending tells its format, and its header whether the separator
    is that of the training.
    """
    from declml.data.read_file import is_cut_by

    if format_by_name(path) is not None:
        like = replace(like, format=None)
    if like.separator is not None and not is_cut_by(path, like.separator, declared=like.format, encoding=like.encoding):
        like = replace(like, separator=None)
    return like


def _stored(table: Any, folder: Path) -> Path:
    from io import BytesIO

    from declml.data.table import from_frame

    buffer = BytesIO()
    from_frame(table).write_parquet(buffer, compression="uncompressed")
    content = buffer.getvalue()
    path = folder / f"{hashlib.sha256(content).hexdigest()}.parquet"
    if not path.exists():
        try:
            folder.mkdir(parents=True, exist_ok=True)
            draft = path.with_suffix(f".{os.getpid()}.part")
            draft.write_bytes(content)
            draft.replace(path)
        except OSError as error:
            raise storage_problem(error, path) from error
    return path

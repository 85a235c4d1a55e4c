"""What a config's data hold, column by column, for an editor: read once per content, remembered on the disk."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from declml.data.cache import Cache, content_hash_of_files
from declml.data.obtain import obtain
from declml.errors import UserProblem
from declml.runs.places import cache_root
from declml_schema.content import content_hash

PROFILE_VERSION = 1
"""Rises whenever the same bytes would give another profile."""

_KIND = "profile"
_READING = ("format", "separator", "encoding", "null_values", "bad_rows")
_SUBSET = ("where", "sample", "limit", "columns")


def data_facts(folder: Path, data: Mapping[str, Any], *, most_bytes: int | None = None) -> dict[str, Any]:
    """Return the profile of the files that a config's ``data`` section names, relative to ``folder``, as JSON data.

    The rows are those of the files: what the section says of a subset is left aside, and listed under ``not_applied``.
    Sources of more than ``most_bytes`` are read from the start as far as these go, and ``sampled`` says so.
    A source that is absent or cannot be read is a `UserProblem`.
    """
    cache = Cache(cache_root(start=folder))
    # Nothing is fetched while somebody types: the newest copy tells, and where there is none, that is told.
    paths = list(obtain(_source(data), base=folder, cache=cache.root, fetch="never").paths)
    before = stamps(paths)
    sha256 = _or_unstored(
        lambda: content_hash_of_files(paths, cache.root / "hashes.sqlite"), lambda: content_hash_of_files(paths)
    )
    reading = {name: _option(data, name) for name in _READING}
    names = [path.name for path in paths]  # messages and formats know the files by their names
    key = content_hash(
        {"version": PROFILE_VERSION, "bytes": sha256, "reading": reading, "files": names, "most_bytes": most_bytes}
    )

    def compute() -> dict[str, Any]:
        answer = _profile(paths, reading, most_bytes)
        if stamps(paths) != before:
            raise UserProblem("data-changed", f"{names[0]} must not change while being read; got other bytes.")
        return json.loads(json.dumps(answer, allow_nan=False))  # the same whether it is remembered or not

    facts = _or_unstored(lambda: cache.get_or_put(_KIND, key, lambda _folder: compute()).facts, compute)
    return {
        **facts,
        "paths": before,
        "sha256": sha256,
        "not_applied": [name for name in _SUBSET if data.get(name) is not None],
    }


def stamps(paths: Sequence[Path]) -> list[dict[str, str | int]]:
    """Return path, size and time of change of each file: what tells somebody who remembers them that one changed."""
    answer: list[dict[str, str | int]] = []
    for path in paths:
        try:
            stat = path.stat()
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise UserProblem("unreadable-source", f"{path} must be a readable file; got: {reason}.") from error
        answer.append({"path": str(path), "size": stat.st_size, "mtime_ns": stat.st_mtime_ns})
    return answer


def _source(data: Mapping[str, Any]) -> str | list[str] | dict[str, Any]:
    """Return the source as `obtain` takes it. The section may be half-typed: its values are not checked yet."""
    source: Any = data.get("source")
    if _is_files(source):
        return source
    if isinstance(source, dict) and all(_is_files(each) for each in source.values() if each is not None):
        return source
    if source:
        raise UserProblem("absent-source", f"data.source must be a path or a list of paths; got {source!r}.")
    raise UserProblem("missing-source", "A profile must know its data; got a config without data.source.")


def _is_files(source: Any) -> bool:
    texts = [source] if isinstance(source, str) else source
    return isinstance(texts, list) and bool(texts) and all(isinstance(each, str) and each for each in texts)


def _option(data: Mapping[str, Any], name: str) -> Any:
    value = data.get(name)
    texts = [value] if isinstance(value, str) else value
    if name == "null_values" and isinstance(texts, list) and all(isinstance(each, str) for each in texts):
        return texts
    if value is None or (isinstance(value, str) and name != "null_values"):
        return value
    raise UserProblem("bad-data-option", f"data.{name} must be a text; got {value!r}.", path=f"data.{name}")


def _or_unstored(stored: Callable[[], Any], unstored: Callable[[], Any]) -> Any:
    """Return what ``stored`` gives, or ``unstored`` where the cache has no place to write: a reader needs none."""
    try:
        return stored()
    except UserProblem as error:
        if error.code not in {"unwritable-cache", "disk-full"}:
            raise
        return unstored()


# --- one reading of the files ----------------------------------------------------------------------------------------


def _profile(paths: Sequence[Path], reading: Mapping[str, Any], most_bytes: int | None) -> dict[str, Any]:
    # Imported here: what the cache knows is answered without Polars.
    from declml.data.column_facts import column_facts
    from declml.data.profile import likely_target, profile
    from declml.data.read_start import MOST_BYTES, read_start
    from declml.data.table import Reading

    budget = MOST_BYTES if most_bytes is None else most_bytes
    start = read_start(paths, Reading.from_values(reading), most_bytes=budget)
    frame = start.frame
    found = profile(frame)
    facts = column_facts(frame, found)
    columns = [{**asdict(each), **asdict(facts[each.name])} for each in found.columns]
    sampled = None
    if not start.whole:
        sampled = {
            "rows": frame.height,
            "estimated_rows": round(frame.height / start.share) if start.share else None,
            "files": start.files,
            "all_files": len(paths),
            "sentence": f"These are the first {frame.height:,} rows: the data are too large to read all while typing.",
        }
    return {"rows": frame.height, "columns": columns, "likely_target": likely_target(found), "sampled": sampled}

"""From what a config says about its data to a list of files and their format."""

from __future__ import annotations

import difflib
import glob
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, TypeAlias

from declml.data.packed import PACKED
from declml.errors import UserProblem

Format: TypeAlias = Literal["csv", "tsv", "jsonl", "parquet", "arrow"]

_SUFFIXES: dict[str, Format] = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".arrow": "arrow",
    ".feather": "arrow",
    ".ipc": "arrow",
}


def locate(source: str | Sequence[str], *, base: Path) -> list[Path]:
    """Return the files that ``source`` names: a path, a folder, a glob or a list of these, ``~`` understood.

    Relative ones start from ``base``. The files of a glob or a folder come in the order of their names; of a folder
    they are those whose names say a format, the same for all. An absent, unreadable or ill-formed source is a
    `UserProblem`.
    """
    wanted = [source] if isinstance(source, str) else list(source)
    if not wanted:
        raise UserProblem("absent-source", "The data's source must name at least one file; got an empty list.")
    files: list[Path] = []
    for each in wanted:
        files.extend(_files_of(each, base))
    return files


def _files_of(source: str, base: Path) -> list[Path]:
    path = Path(source).expanduser()
    path = path if path.is_absolute() else base / path
    if not path.exists() and glob.has_magic(source):
        # Path.glob takes no absolute pattern.
        found = sorted(Path(each) for each in glob.glob(str(path), recursive=True))  # noqa: PTH207
        files = [each for each in found if each.is_file()]
        if not files:
            raise UserProblem(
                "absent-source", f"The pattern '{source}' must match at least one file; got none in {base}."
            )
        return [_readable(each, source) for each in files]
    if path.is_dir():
        return [_readable(each, source) for each in _files_in(path, source)]
    return [_readable(path, source)]


def _files_in(folder: Path, source: str) -> list[Path]:
    """Return the data files of a folder; Spark and the like put marks beside them whose names begin with a sign."""
    try:
        names = sorted(each for each in folder.iterdir() if each.name[0] not in "._" and each.is_file())
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UserProblem("unreadable-source", f"'{source}' must be a readable folder; got: {reason}.") from error
    return data_files(names, source)


def data_files(files: Sequence[Path], source: str) -> list[Path]:
    """Return those of a folder's files whose names say a format; none, or several formats, are a `UserProblem`."""
    found = [each for each in files if format_by_name(each) is not None]
    if not found:
        raise UserProblem(
            "absent-source",
            f"The folder '{source}' must hold data files; got none that ends in {', '.join(_SUFFIXES)}.",
            hint=f"Name a file of it, or a pattern such as '{source.rstrip('/')}/*.csv'.",
        )
    kinds = {format_by_name(each): each.name for each in reversed(found)}
    if len(kinds) > 1:
        first, other = sorted(kinds.values())[:2]
        raise UserProblem(
            "mixed-formats",
            f"The files of the folder '{source}' must have one format; got '{first}' and '{other}'.",
            hint=f"Say which are meant with a pattern, such as '{source.rstrip('/')}/*{Path(first).suffix}'.",
        )
    return found


def _readable(path: Path, source: str) -> Path:
    try:
        exists = path.exists()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UserProblem("unreadable-source", f"'{source}' must be a readable file; got: {reason}.") from error
    if not exists:
        nearest = _nearest(path)
        hint = f"Did you mean '{nearest}'?" if nearest else f"It was looked for at {path}."
        raise UserProblem("absent-source", f"'{source}' must be a file; got nothing at {path}.", hint=hint)
    if not os.access(path, os.R_OK):
        raise UserProblem("unreadable-source", f"'{source}' must be a readable file; got no right to read {path}.")
    return path


def _nearest(path: Path) -> str:
    """Return the name in the same folder that is most like the one that is absent, or ''."""
    try:
        names = [each.name for each in path.parent.iterdir() if each.is_file()]
    except OSError:
        return ""
    close = difflib.get_close_matches(path.name, names, n=1, cutoff=0.5)
    return close[0] if close else ""


def format_of(path: Path, declared: str | None = None) -> Format:
    """Return a file's format: the declared one, or the one that its suffix says, that of compression left aside."""
    if declared is not None and declared != "auto":
        known: dict[str, Format] = {
            "csv": "csv",
            "tsv": "tsv",
            "jsonl": "jsonl",
            "ndjson": "jsonl",
            "parquet": "parquet",
            "arrow": "arrow",
            "feather": "arrow",
        }
        if declared not in known:
            raise UserProblem(
                "unknown-format", f"The data's format must be csv, tsv, jsonl, parquet or arrow; got '{declared}'."
            )
        return known[declared]
    known_by_name = format_by_name(path)
    if known_by_name is not None:
        return known_by_name
    raise UserProblem(
        "unknown-format",
        f"'{path.name}' must end in {', '.join(_SUFFIXES)} (or one of these with {', '.join(PACKED)});"
        f" got '{path.suffix}'.",
        hint=_way_out(path, _suffix(path)),
    )


def format_by_name(path: Path) -> Format | None:
    """Return the format that a file's suffix says, the endings of compression left aside; None where it says none."""
    return _SUFFIXES.get(_suffix(path))


def _suffix(path: Path) -> str:
    suffixes = [each.lower() for each in path.suffixes]
    while suffixes and suffixes[-1] in PACKED:
        suffixes.pop()
    return suffixes[-1] if suffixes else ""


def _way_out(path: Path, suffix: str) -> str:
    """Return what to do with a file whose format is not read, or whose name does not tell it."""
    if suffix == ".json":
        return ARRAY_HINT if is_array(path) else "If each of its lines is one object, say so: `format: jsonl`."
    if suffix in {".xlsx", ".xls", ".ods"}:
        return "Save the sheet as CSV."
    if suffix in {".orc", ".h5", ".pkl", ".pickle"}:
        return "Save the table as Parquet."
    return "Say the format in the data section, such as `format: csv`."


ARRAY_HINT = (
    "It is one JSON array, and what is read has one object a line. Save it as JSON Lines, with pandas:"
    " to_json(PATH, orient='records', lines=True)."
)


def is_array(path: Path) -> bool:
    """Return whether a file begins like a JSON array; False for one that cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(4096).removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"["
    except OSError:
        return False

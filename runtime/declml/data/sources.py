"""From what a config says about its data to a list of files and their format."""

from __future__ import annotations

import difflib
import glob
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, TypeAlias

from declml.errors import UserProblem

Format: TypeAlias = Literal["csv", "tsv", "jsonl", "parquet"]

_SUFFIXES: dict[str, Format] = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
}
_COMPRESSED = (".gz", ".zst")


def locate(source: str | Sequence[str], *, base: Path) -> list[Path]:
    """Return the files that ``source`` names: a path, a glob or a list of both, ``~`` understood, relative to ``base``.

    The files of a glob come in the order of their names. An absent, unreadable or ill-formed source is a `UserProblem`.
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
    return [_readable(path, source)]


def _readable(path: Path, source: str) -> Path:
    try:
        is_folder = path.is_dir()
        exists = path.exists()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UserProblem("unreadable-source", f"'{source}' must be a readable file; got: {reason}.") from error
    if is_folder:
        raise UserProblem(
            "absent-source",
            f"'{source}' must be a file; got a folder.",
            hint=f"Name a file of it, or a pattern such as '{source.rstrip('/')}/*.csv'.",
        )
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
    """Return a file's format: the declared one, or the one that its suffix says, ``.gz`` and ``.zst`` left aside."""
    if declared is not None and declared != "auto":
        known: dict[str, Format] = {
            "csv": "csv",
            "tsv": "tsv",
            "jsonl": "jsonl",
            "ndjson": "jsonl",
            "parquet": "parquet",
        }
        if declared not in known:
            raise UserProblem(
                "unknown-format", f"The data's format must be csv, tsv, jsonl or parquet; got '{declared}'."
            )
        return known[declared]
    known_by_name = format_by_name(path)
    if known_by_name is not None:
        return known_by_name
    raise UserProblem(
        "unknown-format",
        f"'{path.name}' must end in {', '.join(_SUFFIXES)} (or one of these with .gz or .zst); got '{path.suffix}'.",
        hint=_way_out(path, _suffix(path)),
    )


def format_by_name(path: Path) -> Format | None:
    """Return the format that a file's suffix says, ``.gz`` and ``.zst`` left aside; None where it says none."""
    return _SUFFIXES.get(_suffix(path))


def _suffix(path: Path) -> str:
    suffixes = [each.lower() for each in path.suffixes]
    while suffixes and suffixes[-1] in _COMPRESSED:
        suffixes.pop()
    return suffixes[-1] if suffixes else ""


def _way_out(path: Path, suffix: str) -> str:
    """Return what to do with a file whose format is not read, or whose name does not tell it."""
    if suffix == ".json":
        return ARRAY_HINT if is_array(path) else "If each of its lines is one object, say so: `format: jsonl`."
    if suffix in {".xlsx", ".xls", ".ods"}:
        return "Save the sheet as CSV."
    if suffix in {".feather", ".arrow", ".ipc", ".orc", ".h5", ".pkl", ".pickle"}:
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

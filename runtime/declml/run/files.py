"""Files that are either whole or not there: JSON and text by atomic rename, and the hashes of what was written."""

from __future__ import annotations

import errno
import hashlib
import json
from pathlib import Path
from typing import Any

from declml.errors import UserProblem
from declml.whole_files import write_whole


def write_text(path: Path, text: str) -> None:
    """Write ``text`` to ``path`` so that a reader sees the old file or the new one, never a part."""
    try:
        write_whole(path, text, sync=True)
    except OSError as error:
        raise storage_problem(error, path) from error


def write_json(path: Path, value: Any) -> None:
    """Write a value as indented JSON, atomically."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False, sort_keys=False, default=str) + "\n")


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def storage_problem(error: OSError, path: Path) -> UserProblem:
    """Return the sentence for a file that could not be written or read."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return UserProblem(
            "disk-full",
            f"There must be room on the disk for {path}; got none left.",
            hint="Free some space, or choose another place with --runs. What was saved before stays whole.",
        )
    reason = (error.strerror or str(error)).lower()
    return UserProblem("unwritable-path", f"{path} must be a place that can be written; got: {reason}.")


def keep_apart(data: Path, output: Path) -> None:
    """Refuse an output that would destroy the rows, or that has no folder to stand in, before anything is computed."""
    if data.exists() and output.exists() and data.samefile(output):
        raise UserProblem(
            "would-overwrite",
            f"The output must not be the file with the data; got {output}.",
            hint="Choose another name for the predictions, such as predictions.csv.",
        )
    if not output.parent.is_dir():
        raise UserProblem(
            "unwritable-path",
            f"The output must be in a folder that is there; got {output}.",
            hint=f"Make the folder {output.parent} first.",
        )

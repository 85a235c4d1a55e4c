"""Compressed files as streams of bytes: gzip, bzip2, xz and Zstandard, told by the ending of the name."""

from __future__ import annotations

import bz2
import gzip
import lzma
import sys
import zlib
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from declml.errors import UserProblem

PACKED = {".gz": "gzip", ".zst": "Zstandard", ".bz2": "bzip2", ".xz": "xz"}
"""The endings of compressed files and what they are called."""


def is_packed(path: Path) -> bool:
    """Return whether a file's name says that it is compressed."""
    return path.suffix.lower() in PACKED


def name_inside(path: Path) -> str:
    """Return the name of a file without the ending of its compression."""
    return path.name.removesuffix(path.suffix) if is_packed(path) else path.name


def open_bytes(path: Path, raw: IO[bytes] | None = None) -> Any:
    """Return a binary stream of what is in a file, unpacked; ``raw`` is the file itself where it is open already.

    Reading a broken one raises what `readable` understands.
    """
    source: Any = path if raw is None else raw
    match path.suffix.lower():
        case ".gz":
            return gzip.open(source)
        case ".bz2":
            return bz2.open(source)
        case ".xz":
            return lzma.open(source)
        case ".zst":
            return _zstandard().open(source)
        case _:
            return raw if raw is not None else path.open("rb")


def all_bytes(path: Path) -> bytes:
    """Return everything that is in a file, unpacked."""
    with open_bytes(path) as file:
        return file.read()


@contextmanager
def readable(path: Path) -> Generator[None]:
    """Turn a file that is absent, unreadable or broken into one sentence for the user."""
    try:
        yield
    except FileNotFoundError as error:
        raise UserProblem("absent-source", f"{path} must be a file; got nothing there.") from error
    except (gzip.BadGzipFile, EOFError, zlib.error, lzma.LZMAError) as error:
        raise _broken(path, error) from error
    except OSError as error:
        # bz2 tells of wrong bytes with an OSError that has no number.
        if error.errno is None and is_packed(path):
            raise _broken(path, error) from error
        reason = (error.strerror or str(error)).lower()
        raise UserProblem("unreadable-source", f"{path} must be a readable file; got: {reason}.") from error
    except _zstandard().ZstdError as error:
        raise _broken(path, error) from error


def _broken(path: Path, error: Exception) -> UserProblem:
    kind = PACKED.get(path.suffix.lower(), "compressed")
    return UserProblem("broken-source", f"{path.name} must be a whole {kind} file; got a broken one ({error}).")


def _zstandard() -> Any:
    """Return Python's own Zstandard module, which came with 3.14, or its stand-in for earlier ones."""
    if sys.version_info >= (3, 14):
        from compression import zstd  # pyright: ignore[reportMissingImports] - checked as 3.11

        return zstd
    from backports import zstd

    return zstd

"""Which code this process would run: a warm kernel of other code must not train for it."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterator
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from declml.kernels.warm_parent import READ_WHILE_IMPORTING

_PACKAGES = ("declml", "declml_schema")


def fingerprint() -> str:
    """Return a short hash of the interpreter, declml's source files (path, size, time of change) and every variable
    that a library reads once.

    Installed packages count through the time of change of their folder, so that an upgrade of torch is seen.
    """
    parts = [sys.executable, sys.version]
    parts += [f"{name}={value}" for name, value in sorted(os.environ.items()) if name.startswith(READ_WHILE_IMPORTING)]
    for name in _PACKAGES:
        spec = find_spec(name)
        for place in (spec.submodule_search_locations or ()) if spec else ():
            parts += sorted(_stamps(place))
    parts += sorted({f"{place} {_changed(place)}" for place in map(str, _site_folders())})
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def source_hash() -> str:
    """Return a short hash of declml's source files by their names and bytes: the same wherever the same code is."""
    digest = hashlib.sha256()
    for name in _PACKAGES:
        spec = find_spec(name)
        for place in (spec.submodule_search_locations or ()) if spec else ():
            for path in sorted(Path(place).rglob("*.py")):
                digest.update(f"{name} {path.relative_to(place).as_posix()}\n".encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _stamps(folder: str) -> Iterator[str]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir():
                yield from _stamps(entry.path)
            elif entry.name.endswith((".py", ".json")):
                facts = entry.stat()
                yield f"{entry.path} {facts.st_size} {facts.st_mtime_ns}"


def _site_folders() -> Iterator[Path]:
    """Yield the folder that torch is installed in, as its metadata say; importing it would cost seconds."""
    for name in ("torch", "polars", "transformers"):
        try:
            yield Path(str(metadata.distribution(name).locate_file("")))
        except metadata.PackageNotFoundError:
            continue


def _changed(folder: str) -> int:
    try:
        return Path(folder).stat().st_mtime_ns
    except OSError:
        return 0

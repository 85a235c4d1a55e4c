"""Paths of files and folders, one folder at a time and bounded: a path is typed in the rhythm of its parts."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from declml_lsp.completion.offer import Kind, Offer, Rank, Shape
from declml_lsp.completion.place import Place
from declml_lsp.meaning import LeafMeaning
from declml_lsp.quoting import as_scalar

_MOST_LOOKED_AT = 2000
_MOST = 200
_DATA = (".csv", ".tsv", ".tab", ".jsonl", ".ndjson", ".parquet", ".pq", ".arrow", ".feather", ".ipc")
_PACKED = (".gz", ".zst", ".bz2", ".xz")
_DATABASES = (".sqlite", ".sqlite3", ".db", ".duckdb")
_FITTING = {
    "data": (*(f"{suffix}{packed}" for suffix in _DATA for packed in ("", *_PACKED)), *_DATABASES),
    "code": (".py",),
}
"""The endings of the files that a section reads."""


def is_path(leaf: LeafMeaning) -> bool:
    """Return whether a parameter that is a text may be a path, as its name tells."""
    return leaf.name.endswith("_path") and leaf.schema.get("type") not in ("boolean", "integer", "number")


def file_offers(place: Place, leaf: LeafMeaning, shape: Shape) -> list[Offer]:
    """Return what lies in the folder that is typed so far, relative to the config's own: what fits first.

    A component's path leads to a folder, so its files are left out.
    """
    folder, _, typed = place.cursor.prefix.rpartition("/")
    head = f"{folder}/" if "/" in place.cursor.prefix else ""
    section = str(place.levels[1].step) if len(place.levels) > 1 else leaf.name
    wanted = _FITTING.get(section)
    offers: list[Offer] = []
    for entry in _listed(place, head, typed):
        is_folder = _is_folder(entry)
        if wanted is None and not is_folder:
            continue
        fits = not is_folder and wanted is not None and entry.name.lower().endswith(wanted)
        path = f"{head}{entry.name}{'/' if is_folder else ''}"
        offers.append(
            Offer(
                f"{entry.name}/" if is_folder else entry.name,
                (as_scalar(path),),
                shape,
                Kind.Folder if is_folder else Kind.File,
                Rank.COMMON if fits else Rank.REST if is_folder else Rank.SELDOM,
                again=is_folder,
                quotable=True,
                match=path,
            )
        )
    offers.sort(key=lambda offer: (offer.rank, offer.label.lower()))
    if len(offers) > _MOST:
        place.is_cut = True
    return offers[:_MOST]


def _listed(place: Place, head: str, typed: str) -> Iterator[os.DirEntry[str]]:
    """Yield the entries of a folder, hidden ones only where their dot is typed; nothing where it cannot be read."""
    folder = Path(head).expanduser() if head else Path()
    try:
        with os.scandir(place.snapshot.folder / folder) as entries:
            for count, entry in enumerate(entries):
                if count >= _MOST_LOOKED_AT:
                    place.is_cut = True
                    return
                if entry.name[:1] != "." or typed[:1] == ".":
                    yield entry
    except (OSError, ValueError, RuntimeError):
        return


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False

"""Sends files to a kernel's folder by their content: only what is not there yet, in pieces, from where it stopped."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

from declml.kernels.channel import ActFailed, Channel, ChannelLost

OnNotice: TypeAlias = Callable[[str], None]

PIECE = 2**22
"""Bytes of one message: servers refuse larger ones than 10 MiB."""

_TRIES = 3
_PATIENCE_SECONDS = 300.0


def send(channel: Channel, files: Mapping[str, Path], *, on_notice: OnNotice) -> dict[str, str]:
    """Send files, name there -> path here, and return the place of each, ``<sha256>/<file name>``, by its name there.

    A file that changes while it is sent is sent again as what it is then.
    """
    for _ in range(_TRIES):
        places = {name: f"{_hash(path)}/{path.name}" for name, path in files.items()}
        wanted = {place.partition("/")[0]: place.partition("/")[2] for place in places.values()}
        paths = {place.partition("/")[0]: files[name] for name, place in places.items()}
        have: dict[str, int] = channel.call("lacking", {"files": wanted})
        if not have:
            return places
        whole = sum(paths[digest].stat().st_size for digest in have)
        progress = _Progress(whole, sum(have.values()), on_notice)
        for digest, offset in have.items():
            _send_one(channel, paths[digest], digest, offset, progress)
    raise ActFailed("The files to send must not change while they are sent; they did.")


class _Progress:
    """Tells once a second how much has been sent."""

    def __init__(self, whole: int, done: int, on_notice: OnNotice) -> None:
        self._whole, self._done, self._on_notice = whole, done, on_notice
        self._told = time.monotonic()

    def add(self, count: int) -> None:
        self._done += count
        if time.monotonic() - self._told > 1.0:
            self._told = time.monotonic()
            self._on_notice(f"sending data: {self._done / 1e6:.1f} of {self._whole / 1e6:.1f} MB")


def _send_one(channel: Channel, path: Path, digest: str, offset: int, progress: _Progress) -> None:
    size = path.stat().st_size
    deadline = time.monotonic() + _PATIENCE_SECONDS
    with path.open("rb") as file:
        while True:
            file.seek(offset)
            piece = file.read(PIECE)
            about = {"sha256": digest, "name": path.name, "offset": offset, "size": size}
            try:
                answer = channel.call("receive", about, blobs=[piece])
            except ChannelLost:
                if time.monotonic() > deadline:
                    raise
                continue
            if answer["whole"]:
                progress.add(len(piece))
                return
            if int(answer["have"]) <= offset:
                return  # what is there is something else: whoever sends looks again what is lacking
            progress.add(int(answer["have"]) - offset)
            offset = int(answer["have"])
            deadline = time.monotonic() + _PATIENCE_SECONDS


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

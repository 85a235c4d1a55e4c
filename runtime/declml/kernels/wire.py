"""Messages between an agent and its clients over a stream of bytes: a line of JSON, then the blobs that it announces.

The line is an object; ``"blobs": [n, m]`` says that n and then m raw bytes follow it. Used over a socket and over the
pipes of an ``ssh``.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from typing import IO, Any

LONGEST_LINE = 2**24
LARGEST_BLOB = 2**26


class Broken(Exception):
    """The stream ended inside a message, or says something that is none."""


class Wire:
    """Both directions of one stream. Writing is safe from several threads; only one may read."""

    def __init__(self, reader: IO[bytes], writer: IO[bytes]) -> None:
        self._reader, self._writer = reader, writer
        self._writing = threading.Lock()

    def send(self, message: Mapping[str, Any], blobs: Sequence[bytes] = ()) -> None:
        """Write one message whole; `OSError` or `ValueError` when nobody reads any more."""
        whole = {**message, "blobs": [len(each) for each in blobs]} if blobs else message
        line = json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        with self._writing:
            self._writer.write(b"".join((line, *blobs)))
            self._writer.flush()

    def receive(self) -> tuple[dict[str, Any], list[bytes]] | None:
        """Return the next message and its blobs, or None at the end of the stream; `Broken` for anything else."""
        line = self._reader.readline(LONGEST_LINE)
        if not line:
            return None
        try:
            message = json.loads(line)
        except ValueError:
            raise Broken(f"got {line[:80]!r} for a message") from None
        if not isinstance(message, dict):
            raise Broken("got a message that is no object")
        return message, [self._blob(size) for size in message.pop("blobs", ())]

    def _blob(self, size: object) -> bytes:
        if not isinstance(size, int) or not 0 <= size <= LARGEST_BLOB:
            raise Broken(f"got a blob of {size!r} bytes")
        data = self._reader.read(size)
        if len(data) != size:
            raise Broken("the stream ended inside a blob")
        return data

"""Writes the file format of TensorBoard: records of one protobuf message each, with checksums.

Written out here because the packages that do it import torch or tensorflow first, which takes seconds of each training;
the part that scalars need is small. Formats: TFRecord (a masked CRC-32C of the length and of the data, RFC 3720 B.4)
and the messages ``Event`` and ``Summary`` of tensorflow's ``event.proto`` and ``summary.proto``.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from pathlib import Path

_POLYNOMIAL = 0x82F63B78
_VERSION = "brain.Event:2"


def _table() -> tuple[int, ...]:
    answer: list[int] = []
    for byte in range(256):
        value = byte
        for _ in range(8):
            value = (value >> 1) ^ (_POLYNOMIAL if value & 1 else 0)
        answer.append(value)
    return tuple(answer)


_TABLE = _table()


class EventFile:
    """A TensorBoard file that scalars are appended to; each is there for a reader at once."""

    def __init__(self, path: Path, *, time: float) -> None:
        self._file = path.open("ab", buffering=0)
        self._append(_double(1, time) + _text(3, _VERSION))

    def add(self, scalars: Mapping[str, float], *, step: int, time: float) -> None:
        """Append the values of one step; ``time`` is in seconds since 1970."""
        values = b"".join(_bytes(1, _text(1, tag) + _float(2, value)) for tag, value in scalars.items())
        self._append(_double(1, time) + _integer(2, step) + _bytes(5, values))

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _append(self, message: bytes) -> None:
        length = struct.pack("<Q", len(message))
        self._file.write(length + _checksum(length) + message + _checksum(message))


def _checksum(data: bytes) -> bytes:
    value = 0xFFFFFFFF
    for byte in data:
        value = _TABLE[(value ^ byte) & 0xFF] ^ (value >> 8)
    value ^= 0xFFFFFFFF
    return struct.pack("<I", (((value >> 15) | (value << 17)) + 0xA282EAD8) & 0xFFFFFFFF)


def _varint(value: int) -> bytes:
    answer = bytearray()
    while value > 0x7F:
        answer.append(value & 0x7F | 0x80)
        value >>= 7
    answer.append(value)
    return bytes(answer)


def _integer(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _double(field: int, value: float) -> bytes:
    return _varint(field << 3 | 1) + struct.pack("<d", value)


def _float(field: int, value: float) -> bytes:
    return _varint(field << 3 | 5) + struct.pack("<f", value)


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _text(field: int, value: str) -> bytes:
    return _bytes(field, value.encode())

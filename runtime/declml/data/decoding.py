"""How the bytes of a text file become characters: encodings, byte-order marks, and the first byte that is none."""

from __future__ import annotations

import codecs
from pathlib import Path

from declml.contracts import Finding
from declml.data.packed import all_bytes, is_packed, open_bytes
from declml.errors import UserProblem

_PART = 1 << 20
_LOOK = 65_536
_NO_TEXT = (
    b"PAR1",
    b"ARROW1",
    b"%PDF",
    b"PK\x03\x04",
    b"\x89PNG",
    b"\x1f\x8b",
    b"BZh",
    b"\xfd7zXZ",
    b"\x28\xb5\x2f\xfd",
)
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""Byte-order marks and the encoding that they announce; that of UTF-8 is part of ``utf-8-sig``. The longer ones come
first, since the mark of UTF-32 begins with that of UTF-16."""


def codec(encoding: str | None) -> tuple[str, str]:
    """Return Python's name of an encoding and what to do with bytes that it does not know."""
    if encoding is None:
        return "utf-8-sig", "strict"
    name, lossy = (encoding.removesuffix("-lossy"), "replace") if encoding.endswith("-lossy") else (encoding, "strict")
    try:
        known = codecs.lookup(name).name
    except LookupError as error:
        raise UserProblem(
            "unknown-encoding", f"encoding must be a known text encoding, such as utf8 or latin-1; got '{encoding}'."
        ) from error
    return ("utf-8-sig" if known in {"utf-8", "ascii"} else known), lossy


def found_encoding(path: Path, encoding: str | None) -> tuple[str | None, Finding | None]:
    """Return the encoding to read a file with, and what its user should know where ``auto`` had to guess.

    ``auto`` is UTF-8; UTF-16 or UTF-32 where a byte-order mark says so; else what western spreadsheets write.
    """
    if encoding != "auto":
        return encoding, None
    start = first_bytes(path)
    for mark, name in _MARKS:
        if start.startswith(mark):
            return name, None
    found = _first_strange(path, "utf-8-sig")
    if found is None:
        return None, None
    guess = "cp1252" if _first_strange(path, "cp1252") is None else "latin-1"
    line, byte, _ = found
    return guess, Finding(
        "guessed-encoding",
        f"{path.name} must be UTF-8 text; got the byte 0x{byte:02x} on line {line:,}. It was read as {guess}: say"
        f" `encoding: {guess}` in the data section if that is right.",
    )


def first_bytes(path: Path) -> bytes:
    """Return the first bytes of a file, unpacked."""
    with open_bytes(path) as file:
        return file.read(_LOOK)


def refuse_binary(path: Path, encoding: str | None) -> None:
    """Raise the problem of a file that cannot be text in that encoding, as its first bytes show."""
    if codec(encoding)[0] != "utf-8-sig":
        return
    start = first_bytes(path)
    for mark, name in _MARKS:
        if start.startswith(mark):
            raise UserProblem(
                "undecodable-source",
                f"{path.name} must be UTF-8 text; got {name.upper()}.",
                hint=f"Save the file as UTF-8, or say `encoding: {name}` in the data section.",
            )
    if b"\0" in start or start.startswith(_NO_TEXT):
        raise UserProblem(
            "binary-source",
            f"{path.name} must be a text file; got binary bytes at the start.",
            hint="Say the format in the data section if the suffix does not tell it, such as `format: parquet`.",
        )


def as_utf8(path: Path, encoding: str | None) -> Path | bytes:
    """Return what Polars can read: the path itself where its bytes are UTF-8 and it can unpack it, or the bytes."""
    name, errors = codec(encoding)
    if name == "utf-8-sig" and errors == "strict":
        return path if path.suffix.lower() not in {".bz2", ".xz"} else all_bytes(path)
    raw = all_bytes(path)
    try:
        return raw.decode(name, errors).encode()
    except UnicodeDecodeError as error:
        raise undecodable(path, encoding) from error


def undecodable(path: Path, encoding: str | None) -> UserProblem:
    """Return the problem of a file with a byte that is no text in its encoding."""
    name, _ = codec(encoding)
    found = _first_strange(path, name)
    shown = "UTF-8" if name == "utf-8-sig" else name.upper()
    line, byte, place = found if found is not None else (1, 0, 0)
    return UserProblem(
        "undecodable-source",
        f"{path.name} must be {shown} text; got the byte 0x{byte:02x} on line {line:,} (byte {place:,}).",
        hint="Save the file as UTF-8, or name its encoding in the data section, such as `encoding: cp1252`.",
    )


def explain_undecodable(path: Path, encoding: str | None) -> None:
    """Raise the problem of the first byte that is not text, if there is one."""
    name, errors = codec(encoding)
    if errors == "strict" and _first_strange(path, name) is not None:
        raise undecodable(path, encoding)


def _first_strange(path: Path, name: str) -> tuple[int, int, int] | None:
    """Return line, byte and place of the first byte that is no text in that encoding, None where all are."""
    decoder = codecs.getincrementaldecoder(name)("strict")
    place, line = 0, 1
    with open_bytes(path) as file:
        while True:
            part = file.read(_PART)
            pending = decoder.getstate()[0]
            try:
                decoder.decode(part, final=not part)
            except UnicodeDecodeError as error:
                whole = pending + part
                line += whole.count(b"\n", len(pending), max(error.start, len(pending)))
                return line, whole[error.start], place - len(pending) + error.start
            if not part:
                return None
            place += len(part)
            line += part.count(b"\n")


def unpacked_copy(path: Path, encoding: str | None, target: Path) -> Path:
    """Write a file's text as plain UTF-8 to ``target``, a part at a time, and return that; a plain one stays itself."""
    name, errors = codec(encoding)
    if name == "utf-8-sig" and errors == "strict" and not is_packed(path):
        return path
    decoder = codecs.getincrementaldecoder(name)(errors)
    with open_bytes(path) as file, target.open("wb") as copy:
        try:
            while part := file.read(_PART):
                copy.write(decoder.decode(part).encode())
            copy.write(decoder.decode(b"", final=True).encode())
        except UnicodeDecodeError as error:
            raise undecodable(path, encoding) from error
    return target

"""The characters of a config before YAML sees them: encodings, invisible characters, line breaks, merge conflicts.

Everything here keeps lines and columns: what cannot stay is replaced by as many spaces.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, field
from functools import cache

from declml_schema.problems import START_OF_TEXT, Position, Problem, ProblemList, Related, Span

_PRINTABLE_ASCII = bytes([9, 10, 13, *range(0x20, 0x7F)])
_BREAKS_OF_YAML_1_1 = "\x85\u2028\u2029"  # libyaml ends a line there; YAML 1.2, editors and we do not
_LINE_BREAK = re.compile(r"\r\n|\r|\n")
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16: its mark starts with the shorter one
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_BINARY_SHARE = 0.1


@dataclass(slots=True)
class Source:
    """A text that the YAML parser can take. ``lines`` are as wide as the lines of the original.

    ``broken`` are the lines blanked here; ``swapped`` maps stand-in characters back to those that were written.
    """

    text: str
    lines: list[str]
    broken: frozenset[int] = frozenset()
    swapped: dict[int, str] = field(default_factory=dict[int, str])


@cache
def _unprintable() -> re.Pattern[str]:
    """Return the pattern of what cannot stand in YAML; made when it is needed, for plain ASCII never needs it."""
    return re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")


def split_lines(text: str) -> list[str]:
    r"""Return the lines of ``text``, split at ``\n``, ``\r\n`` and ``\r`` only; never empty."""
    return _LINE_BREAK.split(text) if "\r" in text else text.split("\n")


def decode(text: str | bytes, problems: ProblemList) -> str | None:
    """Return the text without its byte-order mark (without one it is UTF-8), or None when it is no text at all."""
    if isinstance(text, str):
        return text.removeprefix("\ufeff")
    encoding = "utf-8"
    for mark, named in _MARKS:
        if text.startswith(mark):
            text, encoding = text[len(mark) :], named
            break
    bad_byte: Problem | None = None
    try:
        decoded = text.decode(encoding)
    except UnicodeDecodeError as error:
        if encoding != "utf-8" or b"\0" in text:
            problems.add(_binary())
            return None
        decoded = text.decode(encoding, errors="replace")
        before = split_lines(text[: error.start].decode(encoding, errors="replace"))
        message = f"The config must be UTF-8 text; byte 0x{text[error.start]:02x} is not."
        place = (len(before) - 1, len(before[-1]))
        bad_byte = _not_text(message, place, 1, hint="Save the file as UTF-8.")
    if not _is_plain(decoded) and len(_unprintable().findall(decoded)) > len(decoded) * _BINARY_SHARE:
        problems.add(_binary())
        return None
    if bad_byte is not None:
        problems.add(bad_byte)
    return decoded


def clean(text: str, problems: ProblemList) -> Source:
    """Return ``text`` in characters that YAML allows, one side of each merge conflict left out."""
    text = _without_unprintable(text, problems)
    swapped: dict[int, str] = {}
    if not text.isascii():
        spare = (code for code in range(0xE000, 0xF8FF) if chr(code) not in text)
        for written in _BREAKS_OF_YAML_1_1:
            if written in text and (stand_in := next(spare, None)) is not None:
                text = text.replace(written, chr(stand_in))
                swapped[stand_in] = written
    lines = split_lines(text)
    broken: set[int] = set()
    if "<<<<<<<" in text and any(line == "<<<<<<<" or line.startswith("<<<<<<< ") for line in lines):
        broken = _blank_conflicts(lines, problems)
        text = "\n".join(lines)
    return Source(text, lines, frozenset(broken), swapped)


def _is_plain(text: str) -> bool:
    """Return whether ``text`` is printable ASCII; ten times as fast as the pattern."""
    return text.isascii() and not text.encode().translate(None, _PRINTABLE_ASCII)


def _without_unprintable(text: str, problems: ProblemList) -> str:
    if _is_plain(text):
        return text
    first = _unprintable().search(text)
    if first is None:
        return text
    count = len(_unprintable().findall(text))
    before = split_lines(text[: first.start()])
    others = f", as are {count - 1} more characters" if count > 1 else ""
    message = f"The config must be readable text; character U+{ord(first.group()):04X} is invisible{others}."
    problems.add(_not_text(message, (len(before) - 1, len(before[-1])), 1, hint="Delete it."))
    return _unprintable().sub(" ", text)


def _blank_conflicts(lines: list[str], problems: ProblemList) -> set[int]:
    """Blank the markers and the second side of each merge conflict, and return the lines left out."""
    broken: set[int] = set()
    opening: int | None = None
    blanking = False
    for index, line in enumerate(lines):
        marker = line[:7] if len(line) == 7 or line[7:8] == " " else ""
        if marker == "<<<<<<<":
            opening, blanking = index, False
        if opening is None:
            continue
        closes = marker == ">>>>>>>"
        blanking = blanking or marker in ("|||||||", "=======")
        if blanking or closes or opening == index:
            broken.add(index)
        if closes or index == len(lines) - 1:
            problems.add(_conflict(lines, opening, index if closes else None))
            opening, blanking = None, False
    for index in broken:
        lines[index] = " " * len(lines[index])
    return broken


def _conflict(lines: list[str], opening: int, closing: int | None) -> Problem:
    span = Span(Position(opening, 0), Position(opening, len(lines[opening])))
    related: tuple[Related, ...] = ()
    if closing is not None:
        end = Span(Position(closing, 0), Position(closing, len(lines[closing])))
        related = (Related(end, "The conflict ends here."),)
    message = "A merge conflict must be settled before the config can be used."
    hint = "Keep one side and delete the lines with <<<<<<<, ======= and >>>>>>>."
    return Problem("git-conflict", message, span, hint=hint, related=related)


def _not_text(message: str, place: tuple[int, int], width: int, *, hint: str) -> Problem:
    span = Span(Position(*place), Position(place[0], place[1] + width))
    return Problem("not-text", message, span, hint=hint)


def _binary() -> Problem:
    hint = "Give a YAML file, saved as UTF-8."
    return Problem("not-text", "The config must be a text file; got binary data.", START_OF_TEXT, hint=hint)

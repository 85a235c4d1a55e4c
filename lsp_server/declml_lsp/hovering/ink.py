"""Writes a hover's parts, as Markdown for a client that shows it and as plain text for one that does not."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

_LONGEST = 60


@dataclass(frozen=True, slots=True)
class Ink:
    """One way to write. Sentences may hold Markdown's code spans and nothing else of it; texts of users go through
    `code`.
    """

    markdown: bool

    def code(self, text: str) -> str:
        """Return a word of a config or of data as it is, on one line."""
        line = " ".join(text.split())
        if not self.markdown:
            return line
        fence = "`" * (1 + max((len(run) for run in re.findall("`+", line)), default=0))
        space = " " if line[:1] == "`" or line[-1:] == "`" else ""
        return f"{fence}{space}{line or ' '}{space}{fence}"

    def value(self, value: Any) -> str:
        """Return a value as a config would say it, shortened."""
        return self.code(written(value))

    def title(self, text: str, note: str = "") -> str:
        """Return the line that says what is shown."""
        name = f"**{self.code(text)}**" if self.markdown else text
        return f"{name} {note}" if note else name

    def strong(self, text: str) -> str:
        """Return a word that stands out."""
        return f"**{text}**" if self.markdown else text

    def sentence(self, text: str) -> str:
        """Return prose of the vocabulary: its code spans keep their ticks only where these are Markdown."""
        return text if self.markdown else text.replace("``", "`").replace("`", "'")

    def items(self, lines: Sequence[str]) -> str:
        """Return a list."""
        return "\n".join(f"- {line}" for line in lines)

    def table(self, header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
        """Return a table; its columns are aligned in the text too, for clients that show that."""
        cells = [[cell.replace("|", "\\|") if self.markdown else cell for cell in row] for row in (header, *rows)]
        widths = [max(width(row[column]) for row in cells) for column in range(len(header))]
        lines = [[padded(cell, wide) for cell, wide in zip(row, widths, strict=True)] for row in cells]
        if not self.markdown:
            return "\n".join("  ".join(line).rstrip() for line in lines[0 if any(header) else 1 :])
        lines.insert(1, ["-" * max(3, wide) for wide in widths])
        return "\n".join(f"| {' | '.join(line)} |" for line in lines)

    def block(self, lines: Sequence[str], language: str = "text") -> str:
        """Return lines as they are, in letters of one width."""
        if not self.markdown:
            return "\n".join(f"  {line}" for line in lines)
        fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", "\n".join(lines))), default=0))
        return "\n".join([f"{fence}{language}", *lines, fence])


def written(value: Any) -> str:
    """Return a value as a config would say it, shortened: text without quotes, the rest as JSON."""
    text = value if isinstance(value, str) else json.dumps(number_of(value), ensure_ascii=False)
    text = text or '""'
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def number_of(value: Any) -> Any:
    """Return a whole float as the whole number that a person would write."""
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 1e15 else value


def figure(value: float) -> str:
    """Return a measured number with four digits that count."""
    return f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:.4g}"


def width(text: str) -> int:
    """Return how many columns a text takes in letters of one width."""
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)
    return len(text) + wide - sum(unicodedata.combining(letter) > 0 for letter in text)


def padded(text: str, wide: int) -> str:
    """Return a text filled up with blanks."""
    return text + " " * max(0, wide - width(text))


def clipped(text: str, wide: int) -> str:
    """Return a text on one line that takes that many columns at most."""
    line = " ".join(text.split())
    if width(line) <= wide:
        return line
    while width(line) > wide - 1:
        line = line[:-1]
    return f"{line}…"

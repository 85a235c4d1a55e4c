"""What a terminal is told and how: colours where they are wanted, aligned tables, numbers and times for people."""

from __future__ import annotations

import math
import os
import sys
import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import IO, Any

import click


def wants_color(stream: IO[Any] | None = None) -> bool:
    """Return whether to colour what goes to ``stream`` (standard output): a terminal, unless ``NO_COLOR`` is set.

    ``FORCE_COLOR`` asks for colours where there is no terminal, such as in the log of a build.
    """
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return is_terminal(stream) and os.environ.get("TERM") != "dumb"


def is_terminal(stream: IO[Any] | None = None) -> bool:
    """Return whether ``stream`` (standard output) is a terminal that somebody looks at."""
    try:
        return (stream or sys.stdout).isatty()
    except ValueError:  # a stream that is closed
        return False


def say(text: str, *, err: bool = False) -> None:
    """Print a line; styles in it are taken out where no colour is wanted."""
    stream = sys.stderr if err else sys.stdout
    click.echo(text, err=err, color=wants_color(stream))


def heading(text: str) -> str:
    """Return a heading's style."""
    return click.style(text, bold=True)


def faint(text: str) -> str:
    """Return the style of what matters less."""
    return click.style(text, dim=True)


def good(text: str) -> str:
    """Return the style of what became better."""
    return click.style(text, fg="green")


def bad(text: str) -> str:
    """Return the style of what became worse."""
    return click.style(text, fg="red")


def table(rows: Sequence[Sequence[str]], *, header: Sequence[str] = (), right: Sequence[int] = ()) -> str:
    """Return rows as aligned columns two spaces apart; columns whose index is in ``right`` are flush right."""
    every = [list(header), *map(list, rows)] if header else [list(row) for row in rows]
    if not every:
        return ""
    widths = [max(_columns(row[column]) for row in every) for column in range(len(every[0]))]
    lines: list[str] = []
    for index, row in enumerate(every):
        cells: list[str] = []
        for column, (text, width) in enumerate(zip(row, widths, strict=True)):
            space = " " * (width - _columns(text))
            cells.append(space + text if column in right else text + space)
        while cells and not click.unstyle(cells[-1]).strip():
            cells.pop()  # an empty style would keep the spaces before it
        line = "  ".join(cells).rstrip()
        lines.append(heading(line) if header and index == 0 else line)
    return "\n".join(lines)


def _columns(text: str) -> int:
    """Return how many columns of a terminal a text takes, styles aside: two for each wide sign, as in Chinese."""
    plain = click.unstyle(text)
    return len(plain) + sum(unicodedata.east_asian_width(each) in "WF" for each in plain if not each.isascii())


def number(value: object) -> str:
    """Return a metric as people read it: four digits after the point, or three that count where it is large or tiny."""
    if value is None:
        return "-"
    try:
        real = float(value)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType] - anything but a number raises
    except (TypeError, ValueError):
        return str(value)
    if not math.isfinite(real):
        return str(real)
    if real != 0 and (abs(real) >= 100_000 or abs(real) < 0.0001):
        return f"{real:.3g}"
    return f"{real:,.4f}" if abs(real) < 1000 else f"{real:,.1f}"


def duration(seconds: float | None) -> str:
    """Return a time span for people: ``0.4 s``, ``12 s``, ``3 min 20 s``, ``2 h 05 min``."""
    if seconds is None:
        return "-"
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def age(created: str, *, now: datetime | None = None) -> str:
    """Return how long ago an ISO time was: ``just now``, ``5 min ago``, ``3 days ago``; an empty text when it is no
    time.
    """
    try:
        then = datetime.fromisoformat(created).astimezone(UTC)
    except ValueError:
        return ""
    seconds = ((now or datetime.now(UTC)) - then).total_seconds()
    if seconds < 60:
        return "just now"
    for size, unit in ((86_400 * 365, "year"), (86_400, "day"), (3600, "h"), (60, "min")):
        if seconds >= size:
            count = int(seconds // size)
            plural = "s" if unit in {"day", "year"} and count > 1 else ""
            return f"{count} {unit}{plural} ago"
    return "just now"

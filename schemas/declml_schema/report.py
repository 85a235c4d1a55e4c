"""Problems as text for people, and as JSON, SARIF and GitHub annotations for tools."""

from __future__ import annotations

import json
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Literal

from declml_schema.inspection import OVERRIDES
from declml_schema.problems import Edit, Problem, Severity, Span
from declml_schema.source_text import split_lines

NO_SOURCES: Mapping[str, str] = MappingProxyType({})
_WIDTH = 100
_TAB = "    "
_COLORS = {Severity.ERROR: "\x1b[1;31m", Severity.WARNING: "\x1b[1;33m", Severity.INFORMATION: "\x1b[1;36m"}
_BOLD, _BLUE, _RESET = "\x1b[1m", "\x1b[1;34m", "\x1b[0m"
_SARIF_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFORMATION: "note"}
_GITHUB_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFORMATION: "notice"}
_SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def render(
    problems: Sequence[Problem],
    *,
    format: Literal["text", "json", "sarif", "github"],  # noqa: A002 - the command's own word, --format
    sources: Mapping[str, str] = NO_SOURCES,
    color: bool = False,
) -> str:
    """Return ``problems`` in one of the four formats, without a line break at the end.

    ``sources`` maps each checked file to its text: the text format shows its lines, and says of a file without problems
    that it has none. ``color`` is for the text format only.
    """
    match format:
        case "text":
            return _Text(sources, color=color).render(problems)
        case "json":
            return json.dumps(_as_json(problems), indent=2, ensure_ascii=False)
        case "sarif":
            return json.dumps(_as_sarif(problems), indent=2, ensure_ascii=False)
        case "github":
            return "\n".join(_github_line(problem) for problem in problems)


def summary(problems: Sequence[Problem]) -> str:
    """Return how many problems of each severity there are, such as ``2 errors, 1 warning``, or ``no problems``."""
    counts = Counter(problem.severity for problem in problems)
    words = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFORMATION: "note"}
    parts = [f"{counts[each]} {word}{'s' if counts[each] > 1 else ''}" for each, word in words.items() if counts[each]]
    return ", ".join(parts) or "no problems"


class _Text:
    """The format for people: a line to click on, the source line with a marker, then the way out."""

    def __init__(self, sources: Mapping[str, str], *, color: bool) -> None:
        self._lines = {file: split_lines(text) for file, text in sources.items()}
        self._color = color

    def render(self, problems: Sequence[Problem]) -> str:
        blocks = ["\n".join(self._block(problem)) for problem in problems]
        files = list(dict.fromkeys([*(problem.file for problem in problems), *self._lines]))
        clean = [file for file in files if not any(problem.file == file for problem in problems)]
        # A value from the command line belongs to every config that is checked: none of them is without problems.
        if OVERRIDES not in files:
            blocks.extend(f"{_visible(file) or 'config'}: no problems" for file in clean)
        if problems or not clean:
            faulty = [file for file in files if file not in clean]
            named = _visible(faulty[0]) if len(faulty) == 1 else f"{len(faulty)} files"
            place = f" in {named}" if any(faulty) else ""
            blocks.append(self._paint(summary(problems) + place, _BOLD))
        return "\n".join(blocks)

    def _paint(self, text: str, code: str) -> str:
        return f"{code}{text}{_RESET}" if self._color else text

    def _block(self, problem: Problem) -> Iterator[str]:
        start = problem.span.start
        file = f"{_visible(problem.file)}:" if problem.file else ""
        where = "" if problem.file == OVERRIDES else f"{start.line + 1}:{start.column + 1}:"  # it has no lines
        place = self._paint(f"{file}{where}", _BOLD)
        label = self._paint(f"{problem.severity}[{problem.code}]", _COLORS[problem.severity])
        yield f"{place} {label} {_visible(problem.message)}"
        gutter = len(str(max([start.line, *(each.span.start.line for each in problem.related)]) + 1))
        yield from self._excerpt(problem.file, problem.span, gutter, _COLORS[problem.severity], "")
        for each in problem.related:
            if self._line(problem.file, each.span.start.line) is None:
                line = each.span.start.line + 1
                yield f"{' ' * gutter} {self._paint('=', _BLUE)} line {line}: {_visible(each.message)}"
            else:
                yield from self._excerpt(problem.file, each.span, gutter, _BLUE, _visible(each.message))
        for text in (problem.hint, "" if problem.fix is None else problem.fix.title):
            if text:
                yield f"{' ' * gutter} {self._paint('=', _BLUE)} {self._paint('help:', _BOLD)} {_visible(text)}"

    def _line(self, file: str, index: int) -> str | None:
        lines = self._lines.get(file)
        return None if lines is None or index >= len(lines) else lines[index]

    def _excerpt(self, file: str, span: Span, gutter: int, code: str, label: str) -> Iterator[str]:
        line = self._line(file, span.start.line)
        if line is None or not any(self._lines[file]):  # an empty text has nothing to show
            return
        last = span.end.column if span.end.line == span.start.line else len(line)
        before, marked, after = _cut(line, span.start.column, max(last, span.start.column))
        bar = self._paint("|", _BLUE)
        yield f"{self._paint(str(span.start.line + 1).rjust(gutter), _BLUE)} {bar} {before}{marked}{after}"
        marker = "^" * max(1, _columns(marked)) + (f" {label}" if label else "")
        yield f"{' ' * gutter} {bar} {' ' * _columns(before)}{self._paint(marker, code)}"


def _cut(line: str, start: int, end: int) -> tuple[str, str, str]:
    """Return the parts of a line before, in and after a marked range, cut to a readable width around the marker."""
    start, end = min(start, len(line)), min(end, len(line))
    left = 0 if len(line) <= _WIDTH or start < _WIDTH // 2 else start - _WIDTH // 4
    right = len(line) if len(line) <= left + _WIDTH else left + _WIDTH
    before = ("" if left == 0 else "\u2026") + line[left:start]
    stop = max(start, min(end, right))
    after = line[stop:right] + ("" if right == len(line) else "\u2026")
    return _visible(before), _visible(line[start:stop]), _visible(after)


def _visible(text: str) -> str:
    """Return ``text`` with tabs widened and control characters made harmless to a terminal."""
    text = text.replace("\t", _TAB)
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else "\ufffd" for each in text)


def _columns(text: str) -> int:
    """Return how many terminal columns ``text`` fills: wide characters two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(each) else 2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text
    )


def _as_json(problems: Sequence[Problem]) -> dict[str, object]:
    counts = Counter(problem.severity for problem in problems)
    return {
        "problems": [problem.as_json() for problem in problems],
        "summary": {
            "errors": counts[Severity.ERROR],
            "warnings": counts[Severity.WARNING],
            "information": counts[Severity.INFORMATION],
            "files": len({problem.file for problem in problems}),
        },
    }


def _as_sarif(problems: Sequence[Problem]) -> dict[str, object]:
    codes = list(dict.fromkeys(problem.code for problem in problems))
    return {
        "$schema": _SARIF_SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "declml",
                        "rules": [{"id": code, "shortDescription": {"text": code.replace("-", " ")}} for code in codes],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "results": [_sarif_result(problem, codes.index(problem.code)) for problem in problems],
            }
        ],
    }


def _sarif_result(problem: Problem, rule: int) -> dict[str, object]:
    text = f"{problem.message} {problem.hint}" if problem.hint else problem.message
    location: dict[str, object] = _sarif_location(problem.file, problem.span)
    if problem.path:
        location["logicalLocations"] = [{"fullyQualifiedName": problem.path}]
    result: dict[str, object] = {
        "ruleId": problem.code,
        "ruleIndex": rule,
        "level": _SARIF_LEVELS[problem.severity],
        "message": {"text": text},
        "locations": [location],
    }
    if problem.related:
        result["relatedLocations"] = [
            {**_sarif_location(problem.file, each.span), "message": {"text": each.message}} for each in problem.related
        ]
    if problem.fix is not None and problem.fix.edits:
        change = {
            "artifactLocation": {"uri": _uri(problem.file)},
            "replacements": [_sarif_replacement(edit) for edit in problem.fix.edits],
        }
        result["fixes"] = [{"description": {"text": problem.fix.title}, "artifactChanges": [change]}]
    return result


def _sarif_location(file: str, span: Span) -> dict[str, object]:
    return {"physicalLocation": {"artifactLocation": {"uri": _uri(file)}, "region": _sarif_region(span)}}


def _sarif_region(span: Span) -> dict[str, int]:
    return {
        "startLine": span.start.line + 1,
        "startColumn": span.start.column + 1,
        "endLine": span.end.line + 1,
        "endColumn": span.end.column + 1,
    }


def _sarif_replacement(edit: Edit) -> dict[str, object]:
    return {"deletedRegion": _sarif_region(edit.span), "insertedContent": {"text": edit.text}}


def _uri(file: str) -> str:
    """Return a path as a relative or ``file:`` URI; a config without a file is named as its screens name it."""
    from urllib.parse import quote  # 20 ms of import that only this format needs

    path = quote((file or "config.yaml").replace("\\", "/"))
    return f"file://{path}" if path.startswith("/") else path


def _github_line(problem: Problem) -> str:
    start, end = problem.span.start, problem.span.end
    properties = {
        "file": problem.file,
        "line": str(start.line + 1),
        "endLine": str(end.line + 1),
        "col": str(start.column + 1),
        "endColumn": str(end.column + 1) if end.line == start.line else "",  # GitHub ignores columns across lines
        "title": problem.code,
    }
    listed = ",".join(f"{name}={_github_property(value)}" for name, value in properties.items() if value)
    hint = f" {problem.hint}" if problem.hint else ""
    return f"::{_GITHUB_LEVELS[problem.severity]} {listed}::{_github_data(problem.message + hint)}"


def _github_data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _github_property(text: str) -> str:
    return _github_data(text).replace(":", "%3A").replace(",", "%2C")

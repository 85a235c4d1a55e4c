"""What tests of the checker share: a config without a mistake, what is said of a text, and a mended text."""

from __future__ import annotations

from declml_schema.check import check
from declml_schema.problems import Edit

HEAD = """\
input_features:
  - {name: title, type: text}
  - {name: age, type: number}
output_features:
  - {name: class, type: category}
"""


def said(text: str | bytes) -> list[tuple[str, str, str]]:
    """Return code, path and marked text of every problem."""
    result = check(text)
    lines = result.document.text.splitlines() or [""]
    answer: list[tuple[str, str, str]] = []
    for each in result.problems:
        start, end = each.span.start, each.span.end
        line = lines[start.line] if start.line < len(lines) else ""
        answer.append((each.code, each.path, line[start.column : end.column if end.line == start.line else None]))
    return answer


def applied(text: str, edits: tuple[Edit, ...]) -> str:
    """Return the text after the edits of one fix."""
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    for edit in sorted(edits, key=lambda each: each.span.start, reverse=True):
        start = starts[edit.span.start.line] + edit.span.start.column
        end = starts[edit.span.end.line] + edit.span.end.column
        text = text[:start] + edit.text + text[end:]
    return text

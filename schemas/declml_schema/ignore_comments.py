"""``# declml: ignore[CODE]``: comments that hide warnings, and what is wrong with such comments.

At the end of a line a comment acts on that line; on a line of its own, on the next line that holds more than a comment.
Several codes stand between commas, and a reason may follow the bracket. Errors cannot be hidden: they keep a config
from running, whatever a comment says.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from declml_schema.inspection import OVERRIDES
from declml_schema.problem_codes import CHECK_CODES, DATA_CODES
from declml_schema.problems import Edit, Fix, Position, Problem, ProblemList, Severity, Span, has_errors
from declml_schema.source_text import split_lines
from declml_schema.suggest import nearest
from declml_schema.tree import MappingNode, Node, Scalar, SequenceNode

if TYPE_CHECKING:
    from declml_schema.document import Document

MARK = "declml:"
"""A text without this has no such comment."""

OWN_CODES = frozenset({"ignore-error", "ignore-form", "unknown-code", "unused-ignore"})
"""What is told about the comments themselves; it cannot be hidden by another comment."""

_COMMENT = re.compile(r"(?:^|(?<=[ \t]))#[ \t]*declml:[ \t]*([\w-]+)[ \t]*(\[[^\]]*\]?)?")
_CODE = re.compile(r"[^\s,\[\]]+")
_IGNORE = "ignore"
_OTHER_WORDS = ("off",)


@dataclass(slots=True)
class _Ignored:
    """One code of one comment: where it stands, the line it acts on, and what became of it."""

    code: str
    span: Span
    line: int | None
    used: bool = False
    hit_error: bool = False


@dataclass(frozen=True, slots=True)
class _Comment:
    """``word`` is the span of ``ignore``, ``whole`` that of the comment from its ``#`` to the end of the bracket."""

    text: str
    word: Span
    whole: Span
    bracket: str | None
    codes: list[_Ignored] = field(default_factory=list[_Ignored])


def heed_ignores(
    document: Document, problems: Sequence[Problem], *, codes: Collection[str] = CHECK_CODES
) -> list[Problem]:
    """Return the problems that no comment hides, and those of the comments, in the order of the text.

    ``codes`` are those that whoever found ``problems`` looks for: a comment with another code is somebody else's, and
    is not called useless here. What is wrong with the comments as such is told by the checker alone.
    """
    if MARK not in document.text:
        return list(problems)
    lines = split_lines(document.text)
    comments = list(_comments(document, lines))
    by_place: dict[tuple[int | None, str], list[_Ignored]] = {}
    for comment in comments:
        for each in comment.codes:
            by_place.setdefault((each.line, each.code), []).append(each)
    kept = ProblemList()
    for problem in problems:
        # A value from the command line has no line, and a complaint about the text as a whole no comment of its own.
        found = by_place.get((problem.span.start.line, problem.code), []) if problem.file != OVERRIDES else []
        for each in found:
            each.used = each.used or problem.severity is not Severity.ERROR
            each.hit_error = each.hit_error or problem.severity is Severity.ERROR
        if not found or problem.severity is Severity.ERROR or problem.code in OWN_CODES:
            kept.add(problem)
    for comment in comments:
        for problem in _complaints(document, comment, lines, codes):
            kept.add(problem)
    return kept.sorted()


def _comments(document: Document, lines: Sequence[str]) -> Iterator[_Comment]:
    for number, line in enumerate(lines):
        if MARK not in line:
            continue
        for found in _COMMENT.finditer(line):
            if _in_a_value(document.root, Position(number, found.start())):
                continue
            comment = _Comment(found[1], _span(number, found.span(1)), _span(number, found.span(0)), found[2])
            if found[1] == _IGNORE and found[2] is not None and found[2].endswith("]"):
                target = _next_line(lines, number) if line.lstrip().startswith("#") else number
                for code in _CODE.finditer(line, found.start(2), found.end(2)):
                    comment.codes.append(_Ignored(code[0], _span(number, code.span()), target))
            yield comment


def _next_line(lines: Sequence[str], number: int) -> int | None:
    for index in range(number + 1, len(lines)):
        if (content := lines[index].strip()) and not content.startswith("#"):
            return index
    return None


def _span(line: int, columns: tuple[int, int]) -> Span:
    return Span(Position(line, columns[0]), Position(line, columns[1]))


def _in_a_value(root: Node | None, place: Position) -> bool:
    """Return whether a place is inside a quoted or a block scalar: what looks like a comment there is text."""
    node = root
    while isinstance(node, MappingNode | SequenceNode):
        node = next((each for each in _parts(node) if _holds(each, place)), None)
    return isinstance(node, Scalar) and node.style is not None


def _parts(node: MappingNode | SequenceNode) -> Iterator[Node]:
    if isinstance(node, SequenceNode):
        yield from node.items
        return
    for entry in node.entries:
        yield entry.key
        yield entry.value


def _holds(node: Node, place: Position) -> bool:
    if not node.start_line <= place.line <= node.end_line:
        return False
    span = node.span
    return span.start <= place < span.end


# --- what is wrong with the comments ---------------------------------------------------------------------------------


def _complaints(
    document: Document, comment: _Comment, lines: Sequence[str], codes: Collection[str]
) -> Iterator[Problem]:
    if codes is CHECK_CODES:
        yield from _form(comment)
    half_typed = has_errors(document.problems)  # nobody knows yet what the comment will hide
    for each in comment.codes:
        if each.code in OWN_CODES or each.code not in CHECK_CODES | DATA_CODES:
            if codes is CHECK_CODES:
                yield _unknown(each)
        elif each.code not in codes or each.used:
            continue
        elif each.hit_error:
            message = f"A comment must hide warnings only; '{each.code}' is an error here and stays one."
            yield Problem("ignore-error", message, each.span, Severity.WARNING, fix=_removal(comment, each, lines))
        elif not half_typed:
            message = f"A comment should hide something; there is no '{each.code}' on its line."
            fix = _removal(comment, each, lines)
            yield Problem("unused-ignore", message, each.span, Severity.INFORMATION, fix=fix, tags=("unnecessary",))


def _form(comment: _Comment) -> Iterator[Problem]:
    if comment.text == _IGNORE:
        if not comment.codes:
            rule = "An ignore comment must name the codes that it hides, as in ignore[legacy-spelling]"
            message = f"{rule}; got '{_IGNORE}{comment.bracket or ''}'."
            yield Problem("ignore-form", message, comment.whole, Severity.WARNING)
        return
    near = nearest(comment.text, [_IGNORE, *_OTHER_WORDS])
    if near is not None and near != comment.text:  # else a remark that happens to begin like this
        message = f"A comment for declml must say ignore[CODE] or off; got '{comment.text}'. Did you mean '{near}'?"
        fix = Fix(f"Change '{comment.text}' to '{near}'", (Edit(comment.word, near),))
        yield Problem("ignore-form", message, comment.word, Severity.WARNING, fix=fix)


def _unknown(ignored: _Ignored) -> Problem:
    if ignored.code in OWN_CODES:
        message = f"A comment must not hide '{ignored.code}', which is about such comments."
        return Problem("unknown-code", message, ignored.span, Severity.WARNING)
    near = nearest(ignored.code, sorted((CHECK_CODES | DATA_CODES) - OWN_CODES))
    meant = f" Did you mean '{near}'?" if near is not None else ""
    fix = Fix(f"Change '{ignored.code}' to '{near}'", (Edit(ignored.span, near),)) if near is not None else None
    message = f"Unknown problem code '{ignored.code}'.{meant}"
    return Problem("unknown-code", message, ignored.span, Severity.WARNING, fix=fix)


def _removal(comment: _Comment, ignored: _Ignored, lines: Sequence[str]) -> Fix:
    """Return the fix that takes one code out of a comment, or the whole comment where it is the only one."""
    number = ignored.span.start.line
    if len(comment.codes) > 1:
        at = comment.codes.index(ignored)
        if at:
            span = Span(comment.codes[at - 1].span.end, ignored.span.end)
        else:
            span = Span(ignored.span.start, comment.codes[1].span.start)
        return Fix(f"Remove '{ignored.code}' from the comment", (Edit(span, ""),))
    line, start = lines[number], comment.whole.start.column
    # What follows the bracket is the comment's reason, or another comment for declml.
    end = comment.whole.end.column if MARK in line[comment.whole.end.column :] else len(line)
    if not line[:start].strip() and end == len(line) and number + 1 < len(lines):
        return Fix("Remove the comment", (Edit(Span(Position(number, 0), Position(number + 1, 0)), ""),))
    return Fix("Remove the comment", (Edit(_span(number, (len(line[:start].rstrip()), end)), ""),))

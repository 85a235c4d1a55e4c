"""What a fault of the YAML parser most likely means, said in one sentence, with the ways to read on after it.

The parser's own message says what it expected, not what the writer did: the cause is looked for in the lines around it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from declml_schema.parser import MAX_DEPTH, TOO_DEEP, YamlFault
from declml_schema.problems import Edit, Fix, Position, Problem, Span
from declml_schema.tags import shorten
from declml_schema.yaml_line import CLOSER, bare_width, content_of, ends_of, indent_of, key_of, lead_width

_TIGHT_KEY = re.compile(r"[A-Za-z_][\w.\-]*:(?=[^\s:/\\])")
_BLOCK_HEADER = re.compile(r"(?:^|[\s:\-])[|>][+\-0-9]*\s*(?:#.*)?$")
_LOOK_BACK = 60
_TAB_WIDTH = 2
_LONG_LINE = 2000


@dataclass(frozen=True, slots=True)
class Change:
    """A line's new text; ``count`` characters were inserted at ``column``, none where it was blanked or appended to."""

    text: str
    column: int = 0
    count: int = 0


@dataclass(frozen=True, slots=True)
class Attempt:
    """One reading of a fault: the problem to report, the lines to change, and the lines not to complain about again."""

    problem: Problem
    changes: dict[int, Change]
    distrusted: frozenset[int]


def attempts_for(lines: list[str], fault: YamlFault) -> Iterator[Attempt]:
    """Yield the ways to read on after ``fault``, the likeliest first; the last ones blank the faulty line."""
    at = min(fault.line, len(lines) - 1)
    column = fault.column if at == fault.line else len(lines[at])
    tabbed = "\t" in indent_of(lines[at])
    while at > 0 and not content_of(lines[at]):
        at -= 1
        column = len(lines[at])
    if fault.problem == TOO_DEEP:
        message = f"Values must not be nested more than {MAX_DEPTH} levels deep."
        yield _blank(Problem("nesting-too-deep", message, _content_span(lines, at)), lines, at, 0)
        return
    if tabbed or "\t" in indent_of(lines[at]):
        yield from _tabs(lines, at)
    yield from _open_ends(lines, fault, at)
    if "escape" in fault.problem:
        yield from _bad_escape(lines, at, column)
    if fault.context == "while scanning a simple key":
        yield from _lone_word(lines, fault.context_line)
    elif fault.problem.startswith("mapping values are not allowed"):
        before = _line_before(lines, at)
        if before >= 0 and key_of(lines[before]) is None:
            yield from _lone_word(lines, before)
    yield from _faulty_line(lines, fault, at, column)


def _tabs(lines: list[str], at: int) -> Iterator[Attempt]:
    """Replace the tabs of every line's indentation, block scalars left alone."""
    changes: dict[int, Change] = {}
    edits: list[Edit] = []
    block_indent: int | None = None
    for index, line in enumerate(lines):
        indent = indent_of(line)
        spaces = len(line) - len(line.lstrip(" "))
        if block_indent is not None and (spaces > block_indent or not line.strip()):
            continue
        block_indent = spaces if _BLOCK_HEADER.search(line[:_LONG_LINE]) else None
        if "\t" in indent and line.strip():
            wide = indent.replace("\t", " " * _TAB_WIDTH)
            changes[index] = Change(wide + line[len(indent) :], 0, len(wide) - len(indent))
            edits.append(Edit(_span(index, 0, len(indent)), wide))
    if changes:
        first = at if at in changes else min(changes)
        others = "" if len(changes) == 1 else f", as are {len(changes) - 1} more lines"
        message = f"Indentation must be made of spaces; this line is indented with a tab{others}."
        span = _span(first, 0, len(indent_of(lines[first])))
        fix = Fix("Replace tabs by spaces", tuple(edits))
        yield Attempt(Problem("tab-indentation", message, span, fix=fix), changes, frozenset())


def _open_ends(lines: list[str], fault: YamlFault, at: int) -> Iterator[Attempt]:
    """Close a quote or bracket left open: the one that the parser names, then those above the fault, from the last."""
    candidates = list(range(at, max(-1, at - _LOOK_BACK), -1))
    if "flow" in fault.context or "quoted" in fault.context:
        candidates.insert(0, min(fault.context_line, at))
    for index in dict.fromkeys(each for each in candidates if each >= 0):
        line = lines[index]
        if len(line) > _LONG_LINE or not any(mark in line for mark in "[{\"'"):
            continue
        ends = ends_of(line)
        if ends.quote is not None:
            mark, column = ends.quote
            added = mark + "".join(CLOSER[each] for each, _ in reversed(ends.brackets))
            message = f"Text that starts with {mark} must end with {mark}; the closing quote is missing."
            end = len(line.rstrip())
            span = _span(index, column, end)
            yield _append(lines, index, end, added, message, span, f"Add {added}")
        elif ends.brackets:
            yield _close_brackets(lines, index, ends.brackets[0])


def _close_brackets(lines: list[str], index: int, outer: tuple[str, int]) -> Attempt:
    """Close the brackets opened in line ``index`` before the next line that cannot belong to them."""
    indent = len(indent_of(lines[index]))
    last = index
    for below in range(index + 1, min(len(lines), index + _LOOK_BACK)):
        content = content_of(lines[below])
        if content and (len(indent_of(lines[below])) <= indent or key_of(lines[below]) is not None):
            break
        last = below if content else last
    mark, column = outer
    open_brackets = ends_of("\n".join(lines[index : last + 1])).brackets or [outer]
    added = "".join(CLOSER[each] for each, _ in reversed(open_brackets))
    message = f"'{mark}' must be closed by '{CLOSER[mark]}'; the closing bracket is missing."
    span = _span(index, column, column + 1)
    attempt = _append(lines, last, bare_width(lines[last]), added, message, span, f"Add '{added}'")
    return replace(attempt, distrusted=frozenset(range(index, last + 1)))


def _append(lines: list[str], index: int, end: int, added: str, message: str, span: Span, title: str) -> Attempt:
    """Put ``added`` after the content of a line, over the blanks before its comment where they suffice."""
    line = lines[index]
    rest = line[end + len(added) :]
    keeps_comment = line[end : end + len(added)].isspace() and rest[:1].isspace()
    changed = Change(line[:end] + added + (rest if keeps_comment else ""))
    fix = Fix(title, (Edit(_span(index, end, end), added),))
    return Attempt(Problem("yaml-syntax", message, span, fix=fix), {index: changed}, frozenset({index}))


def _bad_escape(lines: list[str], at: int, column: int) -> Iterator[Attempt]:
    line = lines[at]
    slash = line.rfind("\\", 0, column + 2)
    if slash < 0:
        return
    message = f"A backslash in double quotes must start a known escape; got '{line[slash : slash + 2]}'."
    fix = Fix("Double the backslash", (Edit(_span(at, slash, slash), "\\"),))
    span = _span(at, slash, slash + 2)
    problem = Problem("yaml-syntax", message, span, hint="Double it, or use single quotes.", fix=fix)
    yield Attempt(problem, {at: Change(line[:slash] + "/" + line[slash + 1 :])}, frozenset({at}))


def _lone_word(lines: list[str], at: int) -> Iterator[Attempt]:
    """Explain a line that must be ``key: value`` but has no ``: ``, and leave its content out."""
    if at < 0 or at >= len(lines):
        return
    line = lines[at]
    start, end = lead_width(line), bare_width(line)
    if start >= end:
        return
    word = shorten(line[start:end])
    tight = _TIGHT_KEY.match(line, start)
    if tight is not None:
        colon = tight.end()
        message = f"A ':' must be followed by a space; got '{word}'."
        fix = Fix("Add a space after ':'", (Edit(_span(at, colon, colon), " "),))
        problem = Problem("yaml-syntax", message, _span(at, start, end), fix=fix)
        yield Attempt(problem, {at: Change(line[:colon] + " " + line[colon:], colon, 1)}, frozenset({at}))
    if _is_among_items(lines, at):
        yield _blank(_missing_dash(lines, at), lines, at, start)
        return
    message = f"A line of a mapping must be 'key: value'; got '{word}' without a ':'."
    fix = Fix("Add ':'", (Edit(_span(at, end, end), ":"),)) if " " not in word else None
    problem = Problem("yaml-syntax", message, _span(at, start, end), fix=fix)
    below = next((index for index in range(at + 1, len(lines)) if content_of(lines[index])), at)
    if len(indent_of(lines[below])) > start and fix is not None:  # a section's name: what is below must keep its place
        yield _append(lines, at, end, ":", message, problem.span, fix.title)
    yield _blank(problem, lines, at, start)
    yield _blank(problem, lines, at, 0)


def _is_among_items(lines: list[str], at: int) -> bool:
    """Return whether the neighbours above a line, in its column, are list items only: no key with its list."""
    indent = len(indent_of(lines[at]))
    dashed = False
    for above in range(at - 1, -1, -1):
        width = len(indent_of(lines[above]))
        if content_of(lines[above]) and width <= indent:
            if width < indent or not lines[above][indent:].startswith("-"):
                return dashed and width < indent
            dashed = True
    return dashed


def _missing_dash(lines: list[str], at: int) -> Problem:
    span = _content_span(lines, at)
    fix = Fix("Add '- '", (Edit(_span(at, span.start.column, span.start.column), "- "),))
    message = f"A line among list items must start with '- '; got '{shorten(content_of(lines[at]))}'."
    return Problem("yaml-syntax", message, span, hint="Or indent it to belong to the item above.", fix=fix)


def _faulty_line(lines: list[str], fault: YamlFault, at: int, column: int) -> Iterator[Attempt]:
    """Leave out the value, the content, the whole of the line at which the parser stopped."""
    line = lines[at]
    key = key_of(line)
    if key is not None and column > key.end and key.value < bare_width(line):
        yield from _missing_comma(lines, fault, at, column)
        yield _blank(_bad_value(lines, fault, at, key.value), lines, at, key.value)
    problem = _misplaced(lines, fault, at)
    yield _blank(problem, lines, at, lead_width(line))
    yield _blank(problem, lines, at, 0)
    if 0 <= fault.context_line < at and "block" not in fault.context:
        yield _blank(replace(problem, span=_content_span(lines, fault.context_line)), lines, fault.context_line, 0)
    emptied = {index: Change(" " * len(lines[index])) for index in range(at, len(lines))}
    if at + 1 >= len(lines) or not any(content_of(each) for each in lines[at + 1 :]):
        yield Attempt(problem, emptied, frozenset(emptied))


def _missing_comma(lines: list[str], fault: YamlFault, at: int, column: int) -> Iterator[Attempt]:
    """Put a comma before the word at which a flow collection stopped making sense."""
    blank = lines[at].rfind(" ", 0, column)
    if "expected ','" not in fault.problem or blank < 0 or not lines[at][:blank].strip():
        return
    message = "The parts of a list or mapping in brackets must be separated by ','; one is missing here."
    before = len(lines[at][:blank].rstrip())
    fix = Fix("Add ','", (Edit(_span(at, before, before), ","),))
    problem = Problem("yaml-syntax", message, _span(at, blank + 1, column), fix=fix)
    yield Attempt(problem, {at: Change(lines[at][:blank] + "," + lines[at][blank + 1 :])}, frozenset({at}))


def _bad_value(lines: list[str], fault: YamlFault, at: int, start: int) -> Problem:
    """Return the problem of a value that YAML cannot read as it is."""
    line = lines[at]
    end = bare_width(line)
    value = line[start:end]
    span = _span(at, start, end)
    first = value[:1]
    if first in "\"'":
        return Problem("yaml-syntax", f"Nothing must follow the closing quote; got '{shorten(value)}'.", span)
    if first in "[{":
        return Problem("yaml-syntax", f"A value in brackets must be complete; got '{shorten(value)}'.", span)
    if first in "|>":
        message = f"'{first}' must end its line, and its text must start in the next one; got '{shorten(value)}'."
    elif first in "@`%*&!]}":
        message = f"Text that starts with '{first}' must be in quotes; got '{shorten(value)}'."
    elif ":" in value:
        message = f"Text that contains ': ' must be in quotes; got '{shorten(value)}'."
    else:
        return Problem("yaml-syntax", f"The value must be valid YAML; got '{shorten(value)}' ({fault.problem}).", span)
    quoted = "'" + value.replace("'", "''") + "'"
    fix = Fix("Put it in quotes", (Edit(span, quoted),)) if len(value) > 1 else None
    return Problem("yaml-syntax", message, span, fix=fix)


def _misplaced(lines: list[str], fault: YamlFault, at: int) -> Problem:
    """Return the problem of a line that cannot stand where it does."""
    line = lines[at]
    content = shorten(content_of(line))
    span = _content_span(lines, at)
    before = _line_before(lines, at)
    if fault.context == "while parsing a block mapping" and (content == "-" or content.startswith("- ")):
        return Problem("yaml-syntax", f"A list item must not stand among the keys of a mapping; got '{content}'.", span)
    if fault.context == "while parsing a block collection" and len(indent_of(line)) == fault.context_column:
        return _missing_dash(lines, at)
    if key_of(line) is not None and before >= 0 and indent_of(line) != indent_of(lines[before]):
        indent, wanted = len(indent_of(line)), _key_column(lines[before])
        message = f"A key must start in the same column as its neighbours; '{content}' is indented by {indent}."
        fix = Fix(f"Indent by {wanted}", (Edit(_span(at, 0, indent), " " * wanted),))
        return Problem("yaml-syntax", message, span, fix=fix if key_of(lines[before]) is not None else None)
    return Problem("yaml-syntax", f"This must be valid YAML; got '{content}' ({fault.problem}).", span)


def _blank(problem: Problem, lines: list[str], at: int, start: int) -> Attempt:
    line = lines[at]
    return Attempt(problem, {at: Change(line[:start] + " " * (len(line) - start))}, frozenset({at}))


def _line_before(lines: list[str], at: int) -> int:
    """Return the last line above ``at`` that has content, or -1."""
    index = at - 1
    while index >= 0 and not content_of(lines[index]):
        index -= 1
    return index


def _key_column(line: str) -> int:
    key = key_of(line)
    return len(indent_of(line)) if key is None else key.start


def _content_span(lines: list[str], at: int) -> Span:
    line = lines[at]
    start = len(indent_of(line))
    return _span(at, start, max(start, bare_width(line)))


def _span(line: int, start: int, end: int) -> Span:
    return Span(Position(line, start), Position(line, end))

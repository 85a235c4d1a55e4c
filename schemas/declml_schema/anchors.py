"""Anchors (``&name``): those that nothing uses, and mistakes in values that came through one, by ``*name`` or ``<<``.

Such a mistake is told where it is: at the value where that is wrong wherever it stands, at the alias where the value is
only wrong there. Either way the anchor is named beside it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from declml_schema.document import Document, entries, is_merge_key, resolve
from declml_schema.places import item_at, path_steps
from declml_schema.problems import Edit, Fix, Position, Problem, Related, Severity, Span, has_errors
from declml_schema.source_text import split_lines
from declml_schema.tree import Alias, Entry, MappingNode, Node, Scalar, SequenceNode

_LINES_BEFORE = 3
_MOST_MERGES = 20


def with_origins(
    root: Node | None,
    lines: Sequence[str],
    problems: Iterable[Problem],
    paths_of: Callable[[Problem], Sequence[str]] = lambda problem: [problem.path],
) -> list[Problem]:
    """Return problems with the anchors that their values came from, each mistake once.

    ``paths_of`` gives all config paths at which a problem was met: a value that an alias repeats is met again there.
    """
    aliases = {each.span.start: each for each in _nodes(root) if isinstance(each, Alias)}
    if not aliases:
        return list(problems)
    told = [each for problem in problems for each in _told(root, lines, problem, aliases, paths_of(problem))]
    wrong = {(each.code, each.severity, each.span.start) for each, _ in told}
    return [each for each, source in told if (each.code, each.severity, source) not in wrong]


def _told(
    root: Node | None, lines: Sequence[str], problem: Problem, aliases: dict[Position, Alias], paths: Sequence[str]
) -> Iterator[tuple[Problem, Position | None]]:
    """Yield a problem with its anchor, once for each alias at which it is one, and where the value itself is written.

    What is wrong there already need not be told again at the alias.
    """
    here = aliases.get(problem.span.start)
    through = [(_inside(_aliases_to(root, path), problem.span), path) for path in paths if path]
    if here is not None:
        target = here.target
        yield _related(problem, [here], lines), target.span.start if isinstance(target, Scalar) else None
    elif not through or not all(chain for chain, _ in through):
        yield problem, None
    else:
        for span, (chain, path) in {each[0][0].span: each for each in through}.items():
            written = (Related(problem.span, "The value is written here."), *problem.related)
            # A fix would change the value where it is right.
            at_use = replace(problem, span=span, path=path, fix=None, related=written)
            yield _related(at_use, chain, lines), problem.span.start


def _related(problem: Problem, aliases: Sequence[Alias], lines: Sequence[str]) -> Problem:
    found: list[Related] = []
    for alias in aliases:
        target = alias.target
        if target is None:
            continue
        span = _place(alias.name, target.start_line, target.start_column, lines)
        if span is not None:
            found.append(Related(span, f"'*{alias.name}' takes it from here."))
    return replace(problem, related=(*problem.related, *found)) if found else problem


def _inside(aliases: Sequence[Alias], span: Span) -> list[Alias]:
    """Return the aliases, from the outermost on, whose target holds a place."""
    for index, alias in enumerate(aliases):
        target = alias.target
        if target is not None and target.span.start <= span.start and span.end <= target.span.end:
            return list(aliases[index:])
    return []


def _aliases_to(root: Node | None, path: str) -> list[Alias]:
    """Return the aliases through which a config path leads, from the outermost on, those of ``<<`` included."""
    passed: list[Alias] = []
    node = root
    for step in path_steps(path):
        if isinstance(node, Alias):
            passed.append(node)
        here = resolve(node) if node is not None else None
        if isinstance(here, MappingNode):
            entry = next((each for each in entries(here) if each.key.text == step), None)
            if entry is None:
                return passed
            passed += _merges_to(here, entry)
            node = entry.value
        else:
            node = item_at(here, step) if isinstance(here, SequenceNode) else None
    return [*passed, node] if isinstance(node, Alias) else passed


def _merges_to(mapping: MappingNode, entry: Entry) -> Iterator[Alias]:
    """Yield the aliases through which an entry was merged into a mapping."""
    for _ in range(_MOST_MERGES):
        if any(each.value is entry.value for each in mapping.entries):
            return
        merged = [each.value for each in mapping.entries if is_merge_key(each.key)]
        sources = [item for each in merged for item in (each.items if isinstance(each, SequenceNode) else [each])]
        for source in sources:
            target = resolve(source)
            if isinstance(target, MappingNode) and any(each.value is entry.value for each in entries(target)):
                if isinstance(source, Alias):
                    yield source
                mapping = target
                break
        else:
            return


def unused_anchors(document: Document) -> Iterator[Problem]:
    """Yield a piece of information for each anchor that no alias points at; nothing while the text is half-typed."""
    if "&" not in document.text or has_errors(document.problems):
        return
    anchored: list[Node] = []
    used: set[int] = set()
    for node in _nodes(document.root):
        if isinstance(node, Alias):
            used.add(id(node.target))
        elif node.anchor is not None:
            anchored.append(node)
    lines: Sequence[str] = ()
    for node in anchored:
        if id(node) in used or isinstance(node, Alias) or node.anchor is None:
            continue
        lines = lines or split_lines(document.text)
        span = _place(node.anchor, node.start_line, node.start_column, lines)
        if span is not None:
            yield _unused(node.anchor, span, lines[span.start.line])


def _unused(name: str, span: Span, line: str) -> Problem:
    end = span.end.column
    blanks = len(line[end:]) - len(line[end:].lstrip(" "))
    if end + blanks == len(line):  # nothing follows: the blank before the anchor goes with it
        start = len(line[: span.start.column].rstrip(" "))
        gone = Span(Position(span.start.line, start), Position(span.start.line, end))
    else:
        gone = Span(span.start, Position(span.start.line, end + blanks))
    fix = Fix(f"Remove '&{name}'", (Edit(gone, ""),))
    message = f"An anchor should be used; nothing says '*{name}'."
    return Problem("unused-anchor", message, span, Severity.INFORMATION, fix=fix, tags=("unnecessary",))


def _nodes(root: Node | None) -> Iterator[Node]:
    waiting = [root] if root is not None else []
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, MappingNode):
            for entry in node.entries:
                waiting += [entry.key, entry.value]
        elif isinstance(node, SequenceNode):
            waiting += node.items


def _place(name: str, line: int, column: int, lines: Sequence[str]) -> Span | None:
    """Return where ``&name`` stands: before its value, on the same line or a few above."""
    pattern = re.compile(rf"&{re.escape(name)}(?=[\s,\]}}]|$)")
    for number in range(line, max(-1, line - _LINES_BEFORE), -1):
        text = lines[number][:column] if number == line else lines[number]
        found = list(pattern.finditer(text))
        if found:
            return Span(Position(number, found[-1].start()), Position(number, found[-1].end()))
    return None

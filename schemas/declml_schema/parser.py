"""The YAML event parser and where it stops: the first fault of a text.

libyaml through PyYAML; half-typed text is tried with `find_fault`, which builds no tree.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import yaml
from yaml.events import MappingEndEvent, MappingStartEvent, SequenceEndEvent, SequenceStartEvent, StreamEndEvent

MAX_DEPTH = 100
TOO_DEEP = "nested too deeply"
GIVE_UP_DEPTH = 1000  # libyaml's work grows with the square of the depth


class Parser(Protocol):
    """What gives the events of a text, one after the other."""

    def get_event(self) -> Any:
        """Return the next event; raises a YAML error at the first fault."""
        ...


@dataclass(frozen=True, slots=True)
class YamlFault:
    """Where and why the YAML parser stopped. ``context_line`` is where the broken construct starts, or -1."""

    problem: str
    line: int
    column: int
    context: str = ""
    context_line: int = -1
    context_column: int = -1


def open_parser(text: str) -> Parser:
    """Return an event parser over ``text``: libyaml's, or the pure Python one where PyYAML was built without it."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return loader(text)


def fault_of(error: Exception, *, last_line: int) -> YamlFault:
    """Return the place and cause of a parser's exception; one without a mark is placed at ``last_line``."""
    if not isinstance(error, yaml.MarkedYAMLError):
        return YamlFault(str(error), last_line, 0)
    mark = error.problem_mark or error.context_mark
    line, column = (last_line, 0) if mark is None else (mark.line, mark.column)
    if error.context_mark is None:
        return YamlFault(error.problem or "", line, column, error.context or "")
    context = error.context_mark
    return YamlFault(error.problem or "", line, column, error.context or "", context.line, context.column)


def find_fault(text: str, *, is_enough: Callable[[Any, int], bool] | None = None) -> YamlFault | None:
    """Return the first place where ``text`` is not YAML, without building a tree.

    ``is_enough`` is asked of each event and the number of collections open before it; once it holds, the rest of the
    text is not read.
    """
    depth, line = 0, 0
    try:
        get_event = open_parser(text).get_event
        while True:
            event = get_event()
            kind = event.__class__
            if is_enough is not None and is_enough(event, depth):
                return None
            if kind is MappingStartEvent or kind is SequenceStartEvent:
                depth += 1
                line = event.start_mark.line
                if depth > GIVE_UP_DEPTH:
                    return YamlFault(TOO_DEEP, line, event.start_mark.column)
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                depth -= 1
            elif kind is StreamEndEvent:
                return None
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        return fault_of(error, last_line=line)

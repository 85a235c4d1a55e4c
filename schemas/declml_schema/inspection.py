"""What one check knows while it runs: the words, the problems so far, and what must be looked up when all is read."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from declml_schema.problems import START_OF_TEXT, Edit, Fix, Position, Problem, Severity, Span
from declml_schema.suggest import nearest
from declml_schema.tree import MappingNode, Node, Scalar
from declml_schema.vocabulary import Block, Vocabulary

OVERRIDES = "--set"
"""The file of a problem whose cause is an override and not the text."""


class Bad:
    """The value of something that has a problem already; whoever meets it says nothing more."""


BAD = Bad()
NOTHING: Mapping[str, Any] = {}


class Reading:
    """A mapping as it was read: ``given`` holds the values that are right, ``places`` where each known key stands.

    ``inherited`` are values from ``defaults`` or from the chosen encoder (then in ``brought``); ``block`` knows the
    built-in ones.
    """

    __slots__ = ("block", "brought", "given", "inherited", "path", "places")

    def __init__(self, path: str, block: Block | None = None) -> None:
        self.path = path
        self.block = block
        self.given: dict[str, Any] = {}
        self.inherited: Mapping[str, Any] = NOTHING
        self.brought: Collection[str] = ()
        self.places: dict[str, tuple[Scalar, Node]] = {}

    def values(self) -> dict[str, Any]:
        """Return everything in force: what is given here, else inherited, else built in."""
        defaults = self.block.defaults if self.block is not None else NOTHING
        return {**defaults, **self.inherited, **self.given}

    def value(self, name: str) -> Any:
        """Return the value in force of one parameter, `BAD` where what is given has a problem."""
        if name in self.given:
            return self.given[name]
        if name in self.places:
            return BAD
        if name in self.inherited:
            return self.inherited[name]
        return self.block.defaults.get(name) if self.block is not None else None


class Reference(NamedTuple):
    """A value that names something else: ``kind`` is the leaf's ``x-reference``, ``owner`` its feature's path."""

    kind: str
    value: str
    node: Node
    path: str
    owner: str = ""


class Inspection:
    """Collects the problems of one check, each mistake once."""

    def __init__(
        self, words: Vocabulary, lines: Sequence[str], broken: frozenset[int], columns: Mapping[str, str] | None
    ) -> None:
        self.words = words
        self.lines = lines
        self.columns = columns
        self.problems: list[Problem] = []
        self.references: list[Reference] = []
        self.owner = ""  # the path of the feature that is being read
        self.here = START_OF_TEXT  # where to complain about what is missing altogether
        self.told = 0  # how often something wrong was found, told before or not
        self.shapes: dict[MappingNode, tuple[Any, ...] | None] = {}  # of features, which are read more than once
        self._broken = broken
        self._paths: dict[tuple[str, Span, str, str], list[str]] = {}  # where each problem was met

    def add(
        self,
        code: str,
        message: str,
        span: Span,
        path: str,
        *,
        severity: Severity = Severity.ERROR,
        hint: str = "",
        fix: Fix | None = None,
    ) -> None:
        """Add one problem, unless it was told already or stands on a line that is not YAML in the first place."""
        self.take(Problem(code, message, span, severity, path, hint, fix))

    def take(self, problem: Problem) -> None:
        """Add a problem made elsewhere, on the same terms."""
        span = problem.span
        self.told += 1
        if span.start.line in self._broken:
            return
        if span.start.line < 0:
            problem = Problem(
                problem.code,
                problem.message,
                START_OF_TEXT,
                problem.severity,
                problem.path,
                problem.hint,
                file=OVERRIDES,
            )
        paths = self._paths.setdefault(_key(problem), [])
        if not paths:
            self.problems.append(problem)
        paths.append(problem.path)

    def paths_of(self, problem: Problem) -> list[str]:
        """Return every config path at which a problem was met: more than one where an alias repeats a value."""
        return self._paths.get(_key(problem), [problem.path])

    def source(self, span: Span) -> str:
        """Return the text of a span."""
        start, end = span.start, span.end
        if start.line == end.line:
            return self.lines[start.line][start.column : end.column]
        middle = self.lines[start.line + 1 : end.line]
        return "\n".join([self.lines[start.line][start.column :], *middle, self.lines[end.line][: end.column]])


def _key(problem: Problem) -> tuple[str, Span, str, str]:
    """Return what tells a problem from all others; an override has no place but its path."""
    path = problem.path if problem.file == OVERRIDES else ""
    return problem.code, problem.span, problem.message, path


def replacement(span: Span, text: str, title: str = "") -> Fix:
    """Return the fix that puts ``text`` in place of ``span``."""
    return Fix(title or f"Replace by {text}", (Edit(span, text),))


def suggestion(name: str, known: Sequence[str], span: Span) -> tuple[str, Fix | None]:
    """Return `` Did you mean 'x'?`` and the fix that writes it, or nothing where no known name is near."""
    near = nearest(name, known)
    if near is None:
        return "", None
    return f" Did you mean '{near}'?", replacement(span, near, f"Change '{name}' to '{near}'")


def listing(names: Sequence[str], *, most: int = 14) -> str:
    """Return names for a hint, cut where they would fill the screen."""
    shown = ", ".join(names[:most])
    return f"{shown}, ..." if len(names) > most else shown


def there_is(names: Sequence[str]) -> str:
    """Return the sentence of a hint that lists what there is to choose from; an empty text where there is nothing."""
    return f"There {'is' if len(names) == 1 else 'are'} {listing(names)}." if names else ""


def start_of(node: Node) -> Span:
    """Return where a node begins, as a place for what is missing in it: its first key or, if any, first character."""
    if isinstance(node, MappingNode) and node.entries:
        return node.entries[0].key.span
    start = node.span.start
    return Span(start, min(node.span.end, Position(start.line, start.column + 1)))

"""The checker: a config's text in, a plan or all of its problems out.

CLI, runtime, notebook and editor all call `check`.

The path of a text: `document.parse` (tree), `overrides` (values from the command line), `modernize` (older
spellings read as today's), `check_sections` and `check_features` (each part against the vocabulary),
`check_references` (the parts against each other), `make_plan`. Nothing raises on user input, and nothing that is
written is silently ignored.
"""

from __future__ import annotations

import gc
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

from declml_schema.check_model_type import check_model_type
from declml_schema.check_references import check_references
from declml_schema.check_sections import ConfigReading, read_config
from declml_schema.check_tokens import check_tokens
from declml_schema.document import AliasBudgetExceeded, Document, parse, resolve, to_data
from declml_schema.inspection import Inspection, Reading, start_of
from declml_schema.modernize import modernize
from declml_schema.overrides import apply_overrides
from declml_schema.problems import START_OF_TEXT, Problem, ProblemList, Severity, has_errors
from declml_schema.rewriting import find
from declml_schema.source_text import split_lines
from declml_schema.tree import MappingNode, Node, Scalar
from declml_schema.vocabulary import Vocabulary, Word
from declml_schema.vocabulary import vocabulary as built_in_vocabulary

if TYPE_CHECKING:
    from declml_schema.feature_reading import FeatureReading
    from declml_schema.in_force import InForce
    from declml_schema.plan import Plan

DATA_BUDGET = 100_000
"""How many values the aliases of a config may expand to; a longer text may have more."""


class CheckResult:
    """What a check found. It unpacks as ``plan, problems = check(text)``.

    ``problems`` are in the order of the text. ``document`` is the parsed text.
    """

    def __init__(
        self,
        document: Document,
        problems: list[Problem],
        *,
        words: Vocabulary,
        root: Node | None,
        config: ConfigReading | None,
    ) -> None:
        self.document = document
        self.problems = problems
        self._words = words
        self._root = root
        self._config = config

    def __iter__(self) -> Iterator[Any]:
        """Yield the plan and the problems."""
        yield self.plan
        yield self.problems

    @cached_property
    def plan(self) -> Plan | None:
        """The plan, or None when any problem is an error. Made when it is first asked for: an editor never does."""
        if self._config is None or has_errors(self.problems):
            return None
        # Imported here: `declml check` makes no plan.
        from declml_schema.make_plan import make_plan

        return make_plan(self._words, self._config)

    @cached_property
    def data(self) -> dict[str, Any]:
        """The config as written, overrides included, as plain data; empty where it is no mapping."""
        try:
            data = to_data(self._root, budget=max(DATA_BUDGET, len(self.document.text)))
        except AliasBudgetExceeded:
            return {}
        return data if isinstance(data, dict) else {}

    def top_level(self, name: str) -> Any:
        """Return one top-level key as plain data, None where there is none; cheaper than all of `data`."""
        root = resolve(self._root) if self._root is not None else None
        entry = find(root, name) if isinstance(root, MappingNode) else None
        try:
            return to_data(entry.value, budget=DATA_BUDGET) if entry is not None else None
        except AliasBudgetExceeded:
            return None

    @cached_property
    def origins(self) -> dict[str, str]:
        """Where each value in force comes from, by config path: ``here``, ``defaults`` or ``built in``."""
        # Imported here, as below: only an editor asks.
        from declml_schema.in_force import origins_of

        answer: dict[str, str] = {}
        for reading in _readings(self._config) if self._config is not None else ():
            prefix = f"{reading.path}." if reading.path else ""
            answer.update((prefix + name, origin) for name, origin in origins_of(reading))
        return answer

    @property
    def features(self) -> Sequence[FeatureReading]:
        """The features as they were read, inputs first; empty where the text is no config."""
        return [*self._config.inputs, *self._config.outputs] if self._config is not None else []

    def in_force(self, path: str) -> InForce | None:
        """Return what acts in the block at a config path (``trainer.optimizer``), None where no block was read."""
        from declml_schema.in_force import in_force_at

        return in_force_at(self._config, path) if self._config is not None else None

    def word_in_force(self, path: str) -> Word | None:
        """Return the component that acts at a config path (``combiner``), None where there is none."""
        from declml_schema.in_force import word_at

        return word_at(self._config, path) if self._config is not None else None


def _readings(config: ConfigReading) -> Iterator[Reading]:
    yield config.top
    for feature in (*config.inputs, *config.outputs):
        yield feature.reading
        yield feature.preprocessing
        for chosen in feature.parts.values():
            yield chosen.reading
    yield from config.sections.values()
    for chosen in config.choices.values():
        yield chosen.reading
    yield config.scheduler


def check(
    text: str | bytes | Document,
    *,
    file: str = "",
    vocabulary: Vocabulary | None = None,
    overrides: Sequence[tuple[str, object]] = (),
    columns: Mapping[str, str] | None = None,
) -> CheckResult:
    """Check a config and return its plan, or every problem at once.

    ``text`` may be parsed already. ``file`` is put into the problems. ``vocabulary`` replaces the built-in one,
    usually by one with plug-ins. ``overrides`` are config paths with the value that takes the place of the text's.
    ``columns`` are the data's columns, by name, where they are known: then every column that the config names must
    be among them.
    """
    with _collector_at_rest():
        document = text if isinstance(text, Document) else parse(text)
        words = vocabulary if vocabulary is not None else built_in_vocabulary()
        found = ProblemList(list(document.problems))
        try:
            root, config = _check_tree(document, words, overrides, columns, found)
        except AliasBudgetExceeded as error:
            found.add(Problem("alias-budget", f"A config must stay small; {error}.", START_OF_TEXT))
            root, config = None, None
        problems = [problem if problem.file else problem.in_file(file) for problem in _told(document, found)]
        return CheckResult(document, problems, words=words, root=root, config=config)


def _told(document: Document, found: ProblemList) -> list[Problem]:
    """Return the problems to show: those that no comment of the config hides, and those of its comments and anchors."""
    # Imported here: most configs have neither comments for declml nor anchors.
    if "&" in document.text and not any(each.code == "alias-budget" for each in found.problems):
        from declml_schema.anchors import unused_anchors

        found.problems.extend(unused_anchors(document))
    told = _without_echoes(found)
    if "declml:" in document.text:
        from declml_schema.ignore_comments import heed_ignores

        told = heed_ignores(document, told)
    return told


def _without_echoes(found: ProblemList) -> list[Problem]:
    """Return all problems in the order of the text; a scalar that is refused need not be called ambiguous as well."""
    refused = {problem.span for problem in found.problems if problem.severity is Severity.ERROR}
    return [each for each in found.sorted() if not (each.code == "ambiguous-scalar" and each.span in refused)]


@contextmanager
def _collector_at_rest() -> Generator[None, None, None]:
    """Keep the garbage collector from walking the growing tree again and again: it costs a third of a long check."""
    working = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if working:
            gc.enable()


def _check_tree(
    document: Document,
    words: Vocabulary,
    overrides: Sequence[tuple[str, object]],
    columns: Mapping[str, str] | None,
    found: ProblemList,
) -> tuple[Node | None, ConfigReading | None]:
    root = _root_mapping(document, overrides, found)
    if root is None:
        return None, None
    if "*" in document.text:
        to_data(root, budget=max(DATA_BUDGET, len(document.text)))
    root, misplaced = apply_overrides(root, overrides)
    for problem in misplaced:
        found.add(problem)
    broken_text = any(problem.severity is Severity.ERROR for problem in document.problems)
    inspection = Inspection(words, split_lines(document.text), document.broken, columns)
    inspection.here = start_of(root)
    modern = modernize(inspection, root)
    config = read_config(inspection, modern)
    if "model_type" not in config.top.places or "model_type" in config.top.given:
        check_references(inspection, config)
        check_model_type(inspection, config)
        check_tokens(inspection, config)
    for problem in inspection.problems:
        # Where the text itself is broken, something missing is most likely only half-typed.
        if not (broken_text and problem.code == "missing-key"):
            found.add(problem)
    if "*" in document.text:
        # Imported here, as above: most configs have no anchors.
        from declml_schema.anchors import with_origins

        found.problems = with_origins(root, inspection.lines, found.problems, inspection.paths_of)
    return root, config


def _root_mapping(
    document: Document, overrides: Sequence[tuple[str, object]], found: ProblemList
) -> MappingNode | None:
    root = document.root
    target = resolve(root) if root is not None else None
    if isinstance(target, MappingNode):
        return target
    if has_errors(found.problems):
        return None  # no YAML at all: the parser has said why
    if target is None or (isinstance(target, Scalar) and target.value is None):
        if overrides:
            return MappingNode(START_OF_TEXT.start, START_OF_TEXT.start, flow=False)
        hint = "Start with input_features and output_features, or let `declml init` write a config."
        found.add(Problem("empty-config", "A config must not be empty.", hint=hint))
        return None
    got = "text" if isinstance(target, Scalar) else "a list"
    found.add(
        Problem(
            "not-a-config",
            f"A config must be a mapping with input_features and output_features; got {got}.",
            start_of(target),
        )
    )
    return None

"""What may stand at a place is what the checker takes there: the same keys, the same components, everywhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from declml_lsp.levels import Level
from declml_lsp.meaning import (
    LeafMeaning,
    ListMeaning,
    MappingMeaning,
    alternatives_in,
    item_of,
    meaning_of,
    value_at,
)
from declml_lsp.nodes import Spot, spots
from declml_lsp.walk import walk
from declml_schema.check import check
from declml_schema.document import parse
from declml_schema.problems import Span
from declml_schema.tree import MappingNode, SequenceNode
from declml_schema.vocabulary import vocabulary

from .completing import completed

EXAMPLES = sorted((Path(__file__).parents[1] / "conformance").glob("*.yaml"))
WORDS = vocabulary()
UNKNOWN = {"unknown-key", "foreign-parameter", "not-built-yet", "legacy-spelling"}
CURRENT = [
    file
    for file in EXAMPLES
    if not any(each.code in UNKNOWN or each.code == "unknown-type" for each in check(file.read_bytes()).problems)
]
"""The examples without what is not built yet, and without older spellings."""
FEATURE = "  - name: x\n    type: {0}\n"


def places() -> Iterator[tuple[str, str]]:
    """Yield every kind of mapping that a config may have, as a text with a mark where its next key goes."""
    rest = "\noutput_features:\n  - {name: y, type: number}\n"
    yield "the config", "|\ninput_features:\n  - {name: x, type: number}" + rest
    for name in ("trainer", "preprocessing", "data", "evaluation", "kernel", "backend"):
        yield name, f"{name}:\n  |"
    yield "gradient_clipping", "trainer:\n  gradient_clipping:\n    |"
    yield "a slice", "evaluation:\n  slices:\n    - column: a\n      |"
    for kind, path in (("combiner", ""), ("split", "preprocessing"), ("optimizer", "trainer")):
        for word in WORDS.words(kind):
            indent = "  " if path else ""
            head = f"{path}:\n" if path else ""
            yield f"{kind} {word.name}", f"{head}{indent}{kind}:\n{indent}  type: {word.name}\n{indent}  |"
    for word in WORDS.words("schedule"):
        yield f"schedule {word.name}", f"trainer:\n  learning_rate_scheduler:\n    decay: {word.name}\n    |"
    for side, parts in (("input", ("encoder",)), ("output", ("decoder", "loss"))):
        for feature in WORDS.names(side):
            item = f"{side}_features:\n" + FEATURE.format(feature)
            yield f"{feature} {side}", item + "    |"
            yield f"preprocessing of a {feature} {side}", item + "    preprocessing:\n      |"
            for part in parts:
                yield f"the default {part} of a {feature} {side}", item + f"    {part}:\n      |"
                for word in WORDS.words(part, feature):
                    text = item + f"    {part}:\n      type: {word.name}\n      |"
                    yield f"{part} {word.name} of a {feature} {side}", text
    for feature in sorted({*WORDS.names("input"), *WORDS.names("output")}):
        yield f"defaults of {feature}", f"defaults:\n  {feature}:\n    |"
        yield f"preprocessing in the defaults of {feature}", f"defaults:\n  {feature}:\n    preprocessing:\n      |"
        for part in ("encoder", "decoder", "loss"):
            for word in WORDS.words(part, feature):
                head = f"defaults:\n  {feature}:\n    {part}:\n      type: {word.name}\n      |"
                yield f"{part} {word.name} in the defaults of {feature}", head
    yield "defaults", "defaults:\n  |"


PLACES = dict(places())
ODD = "{no_such_thing: 1}"
"""A value that no parameter takes and that is no older spelling of anything: the key alone is judged."""
DECIDING = {"type", "decay"}


def names() -> set[str]:
    """Return every name that is a key somewhere."""
    found = {"type", "no_such_name", *WORDS.names("input"), *WORDS.names("output")}
    for kind in WORDS.kinds:
        for word in WORDS.words(kind):
            for properties in (word.properties, word.preprocessing.properties):
                for name, schema in properties.items():
                    found |= {name, *schema.get("properties", ()), *schema.get("items", {}).get("properties", ())}
    return found


NAMES = sorted(names() - DECIDING)


@pytest.mark.parametrize("what", PLACES)
def test_the_keys_that_are_offered_are_those_that_the_checker_takes(what: str) -> None:
    text = PLACES[what]
    before, _, after = text.partition("|")
    indent = before.rpartition("\n")[2]
    candidates = [name for name in NAMES if name not in _keys_at(text)]
    first = before.count("\n")
    written = before + f"\n{indent}".join(f"{name}: {ODD}" for name in candidates) + after
    refused = {
        candidates[problem.span.start.line - first]
        for problem in check(written).problems
        if problem.code in UNKNOWN and _is_key(problem.span, first, len(candidates), len(indent))
    }
    assert refused, "the name that nothing has must be refused"
    taken, offered = {*candidates} - refused, {*completed(text).keys} - DECIDING
    assert offered <= taken
    # Several keys of an older spelling are told as one: each of them must be refused by itself.
    # What has nothing to do here is told as such, and not offered.
    for name in taken - offered:
        assert {*UNKNOWN, "ignored-parameter"}.intersection(
            each.code for each in check(f"{before}{name}: {ODD}{after}").problems
        ), name


def _is_key(span: Span, first: int, count: int, column: int) -> bool:
    return first <= span.start.line < first + count and span.start.column == column


def _keys_at(text: str) -> list[str]:
    """Return the keys that the mapping at the mark has already."""
    found = next(spot for spot in spots(parse(text.replace("|", "the_mark: 1")).root) if spot.step == "the_mark")
    return [key for key in found.levels[-1].keys if key != "the_mark"]


@pytest.mark.parametrize("file", CURRENT, ids=lambda file: file.stem)
def test_a_meaning_is_known_of_everything_that_the_checker_takes(file: Path) -> None:
    root = parse(file.read_text(encoding="utf-8")).root
    assert [each.spot.path for each in walk(WORDS, root) if each.meaning is None and each.spot.step != "<<"] == []


def test_the_component_in_force_is_the_one_that_the_checker_plans() -> None:
    compared = 0
    for file in CURRENT:
        result = check(file.read_text(encoding="utf-8"))
        assert result.plan is not None
        config = result.plan.as_json()
        for each in walk(WORDS, result.document.root):
            planned = _planned(config, each.spot)
            if planned is not None and isinstance(each.meaning, MappingMeaning) and each.meaning.kind:
                assert each.meaning.word is not None, f"{file.stem}: {each.spot.path}"
                assert each.meaning.word.name == planned, f"{file.stem}: {each.spot.path}"
                compared += 1
    assert compared > 20


def _planned(config: Any, spot: Spot) -> str | None:
    """Return the type that a plan has for a part of a feature, or for a section that has one."""
    steps = [*(level.step for level in spot.levels[1:]), spot.step]
    if str(steps[0]).endswith("_features") and len(steps) == 3:
        steps[0] = str(steps[0]).replace("_features", "s")
    here = config
    for step in steps:
        is_there = step in here if isinstance(here, dict) else isinstance(here, list) and isinstance(step, int)
        if not is_there:
            return None
        here = here[step]
    return here.get("type") if isinstance(here, dict) else None


def test_a_type_from_the_defaults_decides_where_none_is_written() -> None:
    levels = [Level(), Level("input_features", is_list=True), Level(0, ("type",), {"type": "text"}), Level("encoder")]
    built_in = meaning_of(WORDS, levels)
    assert isinstance(built_in, MappingMeaning)
    assert built_in.word is not None and built_in.word.name == "parallel_cnn"  # parameters without a type are Ludwig's
    chosen = meaning_of(WORDS, levels, type_defaults=lambda feature, part: f"{feature}/{part}" and "gru")
    assert isinstance(chosen, MappingMeaning)
    assert chosen.word is not None and chosen.word.name == "gru"


def test_without_a_type_every_parameter_is_known() -> None:
    levels = [Level(), Level("input_features", is_list=True), Level(0), Level("encoder", ("type",))]
    found = meaning_of(WORDS, levels)
    assert isinstance(found, MappingMeaning)
    assert found.word is None
    assert {"embedding_size", "bidirectional", "num_filters"} <= {*found.properties}


def test_what_may_be_a_list_or_a_mapping_is_both() -> None:
    evaluation = meaning_of(WORDS, [Level(), Level("evaluation")])
    kinds = [type(each) for each in alternatives_in(WORDS, evaluation, "metrics")]
    assert kinds == [ListMeaning, MappingMeaning]
    data = meaning_of(WORDS, [Level(), Level("data")])
    assert [type(each) for each in alternatives_in(WORDS, data, "source")] == [LeafMeaning, ListMeaning, MappingMeaning]
    assert alternatives_in(WORDS, data, "sorce") == []


def test_a_plain_value_a_list_and_a_mapping_are_told_apart() -> None:
    root = [Level()]
    assert isinstance(value_at(WORDS, root, "model_type"), LeafMeaning)
    features = value_at(WORDS, root, "input_features")
    assert isinstance(features, ListMeaning)
    item = item_of(WORDS, features)
    assert isinstance(item, MappingMeaning)
    assert item.required == ["name", "type"]
    assert isinstance(value_at(WORDS, root, "trainer"), MappingMeaning)
    assert value_at(WORDS, root, "trainr") is None


def test_sequences_in_trees_and_lines_mean_the_same() -> None:
    root = parse("data: {columns: [a, b]}").root
    assert isinstance(root, MappingNode)
    assert isinstance(root.entries[0].value, MappingNode)
    assert isinstance(root.entries[0].value.entries[0].value, SequenceNode)
    found = [each.reference for each in walk(WORDS, root) if isinstance(each.spot.step, int)]
    assert found == ["column", "column"]

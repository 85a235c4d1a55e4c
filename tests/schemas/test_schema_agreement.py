"""`jsonschema` and the checker agree on structure: on valid configs, and on every one of their mutations.

What no JSON Schema says is left to the checker alone: references and metrics (they depend on other parts of the
config), cross-field rules (``x-rules``), finite numbers, and older spellings, which the published schema refuses.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from declml_schema.check import check
from declml_schema.generate import GENERATED
from declml_schema.problems import Problem, Severity

SCHEMA = Draft202012Validator(json.loads((GENERATED / "config.schema.json").read_text()))
CHECKER_ALONE = {
    "absent-feature", "absent-column", "feature-mismatch", "metric-mismatch", "duplicate-feature", "feature-in-and-out",
    "reserved-name", "exclusive", "requires", "divisible", "at-most", "probabilities-sum", "tied-circle",
    "tied-mismatch",
}  # fmt: skip
CONFIGS = [
    file
    for file in sorted((Path(__file__).parents[1] / "conformance").glob("*.yaml"))
    if file.stem not in {"image_planned", "llm_planned", "rotten_tomatoes", "older_spelling", "anchors"}
]


def is_structural(problem: Problem) -> bool:
    """Return whether a JSON Schema could see it too."""
    if problem.code == "legacy-spelling":
        return True
    about_a_metric = "metric" in problem.message and problem.code in ("unknown-type", "not-built-yet")
    return problem.severity is Severity.ERROR and problem.code not in CHECKER_ALONE and not about_a_metric


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in items:
        yield from places(each, (*path, key))


def at(value: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        value = value[key]
    return value


def mutations(config: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the config with one thing changed: a typo in a key, another type, a number far out, a key gone or new."""
    for path in places(config):
        if not path:
            continue
        here = ".".join(map(str, path))
        old = at(config, path)
        for name, new in replacements(old):
            changed = copy.deepcopy(config)
            at(changed, path[:-1])[path[-1]] = new
            yield f"{here} = {name}", changed
        if isinstance(path[-1], str):
            changed = copy.deepcopy(config)
            parent = at(changed, path[:-1])
            parent[path[-1] + "x"] = parent.pop(path[-1])
            yield f"{here} misspelt", changed
            changed = copy.deepcopy(config)
            del at(changed, path[:-1])[path[-1]]
            yield f"{here} gone", changed
        if isinstance(old, dict):
            changed = copy.deepcopy(config)
            at(changed, path)["surprise"] = 1
            yield f"{here} with a surprise", changed


def replacements(old: Any) -> Iterator[tuple[str, Any]]:
    yield "null", None
    yield "a list", [["x"]]
    yield "a mapping", {"surprise": {}}
    yield "true", True
    if not isinstance(old, str):
        yield "text", "surprise"
    if isinstance(old, str):
        yield "misspelt", old + "x"
        yield "a number", 12345
    if not isinstance(old, bool) and isinstance(old, int | float):
        yield "far below", -1e9
        yield "far above", 1e12
        yield "with a point", old + 0.25
        yield "whole, with a point", float(int(old))


@pytest.mark.parametrize("file", CONFIGS, ids=lambda file: file.stem)
def test_checker_and_schema_agree_on_every_mutation(file: Path) -> None:
    config = check(file.read_text()).data
    assert SCHEMA.is_valid(config)
    apart: list[str] = []
    count = 0
    for name, changed in mutations(config):
        count += 1
        problems = [each for each in check(json.dumps(changed)).problems if is_structural(each)]
        if SCHEMA.is_valid(changed) != (not problems):
            apart.append(
                f"{name}: the schema {'takes' if problems else 'refuses'} it; {[each.message for each in problems]}"
            )
    assert count > 30
    assert apart == []


def test_a_validator_names_the_parameter_that_is_wrong() -> None:
    config = check(CONFIGS[0].read_text()).data
    config["combiner"] = {"type": "concat", "dropout": 3}
    messages = [error.message for error in SCHEMA.iter_errors(config)]
    assert messages == ["3 is greater than or equal to the maximum of 1"]


def test_the_schema_has_no_bare_one_of_and_closes_every_component() -> None:
    text = (GENERATED / "config.schema.json").read_text()
    assert '"oneOf"' not in text
    definitions = json.loads(text)["$defs"]
    for name, definition in definitions.items():
        if "properties" in definition and "allOf" not in definition:
            assert definition["additionalProperties"] is False, name

"""One value against its leaf: type, range, choice, and the ways out that can be offered."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from declml_schema.document import entries, resolve, to_data
from declml_schema.inspection import BAD, Inspection, replacement, start_of, suggestion
from declml_schema.leaf import describe, describe_bounds, leaf_types, show
from declml_schema.problems import Fix, Problem
from declml_schema.scalars import resolve_plain
from declml_schema.suggest import nearest
from declml_schema.tree import MappingNode, Node, Scalar, SequenceNode

Schema = Mapping[str, Any]
Answer = tuple[Any, list[Problem]]

_BOOLEANS = {"yes": "true", "on": "true", "y": "true", "no": "false", "off": "false", "n": "false"}


def read_value(inspection: Inspection, schema: Schema, node: Node, path: str) -> Any:
    """Return the value of ``node`` in the type of its leaf, or `BAD` after telling what is wrong with it."""
    value, problems = examine(schema, node, path)
    for problem in problems:
        inspection.take(problem)
    return BAD if problems else value


def examine(schema: Schema, node: Node, path: str, planned: Sequence[Any] = ()) -> Answer:
    """Return the value of ``node`` and everything wrong with it; the value counts only where nothing is."""
    target = resolve(node)
    if target is None:  # an alias without a target, which the parser has told
        return BAD, []
    planned = schema.get("x-planned", planned)
    if isinstance(target, Scalar):
        return _scalar(schema, target, node, path, planned)
    if "anyOf" in schema:
        return _alternatives(schema, target, node, path, planned)
    kinds = leaf_types(schema)
    if "enum" in schema or (kinds and ("object" if isinstance(target, MappingNode) else "array") not in kinds):
        return BAD, [_wrong_type(schema, target, node, path)]
    if isinstance(target, SequenceNode):
        return _sequence(schema, target, node, path)
    return _mapping(schema, target, path)


def _alternatives(
    schema: Schema, target: MappingNode | SequenceNode, node: Node, path: str, planned: Sequence[Any]
) -> Answer:
    if isinstance(target, MappingNode):
        chosen = _by_type(schema, target, path, planned)
        if chosen is not None:
            return (BAD, [chosen]) if isinstance(chosen, Problem) else examine(chosen, node, path, planned)
    wanted = "object" if isinstance(target, MappingNode) else "array"
    best: Answer | None = None
    for branch in schema["anyOf"]:
        if wanted in leaf_types(branch):
            answer = examine(branch, node, path, planned)
            if not answer[1]:
                return answer
            best = best or answer
    return best or (BAD, [_wrong_type(schema, target, node, path)])


def _by_type(schema: Schema, target: MappingNode, path: str, planned: Sequence[Any]) -> Schema | Problem | None:
    """Return the alternative that the key ``type`` names, or what is wrong with it; None where it chooses nothing."""
    kinds: dict[str, Schema] = {}
    refused: dict[str, str] = {}
    for branch in schema["anyOf"]:
        leaf: Schema = branch.get("properties", {}).get("type", {})
        planned = leaf.get("x-planned", planned)
        refused.update(leaf.get("x-refused", {}))
        for name in leaf.get("enum", ()):
            kinds[name] = branch
    entry = next((each for each in entries(target) if each.key.text == "type"), None)
    if len(kinds) < 2 or entry is None:
        return None
    value, problems = examine({"enum": list(kinds), "x-refused": refused}, entry.value, f"{path}.type", planned)
    return problems[0] if problems else kinds.get(value)


def _scalar(schema: Schema, target: Scalar, node: Node, path: str, planned: Sequence[Any]) -> Answer:
    value = target.value
    broken: list[str] = []
    for branch in schema.get("anyOf", (schema,)):
        fits, rule = _fits(branch, value)
        if fits and rule is None:
            return _typed(branch, value), []
        if rule is not None:
            broken.append(rule)
    if isinstance(value, str) and value in schema.get("x-refused", {}):
        message = f"{_subject(path)} must be {describe(schema)}; got {show(value)}: {schema['x-refused'][value]}."
        return BAD, [Problem("not-a-choice", message, node.span, path=path)]
    if any(_same(value, each) for each in planned):
        message = f"The value {show(value)} of {path} is known but not built yet."
        return BAD, [Problem("not-built-yet", message, node.span, path=path)]
    if broken:
        rule = broken[0] if len(broken) == 1 else describe(schema)
        message = f"{_subject(path)} must be {rule}; got {show(value)}."
        return BAD, [Problem("out-of-range", message, node.span, path=path)]
    return BAD, [_refused(schema, target, node, path)]


def _fits(branch: Schema, value: Any) -> tuple[bool, str | None]:
    """Return whether a scalar is of the branch's type, and if so what rule it breaks, if any."""
    if "enum" in branch:
        return any(_same(value, each) for each in branch["enum"]), None
    kinds = leaf_types(branch)
    if not kinds:
        return True, "a finite number" if isinstance(value, float) and not math.isfinite(value) else None
    if value is None:
        return "null" in kinds, None
    if isinstance(value, bool):
        return "boolean" in kinds, None
    if isinstance(value, str):
        return "string" in kinds, _text_fault(branch, value)
    if "number" in kinds or ("integer" in kinds and (isinstance(value, int) or value.is_integer())):
        return True, _number_fault(branch, value)
    return False, None


def _number_fault(branch: Schema, value: float) -> str | None:
    try:
        finite = math.isfinite(value)
    except OverflowError:
        finite = False
    if not finite:
        return "a finite number"
    outside = (
        ("minimum" in branch and value < branch["minimum"])
        or ("maximum" in branch and value > branch["maximum"])
        or ("exclusiveMinimum" in branch and value <= branch["exclusiveMinimum"])
        or ("exclusiveMaximum" in branch and value >= branch["exclusiveMaximum"])
    )
    return describe_bounds(branch) if outside else None


def _text_fault(branch: Schema, value: str) -> str | None:
    least, most = branch.get("minLength", 0), branch.get("maxLength")
    if len(value) < least or (most is not None and len(value) > most):
        if least == most:
            return f"{least} character{'s' if least > 1 else ''} long"
        return (
            "text that is not empty"
            if len(value) < least <= 1
            else f"{least} to {most or 'any number of'} characters long"
        )
    pattern = branch.get("pattern")
    if pattern is not None and re.search(pattern, value) is None:
        examples = " or ".join(show(each) for each in branch.get("examples", ()))
        return f"text such as {examples}" if examples else f"text of the form {pattern}"
    return None


def _typed(branch: Schema, value: Any) -> Any:
    kinds = leaf_types(branch)
    if isinstance(value, bool) or "enum" in branch:
        return value
    if isinstance(value, int) and "number" in kinds:
        return float(value)
    if isinstance(value, float) and "number" not in kinds and "integer" in kinds:
        return int(value)
    return value


def _refused(schema: Schema, target: Scalar, node: Node, path: str) -> Problem:
    value = target.value
    choices = [each for branch in schema.get("anyOf", (schema,)) for each in branch.get("enum", ())]
    kinds = {kind for branch in schema.get("anyOf", (schema,)) for kind in leaf_types(branch)}
    rule = f"{_subject(path)} must be {describe(schema)}; got {show(value)}."
    if isinstance(value, str):
        near = nearest(value, [each for each in choices if isinstance(each, str)])
        if near is not None:
            fix = replacement(node.span, near, f"Change '{value}' to '{near}'")
            return Problem("not-a-choice", f"{rule} Did you mean '{near}'?", node.span, path=path, fix=fix)
        read = resolve_plain(value) if target.style in ("'", '"') else value
        if (
            not isinstance(read, str)
            and read is not None
            and any(_fits(branch, read)[0] for branch in schema.get("anyOf", (schema,)))
        ):
            fix = replacement(node.span, value, "Remove the quotes")
            got = f"the text {show(value)}, which quotes keep from being a value"
            message = f"{_subject(path)} must be {describe(schema)}; got {got}."
            return Problem("text-number", message, node.span, path=path, fix=fix)
        if "boolean" in kinds and value.casefold() in _BOOLEANS:
            word = _BOOLEANS[value.casefold()]
            return Problem("wrong-type", rule, node.span, path=path, fix=replacement(node.span, word))
    if choices and not kinds - {"null"}:
        return Problem("not-a-choice", rule, node.span, path=path)
    return _wrong_type(schema, target, node, path)


def _wrong_type(schema: Schema, target: Scalar | MappingNode | SequenceNode, node: Node, path: str) -> Problem:
    got = (
        show(target.value)
        if isinstance(target, Scalar)
        else "a mapping"
        if isinstance(target, MappingNode)
        else "a list"
    )
    span = node.span if isinstance(target, Scalar) else start_of(node)
    fix: Fix | None = None
    if isinstance(target, Scalar) and target.value is not None:
        if "string" in leaf_types(schema):
            fix = replacement(node.span, f"'{target.text}'", "Put it in quotes")
        elif (
            "array" in leaf_types(schema)
            and not examine(schema.get("items", {}), target, path)[1]
            and target.style in (None, "'", '"')
        ):
            written = target.text if target.style is None else f"{target.style}{target.text}{target.style}"
            fix = replacement(node.span, f"[{written}]", "Make it a list")
    return Problem("wrong-type", f"{_subject(path)} must be {describe(schema)}; got {got}.", span, path=path, fix=fix)


def _sequence(schema: Schema, target: SequenceNode, node: Node, path: str) -> Answer:
    least, most = schema.get("minItems", 0), schema.get("maxItems")
    count = len(target.items)
    if count < least or (most is not None and count > most):
        size = f"{least}" if least == most else f"at least {least}" if count < least else f"at most {most}"
        message = (
            f"{_subject(path)} must have {size} item{'' if size.endswith(' 1') or size == '1' else 's'}; got {count}."
        )
        return BAD, [Problem("out-of-range", message, start_of(node), path=path)]
    firsts: Sequence[Schema] = schema.get("prefixItems", ())
    rest = schema.get("items")
    values: list[Any] = []
    problems: list[Problem] = []
    for index, item in enumerate(target.items):
        leaf = firsts[index] if index < len(firsts) else rest if isinstance(rest, Mapping) else {}
        value, faults = examine(leaf, item, f"{path}[{index}]")
        values.append(value)
        problems += faults
    return (BAD if any(value is BAD for value in values) else values), problems


def _mapping(schema: Schema, target: MappingNode, path: str) -> Answer:
    properties: Schema | None = schema.get("properties")
    inner = schema.get("additionalProperties")
    if properties is None and not isinstance(inner, Mapping):
        data = to_data(target)
        if _has_infinite(data):
            return BAD, [
                Problem("out-of-range", f"{_subject(path)} must hold finite numbers only.", start_of(target), path=path)
            ]
        return data, []
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for entry in entries(target):
        name = entry.key.text
        here = f"{path}.{name}"
        leaf = (properties or {}).get(name, inner)
        if not isinstance(leaf, Mapping):
            meant, fix = suggestion(name, list(properties or {}), entry.key.span)
            hint = f"It takes {', '.join(properties or {})}."
            message = f"Unknown key '{name}' in {_subject(path)}.{meant}"
            problems.append(Problem("unknown-key", message, entry.key.span, path=here, hint=hint, fix=fix))
            continue
        value, faults = examine(leaf, entry.value, here)
        values[name] = value
        problems += faults
    for name in schema.get("required", ()):
        if name not in values and not problems:
            problems.append(
                Problem("missing-key", f"{_subject(path)} must have '{name}'.", start_of(target), path=path)
            )
    return (BAD if any(value is BAD for value in values.values()) else values), problems


def _has_infinite(data: object) -> bool:
    if isinstance(data, float):
        return not math.isfinite(data)
    if isinstance(data, dict):
        return any(_has_infinite(each) for each in data.values())
    return isinstance(data, list) and any(_has_infinite(each) for each in data)


def _same(value: Any, choice: Any) -> bool:
    return value == choice and isinstance(value, bool) == isinstance(choice, bool)


def _subject(path: str) -> str:
    """Return the last name of a path, an item's index included: ``betas[1]`` of ``trainer.optimizer.betas[1]``."""
    return path.rpartition(".")[2]

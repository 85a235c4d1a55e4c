"""The cross-field rules of a block: the closed vocabulary of `declare.Rule`, applied to what was read."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from declml_schema.inspection import BAD, Inspection, Reading
from declml_schema.leaf import show
from declml_schema.problems import Severity, Span

SUM_TOLERANCE = 1e-6


def check_rules(inspection: Inspection, reading: Reading) -> None:
    """Check every rule of the reading's block; a rule about a value that has a problem already says nothing."""
    if reading.block is None:
        return
    for rule in reading.block.rules:
        if rule["parameter"] in reading.places or rule.get("other") in reading.places:
            _CHECKS[rule["kind"]](inspection, reading, rule)


def _ignored_unless(inspection: Inspection, reading: Reading, rule: Mapping[str, Any]) -> None:
    name, other = rule["parameter"], rule["other"]
    value, actual = reading.given.get(name, BAD), reading.value(other)
    assert reading.block is not None
    wanted: Sequence[Any] = rule.get("values", ())
    acts = actual in wanted if wanted else actual is not None
    if value is BAD or actual is BAD or value == reading.block.defaults.get(name) or acts:
        return
    if "or_given" in rule and reading.value(rule["or_given"]) is not None:
        return
    when = _among(wanted) if wanted else "given"
    message = f"{name} acts only while {other} is {when}; got {show(actual)}, so it does nothing."
    _tell(inspection, reading, "ignored-parameter", message, rule, severity=Severity.WARNING)


def _requires(inspection: Inspection, reading: Reading, rule: Mapping[str, Any]) -> None:
    name, other = rule["parameter"], rule["other"]
    value = reading.value(name)
    wanted: Sequence[Any] = rule.get("values", ())
    asks = value in wanted if wanted else name in reading.places and value is not None
    if value is BAD or not asks or other in reading.places or reading.value(other) is not None:
        return
    _tell(inspection, reading, "requires", f"{other} must be given while {name} is {show(value)}.", rule)


def _exclusive(inspection: Inspection, reading: Reading, rule: Mapping[str, Any]) -> None:
    first, second = reading.given.get(rule["parameter"]), reading.given.get(rule["other"])
    defaults = reading.block.defaults if reading.block is not None else {}
    # A value that is the default asks for nothing: Ludwig's rendered configs give both that way.
    if first in (None, defaults.get(rule["parameter"])) or second in (None, defaults.get(rule["other"])):
        return
    message = (
        f"Only one of {rule['parameter']} and {rule['other']} must be given; got {show(first)} and {show(second)}."
    )
    _tell(inspection, reading, "exclusive", message, rule)


def _divisible(inspection: Inspection, reading: Reading, rule: Mapping[str, Any]) -> None:
    value, other = reading.value(rule["parameter"]), reading.value(rule["other"])
    if not _number(value) or not _number(other) or other == 0 or value % other == 0:
        return
    message = f"{rule['parameter']} must be a multiple of {rule['other']}, which is {show(other)}; got {show(value)}."
    _tell(inspection, reading, "divisible", message, rule)


def _at_most(inspection: Inspection, reading: Reading, rule: Mapping[str, Any]) -> None:
    value, other = reading.value(rule["parameter"]), reading.value(rule["other"])
    if not _number(value) or not _number(other) or value <= other:
        return
    message = f"{rule['parameter']} must be <= {rule['other']}, which is {show(other)}; got {show(value)}."
    _tell(inspection, reading, "at-most", message, rule)


def _sum(inspection: Inspection, reading: Reading, rule: Mapping[str, Any]) -> None:
    items = reading.value(rule["parameter"])
    if not isinstance(items, list) or not all(_number(each) for each in items):
        return
    total, wanted = math.fsum(items), rule["values"][0]
    if abs(total - wanted) > SUM_TOLERANCE:
        message = f"{rule['parameter']} must add up to {show(wanted)}; got {show(round(total, 6))}."
        _tell(inspection, reading, "probabilities-sum", message, rule)


_CHECKS: Mapping[str, Callable[[Inspection, Reading, Mapping[str, Any]], None]] = {
    "ignored-unless": _ignored_unless,
    "requires": _requires,
    "exclusive": _exclusive,
    "divisible": _divisible,
    "at-most": _at_most,
    "sum": _sum,
}


def _tell(
    inspection: Inspection,
    reading: Reading,
    code: str,
    message: str,
    rule: Mapping[str, Any],
    *,
    severity: Severity = Severity.ERROR,
) -> None:
    name = rule["parameter"] if rule["parameter"] in reading.places else rule["other"]
    path = f"{reading.path}.{name}" if reading.path else name
    inspection.add(code, message, _place(reading, name, code), path, severity=severity, hint=rule.get("doc", ""))


def _place(reading: Reading, name: str, code: str) -> Span:
    key, node = reading.places[name]
    return key.span if code in ("ignored-parameter", "exclusive", "requires") else node.span


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _among(values: Sequence[Any]) -> str:
    if len(values) > 4 and all(_number(each) and each == values[0] + index for index, each in enumerate(values)):
        return f"{values[0]} to {values[-1]}"
    shown = [show(each) for each in values]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} or {shown[-1]}"

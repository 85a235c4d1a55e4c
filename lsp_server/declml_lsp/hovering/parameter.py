"""One parameter: what it does, what it takes, what is in force and why, and when it does nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from declml_lsp.hovering.look import Look
from declml_schema.in_force import BUILT_IN, DEFAULTS, HERE, InForce
from declml_schema.leaf import describe

_MOST_PLANNED = 4

Json = Mapping[str, Any]


def parameter_parts(look: Look, key: str, schema: Json, *, of: str, path: str, block: str) -> list[str]:
    """Return what there is to say of the parameter ``key`` of ``of``; ``block`` is the path of the mapping it is in."""
    ink = look.ink
    parts = [ink.title(key, f"of {ink.code(of) if of.isidentifier() else of}")]
    if schema.get("description"):
        parts.append(ink.sentence(schema["description"]))
    force = look.force(block)
    lines = [*_takes(look, schema), *_in_force(look, key, schema, path, force), *_conditions(look, key, path, force)]
    if lines:
        parts.append(ink.items(lines))
    return parts


def origin_text(look: Look, origin: str) -> str:
    """Return where a value comes from, for a table."""
    return look.ink.code("defaults") if origin == DEFAULTS else origin


def resolved(look: Look, path: str) -> Any:
    """Return what an `auto` or null becomes when the config is trained, None where that is not known."""
    model = look.model
    if model is None or model.get("stale"):
        return None
    return (model.get("resolved") or {}).get(path)


def is_open(value: Any) -> bool:
    """Return whether a value leaves the choice to declml."""
    return value is None or value == "auto"


def _takes(look: Look, schema: Json) -> Iterator[str]:
    ink = look.ink
    if "x-choice" not in schema:
        takes = describe(schema)
        unit = f", in {schema['x-unit']}" if schema.get("x-unit") else ""
        if takes != "a value":
            yield f"Takes {takes}{unit}"
    if "default" in schema and not isinstance(schema["default"], Mapping):
        yield f"Default: {ink.value(schema['default'])}"
    if schema.get("examples"):
        yield f"For example {', '.join(ink.value(each) for each in schema['examples'])}"
    planned: Sequence[Any] = schema.get("x-planned") or ()
    if planned:
        more = f" and {len(planned) - _MOST_PLANNED} more" if len(planned) > _MOST_PLANNED else ""
        yield f"Not built yet: {', '.join(ink.value(each) for each in planned[:_MOST_PLANNED])}{more}"


def _in_force(look: Look, key: str, schema: Json, path: str, force: InForce | None) -> Iterator[str]:
    if force is None or key not in force.values:
        return
    value, origin = force.values[key], force.origins.get(key, BUILT_IN)
    if isinstance(value, Mapping):
        return  # its own keys are told one by one
    becomes = resolved(look, path) if is_open(value) else None
    then = f", which becomes {look.ink.value(becomes)}" if becomes is not None else ""
    if key in force.overruled:
        yield f"In force: {look.ink.value(value)}, as the encoder brings it, whatever stands here"
    elif path.startswith("defaults."):
        yield f"In force: {look.ink.value(value)} for each feature of this type that says nothing else"
    else:
        where = {HERE: "written here", DEFAULTS: f"from {look.ink.code('defaults')}"}.get(origin, origin)
        yield f"In force: {look.ink.value(value)}, {where}{then}"


def _conditions(look: Look, key: str, path: str, force: InForce | None) -> Iterator[str]:
    """Yield when the parameter acts, and whether it does now, unless a problem at the same place says so."""
    is_told = any(each.code == "ignored-parameter" and each.path == path for each in look.result.problems)
    for rule in force.rules if force is not None else ():
        if key not in (rule["parameter"], rule.get("other")):
            continue
        sentence = _rule_sentence(look, key, rule)
        if not sentence:
            continue
        now = ""
        if rule["kind"] == "ignored-unless" and not is_told and force is not None and rule["other"] in force.values:
            actual = force.values[rule["other"]]
            acts = actual in rule["values"] if "values" in rule else actual is not None
            if not acts and force.values.get(rule.get("or_given", "")) is None:
                code = look.ink.code
                now = f" {look.ink.strong('Now it does nothing')}: {code(rule['other'])} is {look.ink.value(actual)}."
        yield f"{sentence}{now}"


def _rule_sentence(look: Look, key: str, rule: Json) -> str:
    code = look.ink.code
    parameter, other = str(rule["parameter"]), str(rule.get("other", ""))
    doc = f" {look.ink.sentence(rule['doc'])}" if rule.get("doc") else ""
    kind = rule["kind"]
    if kind == "ignored-unless":
        values = " or ".join(look.ink.value(each) for each in rule.get("values", ())[:4]) or "given"
        return doc.strip() or f"Acts only while {code(other)} is {values}." if key == parameter else ""
    if kind == "requires":
        values = " or ".join(look.ink.value(each) for each in rule.get("values", ()))
        when = f" while it is {values}" if values else ""
        return f"Needs {code(other)}{when}.{doc}" if key == parameter else ""
    if kind == "exclusive":
        return f"Goes without {code(other if key == parameter else parameter)}.{doc}"
    if kind in ("divisible", "at-most"):
        word = "a multiple of" if kind == "divisible" else "at most"
        if key == parameter:
            return f"Must be {word} {code(other)}.{doc}"
        return f"{code(parameter)} must be {word} this.{doc}"
    if kind == "sum" and key == parameter:
        return f"Must add up to {look.ink.value(rule['values'][0])}.{doc}"
    return ""

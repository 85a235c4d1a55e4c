"""What a list and its documentation say of a parameter, a component or a column: short, from the vocabulary."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from declml_lsp.quoting import as_scalar
from declml_schema.leaf import describe_bounds, leaf_types
from declml_schema.vocabulary import Word

Schema = Mapping[str, Any]

_TYPES = {"integer": "integer", "number": "number", "string": "text", "boolean": "boolean", "array": "list"}
_MOST_CHOICES = 3
_MOST_PARAMETERS = 12


def yaml_text(value: Any) -> str:
    """Return a value as a config writes it, on one line."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return as_scalar(value)
    if isinstance(value, list):
        return f"[{', '.join(yaml_text(each) for each in value)}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{as_scalar(str(name))}: {yaml_text(each)}' for name, each in value.items())}}}"
    return str(int(value)) if isinstance(value, float) and value.is_integer() and abs(value) < 1e15 else str(value)


def brief(schema: Schema) -> str:
    """Return what a parameter takes, in a few words: ``integer >= 1, default 256``."""
    parts = [_takes(schema)]
    if "default" in schema and not isinstance(schema["default"], dict):
        default = yaml_text(schema["default"])
        parts.append(f"default {default}" if schema["default"] is not None else "")
    return ", ".join(part for part in parts if part)


def _takes(schema: Schema) -> str:
    words: list[str] = []
    for branch in schema.get("anyOf", (schema,)):
        if "enum" in branch:
            words += _choices(branch["enum"])
            continue
        for kind in leaf_types(branch):
            word = _TYPES.get(kind, "")
            if kind in ("integer", "number"):
                word = f"{word} {describe_bounds(branch)}".rstrip()
            words.append(word)
    shown = [word for word in dict.fromkeys(words) if word]
    if "x-choice" in schema:
        kind = schema["x-choice"]
        return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"
    return " or ".join(shown)


def _choices(values: Sequence[Any]) -> list[str]:
    named = [value for value in values if value is not None]
    if len(named) > _MOST_CHOICES:
        return [f"one of {len(named)}"]
    return [" | ".join(yaml_text(value) for value in named)]


def parameter_doc(schema: Schema, *, note: str = "") -> str:
    """Return what a parameter does, takes and is without being said, in Markdown."""
    lines = [schema.get("description", "")]
    facts: list[str] = []
    if "default" in schema and schema["default"] is not None and not isinstance(schema["default"], dict):
        facts.append(f"Default: `{yaml_text(schema['default'])}`.")
    takes = _full_range(schema)
    if takes:
        facts.append(f"Takes: {takes}.")
    if "x-unit" in schema:
        facts.append(f"Unit: {schema['x-unit']}.")
    if schema.get("examples"):
        facts.append(f"For example {' or '.join(f'`{yaml_text(each)}`' for each in schema['examples'])}.")
    if schema.get("x-planned"):
        facts.append(f"Not built yet: {', '.join(f'`{yaml_text(each)}`' for each in schema['x-planned'])}.")
    return "\n\n".join(part for part in (*lines, "  \n".join(facts), note) if part)


def _full_range(schema: Schema) -> str:
    if "x-choice" in schema:
        return ""
    parts: list[str] = []
    for branch in schema.get("anyOf", (schema,)):
        if "enum" in branch:
            parts += [f"`{yaml_text(each)}`" for each in branch["enum"]]
            continue
        for kind in leaf_types(branch):
            if kind in ("integer", "number"):
                parts.append(f"{_TYPES[kind]} {describe_bounds(branch)}".rstrip())
            elif kind == "object":
                parts.append("a mapping")
            else:
                parts.append("`null`" if kind == "null" else "true or false" if kind == "boolean" else _TYPES[kind])
    shown = list(dict.fromkeys(parts))
    return f"{', '.join(shown[:-1])} or {shown[-1]}" if len(shown) > 1 else shown[0] if shown else ""


def word_doc(word: Word) -> str:
    """Return what a component does, needs and takes, in Markdown."""
    parts = [word.doc]
    goal = {"maximize": "Higher is better.", "minimize": "Lower is better."}.get(word.facts.get("goal", ""))
    if goal:
        parts.append(goal)
    if word.facts.get("package"):
        parts.append(f"Needs the package `{word.facts['package']}`.")
    if word.required:
        parts.append(f"Must have {', '.join(f'`{name}`' for name in word.required)}.")
    names = [f"`{name}`" for name in word.properties]
    if names:
        more = f" and {len(names) - _MOST_PARAMETERS} more" if len(names) > _MOST_PARAMETERS else ""
        parts.append(f"Parameters: {', '.join(names[:_MOST_PARAMETERS])}{more}.")
    return "\n\n".join(part for part in parts if part)


def column_brief(column: Mapping[str, Any]) -> str:
    """Return a column's type, missing share and distinct count: ``Int64, 3% missing, 74 distinct``."""
    rows, missing = column.get("rows") or 0, column.get("missing") or 0
    parts = [str(column.get("dtype", ""))]
    if missing and rows:
        share = 100 * missing / rows
        parts.append(f"{share:.0f}% missing" if share >= 1 else "<1% missing")
    if column.get("distinct"):
        parts.append(f"{column['distinct']:,} distinct")
    return ", ".join(part for part in parts if part)


def column_doc(column: Mapping[str, Any]) -> str:
    """Return what a column holds, in Markdown."""
    parts = [f"{column_brief(column)}."]
    if column.get("feature_type"):
        reason = f": {column['reason']}" if column.get("reason") else ""
        parts.append(f"Reads as a **{column['feature_type']}** feature{reason}.")
    number = column.get("number")
    if number:
        parts.append(f"From {number['min']:g} to {number['max']:g}, {number['mean']:g} on average.")
    samples = [str(each) for each in column.get("examples") or ()]
    if samples:
        parts.append(f"Values: {', '.join(_code(each) for each in samples)}")
    parts += [f"Note: {warning}." for warning in column.get("warnings") or ()]
    return "\n\n".join(parts)


def _code(text: str) -> str:
    """Return a value of the data as Markdown shows it as it is."""
    line = " ".join(text.split())
    line = line if len(line) <= 40 else f"{line[:39]}…"
    fence = "``" if "`" in line else "`"
    return f"{fence} {line} {fence}" if "`" in line else f"`{line}`"


def plain(markdown: str) -> str:
    """Return a documentation for a client that shows no Markdown."""
    return markdown.replace("**", "").replace("``", "`").replace("`", "'").replace("  \n", "\n")

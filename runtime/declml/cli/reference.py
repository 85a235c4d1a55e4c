"""The reference of the language as Markdown pages, one per kind, from the generated vocabulary alone."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from declml_schema.vocabulary import Block, Vocabulary, Word

_TITLES = {
    "section": "Sections",
    "input": "Input features",
    "output": "Output features",
    "encoder": "Encoders",
    "combiner": "Combiners",
    "decoder": "Decoders",
    "loss": "Losses",
    "metric": "Metrics",
    "optimizer": "Optimizers",
    "schedule": "Schedules of the learning rate",
    "split": "Splits",
}
_BOUNDS = (("minimum", ">="), ("exclusiveMinimum", ">"), ("maximum", "<="), ("exclusiveMaximum", "<"))
_OWN_BOUNDS = (("ge", ">="), ("gt", ">"), ("le", "<="), ("lt", "<"))


def pages(words: Vocabulary) -> dict[str, str]:
    """Return the text of every page by its file name; the same vocabulary gives the same text."""
    kinds = [kind for kind in _TITLES if kind in words.kinds]
    kinds += [kind for kind in words.kinds if kind not in kinds]
    answer = {f"{kind}.md": _page(kind, words.words(kind)) for kind in kinds}
    listed = "\n".join(_contents(kind, words.words(kind)) for kind in kinds)
    answer["README.md"] = (
        "# The language of configs\n\nEvery name that a config can say, with its parameters. "
        f"Written by `declml schema docs`.\n\n{listed}"
    )
    return answer


def place_of(word: Word) -> str:
    """Return where a word stands: ``trainer``, ``encoder.text.lstm``, ``encoder.(binary|number).dense``."""
    if word.kind == "section":
        return word.name
    if not word.features:
        return f"{word.kind}.{word.name}"
    served = word.features[0] if len(word.features) == 1 else f"({'|'.join(word.features)})"
    return f"{word.kind}.{served}.{word.name}"


def leaf_type(leaf: Mapping[str, Any]) -> str:
    """Return what a value may be, in words: ``integer``, ``number or null``, ``one of adam, sgd``."""
    if "anyOf" in leaf:
        return " or ".join(dict.fromkeys(leaf_type(each) for each in leaf["anyOf"]))
    if "enum" in leaf:
        shown = [_value(each) for each in leaf["enum"]]
        return shown[0] if len(shown) == 1 else f"one of {', '.join(shown)}"
    kinds = leaf.get("type", "anything")
    names = [kinds] if isinstance(kinds, str) else list(kinds)
    told = ["list" if name == "array" else "mapping" if name == "object" else str(name) for name in names]
    if "array" in names and isinstance(leaf.get("items"), Mapping) and leaf["items"]:
        told[told.index("list")] = f"list of {leaf_type(leaf['items'])}"
    return " or ".join(told)


def leaf_range(leaf: Mapping[str, Any]) -> str:
    """Return the range of a number, with its unit: ``>= 1 and < 10 rows``; an empty text when there is none."""
    bounds = [f"{sign} {leaf[name]:g}" for name, sign in (*_BOUNDS, *_OWN_BOUNDS) if name in leaf]
    unit = str(leaf.get("x-unit", ""))
    return " ".join(each for each in (" and ".join(bounds), f"in {unit}" if unit and not bounds else unit) if each)


def leaf_default(leaf: Mapping[str, Any], *, required: bool) -> str:
    """Return what holds when nothing is given."""
    if required:
        return "must be given"
    return f"default {_value(leaf['default'])}" if "default" in leaf else ""


def _page(kind: str, words: Sequence[Word]) -> str:
    return "\n\n".join([f"# {_TITLES.get(kind, kind)}", *(_word(each) for each in words)]) + "\n"


def _word(word: Word) -> str:
    served = f" for {', '.join(word.features)}" if word.features else ""
    parts = [f"## {word.name}{served}", word.doc]
    if word.properties:
        parts.append(_table(word))
    if word.preprocessing.properties:
        parts += ["Its `preprocessing`:", _table(word.preprocessing)]
    notes = [f"- {rule['doc']}" for rule in word.rules if rule.get("doc")]
    if notes:
        parts.append("\n".join(notes))
    return "\n\n".join(parts)


def _table(block: Block) -> str:
    lines = ["| parameter | value | default | meaning |", "| --- | --- | --- | --- |"]
    for name, leaf in block.properties.items():
        value = ", ".join(each for each in (leaf_type(leaf), leaf_range(leaf)) if each)
        default = leaf_default(leaf, required=name in block.required).removeprefix("default ")
        cells = [f"`{name}`", value, default, str(leaf.get("description", ""))]
        lines.append("| " + " | ".join(each.replace("|", "\\|").replace("\n", " ") for each in cells) + " |")
    return "\n".join(lines)


def _contents(kind: str, words: Sequence[Word]) -> str:
    names = ", ".join(dict.fromkeys(f"`{word.name}`" for word in words))
    return f"- [{_TITLES.get(kind, kind)}]({kind}.md): {names}\n"


def _value(value: Any) -> str:
    return value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)

"""Configs drawn from the vocabulary by a seed: every feature type, component and section, in many ways of writing YAML.

`config_data` draws what a config says, `written` how it is written: block and flow style, quotes, comments, anchors,
merges, wide indentation, other line ends. Most drawn configs are valid; cross-field rules make some of them wrong.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from random import Random
from typing import Any, TypeAlias

from declml_schema.scalars import resolve_plain
from declml_schema.vocabulary import Vocabulary, Word, vocabulary

Json: TypeAlias = Any

NAMES = ("age", "title", "hours per week", "größe", "price ($)", "no", "2024", "is_member", "🧮 sum", "a: b", "null")
_PLAIN_SAFE = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-/ ")


def generated(seed: int) -> str:
    """Return the text of one config; the same for the same seed."""
    random = Random(seed)
    return written(random, config_data(random))


def config_data(random: Random) -> dict[str, Json]:
    """Return what one config says, as plain data."""
    words = vocabulary()
    names = random.sample(NAMES, k=random.randint(2, 7))
    cut = random.randint(1, min(3, len(names) - 1))
    outputs, inputs = names[:cut], names[cut:]
    data: dict[str, Json] = {
        "input_features": [_feature(random, words, "input", name) for name in inputs],
        "output_features": [_feature(random, words, "output", name) for name in outputs],
    }
    for section in ("data", "preprocessing", "trainer", "evaluation", "backend", "kernel"):
        if random.random() < 0.35:
            data[section] = _section(random, words, words.section(section), data)
    if random.random() < 0.35:
        data["combiner"] = _component(random, words, "combiner", None)
    if random.random() < 0.3:
        data["defaults"] = _defaults(random, words, data)
    if random.random() < 0.2:
        data["name"] = "one experiment"
    _share(random, data["input_features"])
    if random.random() < 0.5:
        keys = list(data)
        random.shuffle(keys)
        data = {key: data[key] for key in keys}
    return data


def _feature(random: Random, words: Vocabulary, side: str, name: str) -> dict[str, Json]:
    kind = random.choice(words.names(side))
    feature: dict[str, Json] = {"name": name, "type": kind}
    if random.random() < 0.3:
        feature["column"] = f"column of {name}"
    parts = ["encoder"] if side == "input" else ["decoder", "loss"]
    for part in parts:
        if random.random() < 0.4:
            feature[part] = _component(random, words, part, kind)
    block = words.find("input", kind)
    if block is not None and random.random() < 0.3:
        feature["preprocessing"] = _parameters(random, words, block.preprocessing.properties, kind)
    return feature


def _share(random: Random, features: list[dict[str, Json]]) -> None:
    """Give features of one type the same encoder or preprocessing, as people do by an anchor."""
    for before, after in pairwise(features):
        for part in ("encoder", "preprocessing"):
            if before["type"] == after["type"] and part in before and random.random() < 0.7:
                after[part] = before[part]


def _component(random: Random, words: Vocabulary, kind: str, feature: str | None) -> dict[str, Json]:
    word = random.choice(words.words(kind, feature))
    data = {"type": word.name} | _parameters(random, words, word.properties, feature)
    for name in word.required:
        data.setdefault(name, _value(random, word.properties[name]))
    return data


def _section(random: Random, words: Vocabulary, section: Word, data: Mapping[str, Json]) -> dict[str, Json]:
    """Return a section. What names other parts of the config names some that are there."""
    answer = _parameters(random, words, section.properties, None)
    inputs = [each["name"] for each in data["input_features"]]
    outputs = [each["name"] for each in data["output_features"]]
    fitting = {
        "validation_field": random.choice(outputs),
        "validation_metric": "loss",
        "bucketing_field": next((each["name"] for each in data["input_features"] if each["type"] == "text"), None),
        "metrics": None,
        "slices": [],
        "source": "people.csv",
        "sha256": None,
        "columns": [*inputs, *outputs],
        "where": "age > 3",
    }
    return answer | {key: value for key, value in fitting.items() if key in answer}


def _defaults(random: Random, words: Vocabulary, data: Mapping[str, Json]) -> dict[str, Json]:
    kinds = {each["type"] for each in data["input_features"]}
    return {
        kind: {"encoder": _component(random, words, "encoder", kind)}
        for kind in sorted(kinds)
        if random.random() < 0.7 and words.words("encoder", kind)
    }


def _parameters(random: Random, words: Vocabulary, leaves: Mapping[str, Json], feature: str | None) -> dict[str, Json]:
    names = random.sample(sorted(leaves), k=min(len(leaves), random.randint(0, 4)))
    answer: dict[str, Json] = {}
    for name in names:
        choice = leaves[name].get("x-choice")
        is_component = choice is not None and "object" in leaves[name].get("type", ())
        of = leaves[name].get("x-feature", feature)
        answer[name] = _component(random, words, choice, of) if is_component else _value(random, leaves[name])
    return answer


def _value(random: Random, leaf: Json) -> Json:
    """Return a value that a leaf takes."""
    if "default" in leaf and random.random() < 0.3:
        return leaf["default"]
    if leaf.get("examples") and (random.random() < 0.5 or "pattern" in leaf):
        return random.choice(leaf["examples"])
    if "x-choice" in leaf:
        return random.choice(vocabulary().names(leaf["x-choice"]))
    if "anyOf" in leaf:
        return _value(random, random.choice(leaf["anyOf"]))
    if "enum" in leaf:
        return random.choice(leaf["enum"])
    kinds = leaf.get("type", "string")
    kind = kinds if isinstance(kinds, str) else random.choice(kinds)
    if kind in ("integer", "number"):
        return _number(random, leaf, whole=kind == "integer")
    if kind == "array":
        return [_value(random, leaf.get("items", {})) for _ in range(leaf.get("minItems", random.randint(0, 2)))]
    if kind == "object":
        inner = leaf.get("properties", {})
        return {name: _value(random, inner[name]) for name in random.sample(sorted(inner), k=min(len(inner), 2))}
    text = ";" if leaf.get("maxLength") == 1 else random.choice(("x", "some words"))
    return {"boolean": random.random() < 0.5, "null": None}.get(kind, text)


def _number(random: Random, leaf: Json, *, whole: bool) -> int | float:
    low = leaf.get("minimum", leaf.get("exclusiveMinimum", 0))
    high = min(leaf.get("maximum", leaf.get("exclusiveMaximum", low + 1000)), low + 1000)
    if whole:
        first = int(low) + ("minimum" not in leaf and "exclusiveMinimum" in leaf)
        return random.randint(first, max(first, int(high) - ("exclusiveMaximum" in leaf)))
    return round(low + (high - low) * random.uniform(0.01, 0.99), random.randint(3, 6))


# --- writing it ------------------------------------------------------------------------------------------------------


def written(random: Random, data: Mapping[str, Json]) -> str:
    """Return ``data`` as YAML, in a style that the seed draws."""
    writer = _Writer(random, Counter(json.dumps(each, sort_keys=True) for each in _mappings(data)))
    lines = writer.block(data, 0)
    if random.random() < 0.3:
        lines[:0] = random.choice((["# declml"], ["---"], ["# größe 🧮", ""], ["%YAML 1.2", "---"]))
    end = random.choices(("\n", "\r\n", "\r"), weights=(8, 2, 1))[0]
    return end.join(lines) + random.choice((end, end, ""))


def _mappings(value: Json) -> Iterator[Json]:
    """Yield every mapping in ``value`` that is not empty."""
    if isinstance(value, dict) and value:
        yield value
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _mappings(each)


class _Writer:
    """Writes mappings and lists line by line. Equal mappings may become an alias or a merge of the first."""

    def __init__(self, random: Random, repeated: Mapping[str, int]) -> None:
        self._random = random
        self._repeated = repeated
        self._step = random.choice((2, 2, 2, 4))
        self._flow_share = random.choice((0.1, 0.4, 0.9))
        self._anchors: dict[str, str] = {}

    def block(self, data: Mapping[str, Json], indent: int) -> list[str]:
        """Return a mapping in block style."""
        lines: list[str] = []
        for key, value in data.items():
            lines += self._entry(key, value, indent)
            if self._random.random() < 0.04:
                lines.append(self._random.choice(("", " " * indent + "# a comment: with {words}")))
        return lines

    def _entry(self, key: str, value: Json, indent: int) -> list[str]:
        head = " " * indent + self._scalar(key, is_key=True) + ":"
        if not isinstance(value, dict | list):
            note = "  # why" if self._random.random() < 0.05 else ""
            return [f"{head} {self._scalar(value)}{note}"]
        if isinstance(value, dict) and value and (short := self._anchored(value)):
            if short.startswith("*"):
                merge = f"<<: {short}"
                return self._random.choice(
                    ([f"{head} {short}"], [f"{head} {{{merge}}}"], [head, " " * (indent + self._step) + merge])
                )
            return [f"{head} {short}", *self.block(value, indent + self._step)]
        if not value or self._random.random() < self._flow_share:
            return [f"{head} {self._flow(value)}"]
        if isinstance(value, dict):
            return [head, *self.block(value, indent + self._step)]
        return [head, *self._items(value, indent + self._random.choice((0, self._step)))]

    def _anchored(self, value: Mapping[str, Json]) -> str:
        """Return an alias for a mapping written before, an anchor for one that may come again, or nothing."""
        known = json.dumps(value, sort_keys=True)
        if known in self._anchors:
            return "*" + self._anchors[known] if self._random.random() < 0.8 else ""
        if self._random.random() > (0.8 if self._repeated[known] > 1 else 0.03):
            return ""
        self._anchors[known] = f"part{len(self._anchors)}"
        return "&" + self._anchors[known]

    def _items(self, items: Sequence[Json], indent: int) -> list[str]:
        lines: list[str] = []
        for item in items:
            if isinstance(item, dict) and item and self._random.random() > self._flow_share:
                first, *rest = self.block(item, indent + 2)
                lines += [" " * indent + "- " + first.lstrip(), *rest]
            else:
                lines.append(" " * indent + "- " + self._flow(item))
        return lines

    def _flow(self, value: Json) -> str:
        if isinstance(value, dict):
            inner = ", ".join(f"{self._scalar(key, is_key=True)}: {self._flow(each)}" for key, each in value.items())
            return "{" + inner + "}"
        if isinstance(value, list):
            return "[" + ", ".join(self._flow(each) for each in value) + "]"
        return self._scalar(value)

    def _scalar(self, value: Json, *, is_key: bool = False) -> str:
        if isinstance(value, bool) or value is None:
            return json.dumps(value)
        if isinstance(value, float):
            return self._random.choice((repr(value), f"{value:.3e}"))
        if isinstance(value, int):
            return str(value)
        style = self._random.random()
        if set(value) <= _PLAIN_SAFE and value == value.strip() and resolve_plain(value) == value and style < 0.85:
            return value
        if style < 0.5 and not is_key:
            return "'" + value.replace("'", "''") + "'"
        # JSON writes what lies beyond the first plane as two escapes, which are no YAML.
        return json.dumps(value, ensure_ascii=max(value, default="") < "\uffff" and self._random.random() < 0.2)

"""The words of the language: a lazy, read-only view over the generated vocabulary.

``generated/vocabulary.json`` holds, by kind, one object per component: ``name``, ``features``, ``module``,
``attribute``, ``doc``, ``properties`` (a JSON Schema leaf each, in the order of their declaration), ``required``,
``rules``, ``facts`` and, for feature types, ``preprocessing``. Plug-ins are told in the same form.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, TypeAlias

from declml_schema.leaf import Leaf

VOCABULARY_FILE = Path(__file__).parent / "generated" / "vocabulary.json"

Json: TypeAlias = Mapping[str, Any]


class Block:
    """A mapping with known keys: their leaves, which of them must be given, and the rules among them."""

    def __init__(self, source: Json) -> None:
        self.required: Sequence[str] = source.get("required", ())
        self.rules: Sequence[Json] = source.get("rules", ())
        self.properties: Json = source.get("properties", {})

    @cached_property
    def leaves(self) -> dict[str, Leaf]:
        """The leaves by name."""
        return {name: Leaf(schema) for name, schema in self.properties.items()}

    @cached_property
    def defaults(self) -> dict[str, Any]:
        """The default of every parameter that has one; copy before changing."""
        return {name: leaf.default for name, leaf in self.leaves.items() if leaf.has_default}


class Word(Block):
    """One name that a config can say, with everything that the checker and the editor know about it."""

    def __init__(self, kind: str, source: Json) -> None:
        super().__init__(source)
        self.kind = kind
        self.name: str = source["name"]
        self.features: Sequence[str] = source.get("features", ())
        self.module: str = source.get("module", "")
        self.attribute: str = source.get("attribute", "")
        self.doc: str = source.get("doc", "")
        self.facts: Json = source.get("facts", {})
        self._preprocessing: Json = source.get("preprocessing", {})

    @cached_property
    def preprocessing(self) -> Block:
        """The preprocessing of a feature type; an empty block for other kinds."""
        return Block(self._preprocessing)


class Vocabulary:
    """All words, by kind, feature type and name."""

    def __init__(self, source: Json) -> None:
        self._source = source
        self._words: dict[str, list[Word]] = {}
        self._found: dict[tuple[str, str | None, str], Word | None] = {}
        self._feature_blocks: dict[tuple[str, str | None], Block] = {}

    def _of_kind(self, kind: str) -> list[Word]:
        words = self._words.get(kind)
        if words is None:
            words = self._words[kind] = [Word(kind, each) for each in self._source["components"].get(kind, ())]
        return words

    def words(self, kind: str, feature: str | None = None) -> list[Word]:
        """Return the words of a kind, by name; with a feature type, those that serve it."""
        if feature is None:
            return list(self._of_kind(kind))
        return [word for word in self._of_kind(kind) if not word.features or feature in word.features]

    def names(self, kind: str, feature: str | None = None) -> list[str]:
        """Return the names of a kind, sorted, each once; with a feature type, those that serve it."""
        return sorted({word.name for word in self.words(kind, feature)})

    def find(self, kind: str, name: str, feature: str | None = None) -> Word | None:
        """Return the word of that kind and name, or None; ``feature`` tells apart those that serve feature types."""
        key = (kind, feature, name)
        if key not in self._found:
            self._found[key] = next((word for word in self.words(kind, feature) if word.name == name), None)
        return self._found[key]

    def section(self, name: str) -> Word:
        """Return a fixed section, such as ``trainer``; a `KeyError` is a programmer's mistake."""
        word = self.find("section", name)
        if word is None:
            raise KeyError(f"no section {name!r} in the vocabulary")
        return word

    def feature_block(self, side: str, name: str | None) -> Block:
        """Return the keys of a feature of the side ``input`` or ``output``: those of all features and of its type.

        Without a type (it is unknown), the keys of every type are known and none of them must be given.
        """
        key = (side, name)
        if key not in self._feature_blocks:
            shared = self.section(f"{side}_feature")
            words = self.words(side) if name is None else [word for word in self.words(side) if word.name == name]
            properties = {key: leaf for word in (*words, shared) for key, leaf in word.properties.items()}
            own = words[0].required if name is not None and words else ()
            self._feature_blocks[key] = Block({"properties": properties, "required": [*shared.required, *own]})
        return self._feature_blocks[key]

    def parameters(self, kind: str, name: str, feature: str | None = None) -> Json:
        """Return the leaves of a component by parameter name; empty where there is no such component."""
        word = self.find(kind, name, feature)
        return word.properties if word is not None else {}

    def doc(self, kind: str, name: str, feature: str | None = None) -> str:
        """Return the sentence about a component; an empty text where there is no such component."""
        word = self.find(kind, name, feature)
        return word.doc if word is not None else ""

    def location(self, kind: str, *rest: str | None) -> tuple[str, str] | None:
        """Return module and attribute of a component, by ``(kind, name)`` or ``(kind, feature, name)``, or None.

        Without a feature type, only components that serve none answer.
        """
        name = rest[-1]
        feature = rest[0] if len(rest) == 2 else None
        if name is None:
            return None
        for word in self.words(kind, feature):
            if word.name == name and (feature is None) == (not word.features):
                return word.module, word.attribute
        return None

    def owners(self, kind: str, parameter: str, feature: str | None = None) -> list[str]:
        """Return the names of the components of a kind that have this parameter."""
        return sorted({word.name for word in self.words(kind, feature) if parameter in word.properties})

    @property
    def kinds(self) -> list[str]:
        """All kinds that have a word."""
        return sorted(self._source["components"])

    def with_plugins(self, extra: Mapping[str, Iterable[Json]]) -> Vocabulary:
        """Return a vocabulary with more words, by kind and in the same form; a plug-in's word wins over a built-in."""
        merged: dict[str, list[Json]] = {kind: list(words) for kind, words in self._source["components"].items()}
        for kind, words in extra.items():
            for word in words:
                served = set(word.get("features", ()))
                kept = [
                    left for each in merged.get(kind, []) if (left := _without(each, word["name"], served)) is not None
                ]
                merged[kind] = sorted([*kept, word], key=lambda each: (each["name"], list(each.get("features", ()))))
        return Vocabulary({**self._source, "components": merged})

    def as_json(self) -> dict[str, Any]:
        """Return the data behind this view, as generated."""
        return dict(self._source)


def _without(word: Json, name: str, served: set[str]) -> Json | None:
    """Return a word as it stands beside a plug-in's word of that name: for the feature types left to it, if any."""
    if word["name"] != name:
        return word
    left = set(word.get("features", ())) - served
    return {**word, "features": sorted(left)} if left else None


@lru_cache(maxsize=1)
def vocabulary() -> Vocabulary:
    """Return the committed vocabulary; read once per process."""
    return Vocabulary(json.loads(VOCABULARY_FILE.read_text(encoding="utf-8")))

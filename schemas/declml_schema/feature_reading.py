"""One feature as it was read, and features that read alike: a wide table has hundreds that differ in their names only.

A feature of the same shape as one that was read without a problem has none either. Its parts are looked at again only
when someone asks for them.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from declml_schema.check_blocks import Chosen
from declml_schema.inspection import Inspection, Reading, Reference
from declml_schema.leaf import MISS
from declml_schema.tree import MappingNode, Node, Scalar
from declml_schema.vocabulary import Word

Shape: TypeAlias = tuple[Any, ...]
"""All keys and values of a feature but those of `OWN`."""
OWN = ("name", "column")
NO_PREPROCESSING = Reading("")


class FeatureReading:
    """One feature as it was read. ``name`` and ``type`` are empty where they have a problem.

    ``like`` is a feature of the same shape, whose parts serve this one as well.
    """

    __slots__ = ("_like", "_parts", "_preprocessing", "column", "name", "path", "reading", "side", "word")

    def __init__(
        self, side: str, path: str, reading: Reading, word: Word | None, like: FeatureReading | None = None
    ) -> None:
        self.side = side
        self.path = path
        self.reading = reading
        self.word = word
        self.name: str = reading.given.get("name", "")
        self.column: str = reading.given.get("column") or self.name
        self._like = like
        self._preprocessing = NO_PREPROCESSING if like is None else None
        self._parts: dict[str, Chosen] | None = {} if like is None else None

    @property
    def type(self) -> str:
        """The feature's type."""
        return self.word.name if self.word is not None else ""

    @property
    def preprocessing(self) -> Reading:
        """What is done to the column's values."""
        if self._preprocessing is None:
            assert self._like is not None  # it is what makes a feature without preprocessing of its own
            self._preprocessing = self._again(self._like.preprocessing, "preprocessing")
        return self._preprocessing

    @preprocessing.setter
    def preprocessing(self, reading: Reading) -> None:
        self._preprocessing = reading

    @property
    def parts(self) -> dict[str, Chosen]:
        """The encoder, or the decoder and the loss."""
        if self._parts is None:
            assert self._like is not None
            self._parts = {
                name: Chosen(chosen.word, self._again(chosen.reading, name))
                for name, chosen in self._like.parts.items()
            }
        return self._parts

    def name_node(self) -> Node | None:
        """Return where the name stands."""
        place = self.reading.places.get("name")
        return place[1] if place is not None else None

    def _again(self, like: Reading, key: str) -> Reading:
        """Return the reading of an equal block, at its own place."""
        reading = Reading(f"{self.path}.{key}", like.block)
        reading.given, reading.inherited, reading.brought = like.given, like.inherited, like.brought
        place = self.reading.places.get(key)
        if place is not None and isinstance(place[1], MappingNode):
            reading.places = {entry.key.text: (entry.key, entry.value) for entry in place[1].entries}
        return reading


def shape_of(inspection: Inspection, feature: MappingNode) -> Shape | None:
    """Return what features that read alike have in common; None for one with more than values and flat mappings."""
    if feature not in inspection.shapes:
        inspection.shapes[feature] = _shape(feature) if feature.simple else None
    return inspection.shapes[feature]


def _shape(feature: MappingNode) -> Shape | None:
    shape: list[Any] = []
    for entry in feature.entries:
        name, value = entry.key.text, entry.value
        shape.append(name)
        if isinstance(value, Scalar):
            if name not in OWN:
                shape += (value.text, value.value)  # the text tells 1 from true
        elif isinstance(value, MappingNode) and value.simple and name not in OWN:
            shape.append(None)  # no key and no text: the mapping begins, and so it ends
            for inner in value.entries:
                leaf = inner.value
                if not isinstance(leaf, Scalar):
                    return None
                shape += (inner.key.text, leaf.text, leaf.value)
            shape.append(None)
        else:
            return None
    return tuple(shape)


def read_alike(inspection: Inspection, like: FeatureReading, feature: MappingNode, path: str) -> FeatureReading | None:
    """Return the reading of a feature of the same shape as ``like``; None where its name or column has a problem."""
    block = like.reading.block
    assert block is not None  # a feature's reading has one
    reading = Reading(path, block)
    reading.places = {entry.key.text: (entry.key, entry.value) for entry in feature.entries}
    reading.given = {**like.reading.given}
    for name in OWN:
        if name not in reading.places:
            continue
        node = reading.places[name][1]
        value = block.leaves[name].quick(node.value) if isinstance(node, Scalar) else MISS
        if value is MISS:
            return None
        reading.given[name] = value
    if isinstance(reading.given.get("column"), str):
        node = reading.places["column"][1]
        inspection.references.append(Reference("column", reading.given["column"], node, f"{path}.column", path))
    return FeatureReading(like.side, path, reading, like.word, like)

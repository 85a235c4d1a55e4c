"""What a tied feature says of itself against the feature whose encoder it shares: nothing of it may be overruled."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from declml_schema.check_features import FeatureReading
from declml_schema.inspection import BAD, Inspection, Reading, Reference
from declml_schema.leaf import show
from declml_schema.tree import Node


def check_ties(inspection: Inspection, ties: Mapping[str, Reference], inputs: Mapping[str, FeatureReading]) -> None:
    """Tell of every value that is written for a tied input and is another one for the owner of its encoder.

    ``ties`` is by the name of the tied input. A value that comes from ``defaults`` contradicts nobody: the owner's is
    taken without it being lost on anyone. The type's fact ``own_when_tied`` names the preprocessing that acts on each
    feature by itself.
    """
    for name in ties:
        feature, owner = inputs.get(name), _owner(name, ties, inputs)
        if feature is None or owner is None or feature.word is None or owner.word is None:
            continue
        own = feature.word.facts.get("own_when_tied", ())
        _compare(inspection, feature.preprocessing, owner.preprocessing, (feature, owner), own)
        _compare_encoders(inspection, feature, owner)


def _owner(name: str, ties: Mapping[str, Reference], inputs: Mapping[str, FeatureReading]) -> FeatureReading | None:
    """Return the feature at the end of a chain of ties; None where the chain is a circle or ends nowhere."""
    for _ in ties:
        if name not in ties:
            break
        name = ties[name].value
    return inputs.get(name) if name not in ties else None


def _compare_encoders(inspection: Inspection, feature: FeatureReading, owner: FeatureReading) -> None:
    mine, theirs = feature.parts.get("encoder"), owner.parts.get("encoder")
    if mine is None or theirs is None or mine.word is None or theirs.word is None:
        return
    if mine.word is theirs.word:
        _compare(inspection, mine.reading, theirs.reading, (feature, owner), ())
    elif mine.reading.places:
        # What is written there is of the default encoder, where no type says so.
        name = "type" if "type" in mine.reading.places else next(iter(mine.reading.places))
        place = mine.reading.places[name][1]
        names = (theirs.word.name, mine.word.name)
        _tell(inspection, "type", f"{mine.reading.path}.{name}", place, names, (feature, owner))


def _compare(
    inspection: Inspection,
    mine: Reading,
    theirs: Reading,
    pair: tuple[FeatureReading, FeatureReading],
    own: Collection[str],
) -> None:
    for name, value in mine.given.items():
        wanted = theirs.value(name)
        if name in own or wanted is BAD or value == wanted:
            continue
        _tell(inspection, name, f"{mine.path}.{name}", mine.places[name][0], (wanted, value), pair)


def _tell(
    inspection: Inspection,
    name: str,
    path: str,
    node: Node,
    values: tuple[object, object],
    pair: tuple[FeatureReading, FeatureReading],
) -> None:
    (wanted, got), (feature, owner) = values, pair
    message = (
        f"{name} must be {show(wanted)}, as for '{owner.name}', whose encoder '{feature.name}' shares; got {show(got)}."
    )
    hint = f"Remove it here, or write it at '{owner.name}', which decides for both."
    inspection.add("tied-mismatch", message, node.span, path, hint=hint)

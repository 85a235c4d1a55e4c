"""Which inputs keep a vector for each token, and which outputs need one: what the checks of tokens start from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from declml_schema.feature_reading import FeatureReading

KEPT = (None, "none")
"""The values of ``reduce_output`` that keep a vector for each token."""
TOKENS_COMBINER = "sequence_concat"
"""The combiner that hands tokens on as they are."""


def keepers(inputs: Sequence[FeatureReading]) -> dict[str, FeatureReading]:
    """Return the inputs that keep a vector for each token, by name, in their order."""
    named = {each.name: each for each in inputs if each.name}
    return {name: each for name, each in named.items() if keeps_tokens(_owner(each, named))}


def taggers(outputs: Sequence[FeatureReading]) -> list[FeatureReading]:
    """Return the outputs whose decoder needs a vector for each token of an input."""
    return [each for each in outputs if _needs_tokens(each)]


def keeps_tokens(feature: FeatureReading) -> bool:
    """Return whether the encoder of a feature, its own, keeps a vector for each token."""
    chosen = feature.parts.get("encoder")
    if chosen is None or chosen.word is None or "reduce_output" not in chosen.word.properties:
        return False
    return chosen.reading.value("reduce_output") in KEPT


def _needs_tokens(feature: FeatureReading) -> bool:
    chosen = feature.parts.get("decoder")
    return chosen is not None and chosen.word is not None and bool(chosen.word.facts.get("tokens"))


def _owner(feature: FeatureReading, inputs: Mapping[str, FeatureReading]) -> FeatureReading:
    """Return the feature whose encoder this one uses: itself, or the end of its ties."""
    for _ in inputs:
        following = inputs.get(str(feature.reading.given.get("tied")))
        if following is None:
            break
        feature = following
    return feature

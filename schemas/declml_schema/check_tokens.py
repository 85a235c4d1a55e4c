"""Encoders that keep a vector for each token, and combiners that take them: neither goes without the other."""

from __future__ import annotations

from collections.abc import Mapping

from declml_schema.check_blocks import Chosen
from declml_schema.check_features import FeatureReading
from declml_schema.check_model_type import TREES
from declml_schema.check_sections import ConfigReading
from declml_schema.inspection import Inspection, listing, start_of
from declml_schema.leaf import show

KEPT = (None, "none")
"""The values of ``reduce_output`` that keep a vector for each token."""


def check_tokens(inspection: Inspection, config: ConfigReading) -> None:
    """Tell of tokens that the combiner does not take, and of a combiner that gets none."""
    combiner = config.choices["combiner"]
    if combiner.word is None or config.top.value("model_type") == TREES:
        return
    inputs = {each.name: each for each in config.inputs if each.name}
    keep = {name for name, each in inputs.items() if _keeps_tokens(_owner(each, inputs))}
    if not combiner.word.facts.get("tokens"):
        for name in sorted(keep):
            _tell_unreduced(inspection, inputs[name], combiner.word.name)
        return
    _check_main(inspection, combiner, inputs, keep)
    if keep or any(each.parts["encoder"].word is None for each in config.inputs if "encoder" in each.parts):
        return
    place = combiner.reading.places.get("type")
    message = f"The combiner '{combiner.word.name}' must have an input that keeps a vector for each token; none does."
    hint = "Give the encoder of a text or sequence input reduce_output: null."
    where = place[1].span if place is not None else inspection.here
    inspection.add("no-tokens", message, where, "combiner.type", hint=hint)


def _owner(feature: FeatureReading, inputs: Mapping[str, FeatureReading]) -> FeatureReading:
    """Return the feature whose encoder this one uses: itself, or the end of its ties."""
    for _ in inputs:
        following = inputs.get(str(feature.reading.given.get("tied")))
        if following is None:
            break
        feature = following
    return feature


def _keeps_tokens(feature: FeatureReading) -> bool:
    chosen = feature.parts.get("encoder")
    if chosen is None or chosen.word is None or "reduce_output" not in chosen.word.properties:
        return False
    return chosen.reading.value("reduce_output") in KEPT


def _tell_unreduced(inspection: Inspection, feature: FeatureReading, combiner: str) -> None:
    reading = feature.parts["encoder"].reading
    if "tied" in feature.reading.given:
        return  # it is told of the feature whose encoder this one uses
    takers = [word.name for word in inspection.words.words("combiner") if word.facts.get("tokens")]
    got = show(reading.value("reduce_output"))
    message = (
        f"reduce_output must give the combiner '{combiner}' one vector; got {got}, which keeps one for each token."
    )
    hint = f"Use reduce_output: mean, or a combiner that takes tokens: {listing(takers)}."
    place = reading.places.get("reduce_output")
    node = feature.name_node()
    where = place[1].span if place is not None else node.span if node is not None else inspection.here
    inspection.add("tokens-not-reduced", message, where, f"{reading.path}.reduce_output", hint=hint)


def _check_main(inspection: Inspection, combiner: Chosen, inputs: Mapping[str, FeatureReading], keep: set[str]) -> None:
    main = combiner.reading.given.get("main_sequence_feature")
    place = combiner.reading.places.get("main_sequence_feature")
    if not isinstance(main, str) or main not in inputs or main in keep or place is None:
        return  # another name than an input's is told as such
    message = f"main_sequence_feature must be an input that keeps a vector for each token; '{main}' does not."
    others = [name for name in inputs if name in keep]
    hint = f"These do: {listing(others)}." if others else "Give its encoder reduce_output: null."
    inspection.add("feature-mismatch", message, start_of(place[1]), "combiner.main_sequence_feature", hint=hint)

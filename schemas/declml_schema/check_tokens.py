"""Encoders that keep a vector for each token, combiners that take them and taggers that need them: none goes alone."""

from __future__ import annotations

from collections.abc import Mapping

from declml_schema.check_blocks import Chosen
from declml_schema.check_features import FeatureReading
from declml_schema.check_model_type import TREES
from declml_schema.check_sections import ConfigReading
from declml_schema.inspection import Inspection, Reading, listing, replacement, start_of
from declml_schema.leaf import show
from declml_schema.problems import Fix, Severity, Span
from declml_schema.token_keeping import KEPT, TOKENS_COMBINER, keepers, taggers


def check_tokens(inspection: Inspection, config: ConfigReading) -> None:
    """Tell of tokens that the combiner does not take, and of a combiner or a tagger that gets none."""
    combiner = config.choices["combiner"]
    if combiner.word is None or config.top.value("model_type") == TREES:
        return
    inputs = {each.name: each for each in config.inputs if each.name}
    keep = keepers(config.inputs)
    tagging = taggers(config.outputs)
    known = all(each.parts["encoder"].word is not None for each in config.inputs if "encoder" in each.parts)
    if tagging and not keep and known:
        _tell_no_tokens(inspection, tagging[0], inputs)
        return
    if not combiner.word.facts.get("tokens"):
        if tagging:
            _tell_lost(inspection, tagging[0], combiner)
        else:
            for each in keep.values():
                _tell_unreduced(inspection, each, combiner.word.name)
        _check_reduce_input(inspection, config, hands_on=False)
        return
    _check_main(inspection, combiner, inputs, set(keep))
    if not keep and known:
        message = (
            f"The combiner '{combiner.word.name}' must have an input that keeps a vector for each token; none does."
        )
        hint = "Give the encoder of a text or sequence input reduce_output: null."
        inspection.add("no-tokens", message, _place(inspection, combiner.reading), "combiner.type", hint=hint)
        return
    reduces = _reducer(config)
    if tagging and reduces is not None:
        _tell_reduced(inspection, tagging[0], combiner, reduces)
    _check_reduce_input(inspection, config, hands_on=reduces is None)


def _reducer(config: ConfigReading) -> Reading | None:
    """Return the part of a combiner that takes tokens whose ``reduce_output`` makes one vector of them, if any does."""
    combiner, inner = config.choices["combiner"], config.choices.get("combiner.encoder")
    for chosen in (combiner, inner):
        if chosen is None or chosen.word is None or "reduce_output" not in chosen.word.properties:
            continue
        if chosen.reading.value("reduce_output") not in KEPT:
            return chosen.reading
    return None


def _tell_no_tokens(inspection: Inspection, tagger: FeatureReading, inputs: Mapping[str, FeatureReading]) -> None:
    decoder = tagger.parts["decoder"]
    assert decoder.word is not None  # it is what makes the output a tagger
    message = f"The decoder '{decoder.word.name}' must have an input that keeps a vector for each token; none does."
    able = [each for each in inputs.values() if _can_keep(each)]
    hint = (
        f"Give the encoder of '{able[0].name}' reduce_output: null."
        if len(able) == 1
        else "Give the encoder of a text or sequence input reduce_output: null."
    )
    fix = _keep_fix(able[0].parts["encoder"].reading) if len(able) == 1 else None
    inspection.add(
        "no-tokens", message, _decoder_place(inspection, tagger), f"{tagger.path}.decoder", hint=hint, fix=fix
    )


def _can_keep(feature: FeatureReading) -> bool:
    chosen = feature.parts.get("encoder")
    return (
        feature.type in ("sequence", "text")
        and chosen is not None
        and chosen.word is not None
        and "reduce_output" in chosen.word.properties
    )


def _tell_lost(inspection: Inspection, tagger: FeatureReading, combiner: Chosen) -> None:
    decoder = tagger.parts["decoder"]
    assert decoder.word is not None  # it is what makes the output a tagger
    assert combiner.word is not None  # nothing is checked without
    name = combiner.word.name
    message = (
        f"combiner must hand the decoder '{decoder.word.name}' a vector for each token; got {name}, which does not."
    )
    takers = [word.name for word in inspection.words.words("combiner") if word.facts.get("tokens")]
    place = combiner.reading.places.get("type")
    fix = replacement(place[1].span, TOKENS_COMBINER, f"Change '{name}' to '{TOKENS_COMBINER}'") if place else None
    where = place[1].span if place is not None else _decoder_place(inspection, tagger)
    inspection.add("no-tokens", message, where, "combiner.type", hint=f"Use {' or '.join(takers)}.", fix=fix)


def _tell_reduced(inspection: Inspection, tagger: FeatureReading, combiner: Chosen, reduces: Reading) -> None:
    decoder = tagger.parts["decoder"]
    assert decoder.word is not None  # it is what makes the output a tagger
    assert combiner.word is not None  # nothing is checked without
    got = show(reduces.value("reduce_output"))
    message = (
        f"reduce_output must keep a vector for each token for the decoder '{decoder.word.name}'; got {got}, which makes"
        " one of them."
    )
    place = reduces.places.get("reduce_output")
    where = place[1].span if place is not None else _place(inspection, combiner.reading)
    hint = f"Give {reduces.path} reduce_output: null."
    inspection.add("no-tokens", message, where, f"{reduces.path}.reduce_output", hint=hint, fix=_keep_fix(reduces))


def _keep_fix(reading: Reading) -> Fix | None:
    place = reading.places.get("reduce_output")
    return replacement(place[1].span, "null", "Keep a vector for each token") if place is not None else None


def _check_reduce_input(inspection: Inspection, config: ConfigReading, *, hands_on: bool) -> None:
    """Warn of decoders that would reduce tokens which they are never given."""
    for output in config.outputs:
        _check_own(inspection, output, hands_on=hands_on)
        chosen = output.parts.get("decoder")
        if hands_on or chosen is None or chosen.word is None or "reduce_input" not in chosen.reading.given:
            continue
        if chosen.reading.given["reduce_input"] == chosen.word.defaults.get("reduce_input"):
            continue
        key, _ = chosen.reading.places["reduce_input"]
        message = "reduce_input acts only where the combiner keeps a vector for each token; it hands on one for a row."
        hint = "Give an encoder reduce_output: null, and the combiner sequence_concat or sequence."
        path = f"{chosen.reading.path}.reduce_input"
        inspection.add("ignored-parameter", message, key.span, path, severity=Severity.WARNING, hint=hint)


def _check_own(inspection: Inspection, output: FeatureReading, *, hands_on: bool) -> None:
    """Warn of an output that would reduce tokens which it is never given, or which its decoder takes as they are."""
    given = output.reading.given.get("reduce_input", "sum")
    if given == "sum" or (hands_on and not taggers([output])):
        return
    key, _ = output.reading.places["reduce_input"]
    message = "reduce_input acts only where the combiner keeps a vector for each token and the decoder takes one."
    path = f"{output.path}.reduce_input"
    inspection.add("ignored-parameter", message, key.span, path, severity=Severity.WARNING)


def _place(inspection: Inspection, reading: Reading) -> Span:
    place = reading.places.get("type")
    return place[1].span if place is not None else inspection.here


def _decoder_place(inspection: Inspection, feature: FeatureReading) -> Span:
    place = feature.parts["decoder"].reading.places.get("type")
    node = feature.name_node()
    return place[1].span if place is not None else node.span if node is not None else inspection.here


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

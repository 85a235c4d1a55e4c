"""Plans that an earlier version wrote: what was declared since then is as it was before, which its default means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from declml_schema.plan import NO_CHOICE, Choice, InputFeature, OutputFeature, Plan
from declml_schema.vocabulary import Vocabulary, Word


def completed(plan: Plan, words: Vocabulary) -> Plan:
    """Return the plan with every parameter of the ``words`` that it lacks, each with its default."""
    combiner = _chosen(plan.combiner, words.find("combiner", plan.combiner.type))
    inside: Mapping[str, Any] | None = combiner.parameters.get("encoder")
    if inside is not None:
        encoder = words.find("encoder", inside["type"], "sequence")
        combiner = replace(combiner, parameters={**combiner.parameters, "encoder": _filled(inside, encoder)})
    return replace(
        plan,
        inputs=tuple(_input(each, words) for each in plan.inputs),
        outputs=tuple(_output(each, words) for each in plan.outputs),
        combiner=combiner,
    )


def _input(feature: InputFeature, words: Vocabulary) -> InputFeature:
    return replace(
        feature,
        preprocessing=_prepared(feature.preprocessing, words.find("input", feature.type)),
        encoder=_chosen(feature.encoder, words.find("encoder", feature.encoder.type, feature.type)),
    )


def _output(feature: OutputFeature, words: Vocabulary) -> OutputFeature:
    return replace(
        feature,
        preprocessing=_prepared(feature.preprocessing, words.find("output", feature.type)),
        decoder=_chosen(feature.decoder, words.find("decoder", feature.decoder.type, feature.type)),
        loss=_chosen(feature.loss, words.find("loss", feature.loss.type, feature.type)),
    )


def _chosen(choice: Choice, word: Word | None) -> Choice:
    if choice == NO_CHOICE:
        return choice
    return replace(choice, parameters=_filled(choice.parameters, word))


def _prepared(values: Mapping[str, Any], word: Word | None) -> Mapping[str, Any]:
    return values if word is None else {**word.preprocessing.defaults, **values}


def _filled(values: Mapping[str, Any], word: Word | None) -> Mapping[str, Any]:
    return values if word is None else {**word.defaults, **values}

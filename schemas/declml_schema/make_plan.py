"""From what was read to the plan: every value in force, in its place, frozen and fully defaulted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from declml_schema.check_blocks import Chosen
from declml_schema.check_features import FeatureReading
from declml_schema.check_model_type import TREES
from declml_schema.check_references import COMBINED, LOSS
from declml_schema.check_sections import ConfigReading
from declml_schema.inspection import Reading
from declml_schema.leaf import full_value
from declml_schema.plan import NO_CHOICE, Choice, InputFeature, OutputFeature, Plan
from declml_schema.vocabulary import Vocabulary

BY_TYPE = ("type", "name", "column", "tied", "preprocessing", "encoder", "decoder", "loss")
"""The keys of a feature that have a place of their own in the plan."""


def make_plan(words: Vocabulary, config: ConfigReading) -> Plan:
    """Return the plan of a config without errors."""
    sections = {name: full_values(reading) for name, reading in config.sections.items()}
    split = sections["preprocessing"].pop("split", None)
    del split  # it has its own place in the plan
    model_type = config.top.value("model_type")
    # Trees have no encoders, combiner and decoders: named in the plan, they would count as a difference.
    part = _nothing if model_type == TREES else _choice
    outputs = tuple(_output(each, part) for each in config.outputs)
    code = config.top.given.get("code") or []
    return Plan(
        model_type=model_type,
        inputs=tuple(_input(each, part) for each in config.inputs),
        outputs=outputs,
        combiner=_with_parts(part(config.choices["combiner"]), "combiner", config),
        split=_choice(config.choices["split"]),
        preprocessing=sections["preprocessing"],
        trainer=_trainer(words, config, sections["trainer"], outputs, by_loss=model_type == TREES),
        data=sections["data"],
        evaluation=_evaluation(words, sections["evaluation"], outputs),
        code=(code,) if isinstance(code, str) else tuple(code),
        kernel=sections["kernel"],
        backend=sections["backend"],
    )


def full_values(reading: Reading) -> dict[str, Any]:
    """Return the values in force of a reading, with the defaults inside nested mappings."""
    values = reading.values()
    if reading.block is not None:
        leaves = reading.block.leaves
        for name, value in reading.given.items():
            if isinstance(value, dict | list) and name in leaves:
                values[name] = full_value(leaves[name].schema, value)
    return values


def _choice(chosen: Chosen) -> Choice:
    assert chosen.word is not None, "a component without a name is an error, and an error makes no plan"
    return Choice(chosen.word.name, full_values(chosen.reading))


def _with_parts(choice: Choice, path: str, config: ConfigReading) -> Choice:
    """Return a choice with the components inside it, each as a mapping with its ``type``."""
    inner = {
        name.removeprefix(f"{path}."): _choice(chosen)
        for name, chosen in config.choices.items()
        if name.startswith(f"{path}.") and choice is not NO_CHOICE
    }
    parts = {name: {"type": each.type, **each.parameters} for name, each in inner.items()}
    return Choice(choice.type, {**choice.parameters, **parts})


def _nothing(_chosen: Chosen) -> Choice:
    return NO_CHOICE


def _input(feature: FeatureReading, part: Callable[[Chosen], Choice]) -> InputFeature:
    return InputFeature(
        name=feature.name,
        column=feature.column,
        type=feature.type,
        preprocessing=full_values(feature.preprocessing),
        encoder=part(feature.parts["encoder"]),
        tied=feature.reading.given.get("tied"),
    )


def _output(feature: FeatureReading, part: Callable[[Chosen], Choice]) -> OutputFeature:
    assert feature.word is not None
    values = full_values(feature.reading)
    return OutputFeature(
        name=feature.name,
        column=feature.column,
        type=feature.type,
        preprocessing=full_values(feature.preprocessing),
        decoder=part(feature.parts["decoder"]),
        loss=_choice(feature.parts["loss"]),
        parameters={name: value for name, value in values.items() if name not in BY_TYPE},
    )


def _trainer(
    words: Vocabulary,
    config: ConfigReading,
    values: dict[str, Any],
    outputs: tuple[OutputFeature, ...],
    *,
    by_loss: bool,
) -> dict[str, Any]:
    # A few trees rank rows well already, long before their probabilities are any good: the loss tells both.
    if by_loss and values.get("validation_metric") is None:
        values["validation_metric"] = LOSS
        values["validation_field"] = values.get("validation_field") or outputs[0].name
    if config.choices["optimizer"].word is not None:
        optimizer = _choice(config.choices["optimizer"])
        values["optimizer"] = {"type": optimizer.type, **optimizer.parameters}
        values["learning_rate_scheduler"] = full_values(config.scheduler)
    values["validation_field"], values["validation_metric"] = _deciding(words, values, outputs)
    return values


def _deciding(words: Vocabulary, values: Mapping[str, Any], outputs: tuple[OutputFeature, ...]) -> tuple[str, str]:
    """Return the output and metric that pick the best weights; where the config does not say, as in Ludwig."""
    field, metric = values.get("validation_field"), values.get("validation_metric")
    if field is None and metric is not None and metric != LOSS:
        having = [each.name for each in outputs if words.find("metric", metric, each.type) is not None]
        return having[0], metric
    if field is None and metric is None and len(outputs) == 1:
        field = outputs[0].name
    if field is None or field == COMBINED:
        return COMBINED, LOSS
    return field, metric or _default_metric(words, next(each for each in outputs if each.name == field))


def _default_metric(words: Vocabulary, output: OutputFeature) -> str:
    word = words.find("output", output.type)
    declared = output.parameters.get("default_validation_metric")
    return declared or (word.facts.get("default_metric") if word is not None else None) or LOSS


def _evaluation(words: Vocabulary, values: dict[str, Any], outputs: tuple[OutputFeature, ...]) -> dict[str, Any]:
    """Return the section with a list of metrics for every output."""
    asked = values.get("metrics")
    metrics: dict[str, list[str]] = {}
    for output in outputs:
        having = words.names("metric", output.type)
        if isinstance(asked, Mapping):
            metrics[output.name] = list(asked.get(output.name) or _light(words, output.type))
        elif asked is not None:
            metrics[output.name] = [name for name in asked if name in having or name == LOSS]
        else:
            metrics[output.name] = _light(words, output.type)
    return {**values, "metrics": metrics}


def _light(words: Vocabulary, feature: str) -> list[str]:
    """Return the metrics of an output type that are told unasked.

    Those of a further package are not, as to import it can outlast a training, nor those that few people know.
    """
    return [word.name for word in words.words("metric", feature) if not {"package", "on_request"} & word.facts.keys()]

"""What the model type asks of the rest of a config: its own trainer section, and what trees can read and learn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from declml_schema.check_blocks import explain_key
from declml_schema.document import entries, resolve
from declml_schema.inspection import Inspection, listing, replacement
from declml_schema.leaf import show
from declml_schema.planned import planned_keys
from declml_schema.problems import Severity
from declml_schema.tree import Entry, MappingNode, Node, Scalar
from declml_schema.vocabulary import Word

if TYPE_CHECKING:
    from declml_schema.check_features import FeatureReading
    from declml_schema.check_sections import ConfigReading

TREES = "gbm"
"""The model type without encoders, combiner and decoders."""
_PARTS = ("encoder", "decoder", "combiner")


def trainer_sections(inspection: Inspection) -> Mapping[str, str]:
    """Return the name of the trainer section in the vocabulary, by model type."""
    return inspection.words.section("config").facts["trainers"]


def trainer_of(inspection: Inspection, model_type: Any) -> Word:
    """Return the trainer section of a model type; that of the default one where there is none."""
    sections = trainer_sections(inspection)
    return inspection.words.section(sections.get(model_type) or next(iter(sections.values())))


def explain_trainer_key(inspection: Inspection, entry: Entry, word: Word) -> None:
    """Tell about a key that the trainer section ``word`` does not have: another model type's, planned, or unknown."""
    name, path = entry.key.text, f"trainer.{entry.key.text}"
    meant: str | None = word.facts.get("also_called", {}).get(name)
    fix = replacement(entry.key.span, meant, f"Change '{name}' to '{meant}'") if meant is not None else None
    for model_type, section in trainer_sections(inspection).items():
        if section == word.name or name not in inspection.words.section(section).properties:
            continue
        here = next(kind for kind, own in trainer_sections(inspection).items() if own == word.name)
        instead = f" Did you mean '{meant}'?" if meant is not None else ""
        message = f"'{name}' must go with model_type: {model_type}; got {here}, which has no such thing.{instead}"
        inspection.add("foreign-parameter", message, entry.key.span, path, fix=fix)
        return
    if meant is not None:
        message = f"Unknown key '{name}' in trainer. Did you mean '{meant}'?"
        inspection.add("unknown-key", message, entry.key.span, path, fix=fix)
        return
    explain_key(inspection, entry, path, "trainer", list(word.properties), planned_keys(word.name))


def check_model_type(inspection: Inspection, config: ConfigReading) -> None:
    """Check what trees ask of a config; the other model type is what everything else is about."""
    if config.top.given.get("model_type") != TREES:
        return
    word = trainer_of(inspection, TREES)
    for feature in config.inputs:
        _check_input(inspection, feature, word)
    for place, feature in enumerate(config.outputs):
        if place:
            _tell_second_output(inspection, feature, len(config.outputs))
        else:
            _check_output(inspection, feature, word)
    for path, key in _networks_only(config):
        message = f"{key.text} acts only while model_type is ecd; got {TREES}, so it does nothing."
        inspection.add("ignored-parameter", message, key.span, path, severity=Severity.WARNING)


def _check_input(inspection: Inspection, feature: FeatureReading, word: Word) -> None:
    known: Sequence[str] = word.facts["inputs"]
    place = feature.reading.places.get("type")
    if feature.word is None or feature.type in known or place is None:
        return
    message = f"An input of model_type {TREES} must be of type {_either(known)}; got {feature.type}."
    hint = "Leave the column out, or train a network: model_type: ecd."
    inspection.add("model-type-mismatch", message, place[1].span, f"{feature.path}.type", hint=hint)


def _tell_second_output(inspection: Inspection, feature: FeatureReading, count: int) -> None:
    node = feature.name_node()
    if node is None:
        return
    message = f"model_type {TREES} must have one output; got {count}."
    hint = "Write a config for each output, or train a network for all: model_type: ecd."
    inspection.add("model-type-mismatch", message, node.span, feature.path, hint=hint)


def _check_output(inspection: Inspection, feature: FeatureReading, word: Word) -> None:
    losses: Mapping[str, Mapping[str, Any]] = word.facts["losses"]
    place = feature.reading.places.get("type")
    if feature.word is None or place is None:
        return
    if feature.type not in losses:
        message = f"The output of model_type {TREES} must be of type {_either(list(losses))}; got {feature.type}."
        inspection.add(
            "model-type-mismatch",
            message,
            place[1].span,
            f"{feature.path}.type",
            hint="Train a network: model_type: ecd.",
        )
        return
    loss = feature.parts.get("loss")
    where = _first_place(feature, "loss")
    if loss is None or loss.word is None:
        return
    known = losses[feature.type]
    hint = "Train a network for another loss: model_type: ecd."
    if loss.word.name not in known:
        message = f"The loss of model_type {TREES} must be {_either(list(known))}; got {loss.word.name}."
        inspection.add("loss-mismatch", message, where.span, f"{feature.path}.loss", hint=hint)
        return
    told = {"weight", *known[loss.word.name].get("parameters", ())}
    for name, value in loss.reading.values().items():
        if name not in told and value != loss.word.defaults.get(name):
            place = loss.reading.places.get(name)
            message = f"{name} must be {show(loss.word.defaults.get(name))} for model_type {TREES}; got {show(value)}."
            span = place[1].span if place is not None else where.span
            inspection.add("loss-mismatch", message, span, f"{feature.path}.loss.{name}", hint=hint)


def _first_place(feature: FeatureReading, name: str) -> Node:
    """Return where a part of a feature stands, or the feature's type where ``defaults`` say it."""
    places = feature.reading.places
    return places[name][1] if name in places else places["type"][1]


def _networks_only(config: ConfigReading) -> Iterator[tuple[str, Scalar]]:
    """Yield path and key of every part of a network that the config speaks of."""
    if "combiner" in config.top.places:
        yield "combiner", config.top.places["combiner"][0]
    for feature in (*config.inputs, *config.outputs):
        for part in _PARTS:
            if part in feature.reading.places:
                yield f"{feature.path}.{part}", feature.reading.places[part][0]
    defaults = config.top.places.get("defaults")
    target = resolve(defaults[1]) if defaults is not None else None
    for entry in entries(target) if isinstance(target, MappingNode) else ():
        inner = resolve(entry.value)
        for part in entries(inner) if isinstance(inner, MappingNode) else ():
            if part.key.text in _PARTS:
                yield f"defaults.{entry.key.text}.{part.key.text}", part.key


def _either(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{listing(names[:-1])} or {names[-1]}"

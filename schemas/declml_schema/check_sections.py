"""The fixed sections of a config: the top level, trainer, preprocessing, data, evaluation, kernel and backend."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from declml_schema.check_blocks import Chosen, explain_key, mapping_at, read_block, read_choice, some_names
from declml_schema.check_features import FeatureReading, TypeDefaults, read_defaults, read_features
from declml_schema.check_model_type import TREES, explain_trainer_key, trainer_of
from declml_schema.check_rules import check_rules
from declml_schema.check_source import check_source
from declml_schema.check_values import read_value
from declml_schema.document import entries, resolve
from declml_schema.inspection import BAD, Inspection, Reading
from declml_schema.planned import asks_for_nothing, planned_components, planned_keys
from declml_schema.token_keeping import TOKENS_COMBINER, keepers, taggers
from declml_schema.tree import Entry, MappingNode, Node, Scalar
from declml_schema.vocabulary import Block, Word

SECTIONS = ("trainer", "preprocessing", "data", "evaluation", "kernel")
PLANNED_SECTIONS = ("hyperopt", "tracking")


@dataclass(slots=True)
class ConfigReading:
    """A whole config as it was read."""

    top: Reading
    defaults: dict[str, TypeDefaults] = field(default_factory=dict[str, TypeDefaults])
    inputs: list[FeatureReading] = field(default_factory=list[FeatureReading])
    outputs: list[FeatureReading] = field(default_factory=list[FeatureReading])
    sections: dict[str, Reading] = field(default_factory=dict[str, Reading])
    choices: dict[str, Chosen] = field(default_factory=dict[str, Chosen])
    scheduler: Reading = field(default_factory=lambda: Reading(""))
    schedule: Reading = field(default_factory=lambda: Reading(""))


def read_config(inspection: Inspection, root: MappingNode) -> ConfigReading:
    """Read every section of a config, telling everything wrong inside each."""
    word = inspection.words.section("config")

    def explain(entry: Entry) -> None:
        _explain_top_level(inspection, entry, list(word.properties))

    own = (*SECTIONS, "input_features", "output_features", "defaults", "backend")
    top = read_block(inspection, word, root, "", explain=explain, own=own)
    config = ConfigReading(top)
    if _is_planned_model(top):
        return config  # what its sections mean is not known yet: nothing more can be said about them
    config.defaults = read_defaults(inspection, _node(top, "defaults"))
    for side, answer in (("input", config.inputs), ("output", config.outputs)):
        node = _node(top, f"{side}_features")
        if node is not None:
            answer += read_features(inspection, side, node, config.defaults)
    config.choices["combiner"] = read_choice(
        inspection,
        "combiner",
        _node(top, "combiner"),
        "combiner",
        default=_default_combiner(inspection, config),
    )
    _read_parts(inspection, config, config.choices["combiner"])
    model_type = top.given.get("model_type")
    for name in SECTIONS:
        word = trainer_of(inspection, model_type) if name == "trainer" else inspection.words.section(name)
        config.sections[name] = _read_section(inspection, name, _node(top, name), word)
    check_source(inspection, config.sections["data"], config.sections["preprocessing"])
    split = _node(config.sections["preprocessing"], "split")
    config.choices["split"] = read_choice(
        inspection, "split", split, "preprocessing.split", default=_default_type(inspection, "preprocessing", "split")
    )
    optimizer = _node(config.sections["trainer"], "optimizer")
    config.choices["optimizer"] = read_choice(
        inspection,
        "optimizer",
        optimizer,
        "trainer.optimizer",
        default=None if model_type == TREES else _default_type(inspection, "trainer", "optimizer"),
    )
    if model_type != TREES:
        _read_scheduler(inspection, config, _node(config.sections["trainer"], "learning_rate_scheduler"))
    _read_backend(inspection, config, _node(top, "backend"))
    return config


def _default_combiner(inspection: Inspection, config: ConfigReading) -> str | None:
    """Return the combiner where the config names none: one that takes tokens where some are kept for a tagger.

    So a Ludwig config with a tagger and no combiner is right as it is.
    """
    if taggers(config.outputs) and keepers(config.inputs):
        return TOKENS_COMBINER
    return _default_type(inspection, "config", "combiner")


def _read_parts(inspection: Inspection, config: ConfigReading, owner: Chosen) -> None:
    """Read the components inside a component, such as the encoder of the combiner `sequence`."""
    if owner.word is None:
        return
    for name, leaf in owner.word.properties.items():
        if "x-choice" in leaf:
            path = f"{owner.reading.path}.{name}"
            default = owner.word.facts.get("default_types", {}).get(name)
            config.choices[path] = read_choice(
                inspection, leaf["x-choice"], _node(owner.reading, name), path, default=default,
                feature=leaf.get("x-feature"),
            )  # fmt: skip


def _node(reading: Reading, name: str) -> Node | None:
    place = reading.places.get(name)
    return place[1] if place is not None else None


def _default_type(inspection: Inspection, section: str, key: str) -> str | None:
    return inspection.words.section(section).facts.get("default_types", {}).get(key)


def _is_planned_model(top: Reading) -> bool:
    node = _node(top, "model_type")
    value = resolve(node) if node is not None else None
    return isinstance(value, Scalar) and value.value == "llm"


def _explain_top_level(inspection: Inspection, entry: Entry, known: list[str]) -> None:
    name = entry.key.text
    explain_key(inspection, entry, name, "the config", known, planned_keys("config"))
    if name in PLANNED_SECTIONS:
        _check_planned_section(inspection, name, entry.value)


def _check_planned_section(inspection: Inspection, section: str, node: Node) -> None:
    """Refuse misspelt names also in a section that is not built yet, two levels deep."""
    target = resolve(node)
    known = planned_keys(section)
    if not isinstance(target, MappingNode) or not known:
        return
    for entry in entries(target):
        name = entry.key.text
        if name in known:
            _check_planned_section(inspection, f"{section}.{name}", entry.value)
        else:
            explain_key(inspection, entry, f"{section}.{name}", section, known, ())


def _read_section(inspection: Inspection, name: str, node: Node | None, word: Word) -> Reading:
    def explain(entry: Entry) -> None:
        if name == "trainer":
            explain_trainer_key(inspection, entry, word)
        else:
            explain_key(inspection, entry, f"{name}.{entry.key.text}", name, list(word.properties), planned_keys(name))

    own = ("learning_rate_scheduler",) if name == "trainer" else ()
    reading = read_block(inspection, word, node, name, explain=explain, own=own)
    check_rules(inspection, reading)
    return reading


def _read_scheduler(inspection: Inspection, config: ConfigReading, node: Node | None) -> None:
    """Read the scheduler's own keys and, beside them, the parameters of the schedule that ``decay`` names."""
    leaf = inspection.words.section("trainer").properties["learning_rate_scheduler"]
    own: Mapping[str, Any] = leaf["properties"]
    path = "trainer.learning_rate_scheduler"
    name = _decay(inspection, node, own, f"{path}.decay")
    word = inspection.words.find("schedule", name) if isinstance(name, str) else None
    properties = {**own, **(word.properties if word is not None else {})}
    known = [*properties]

    def explain(entry: Entry) -> None:
        key, here = entry.key.text, f"{path}.{entry.key.text}"
        owners = inspection.words.owners("schedule", key)
        if owners and asks_for_nothing(planned_keys("schedule").get(key, ()), entry.value):
            return  # Ludwig's rendered configs have the defaults of every schedule
        if owners and name is not BAD:
            wanted = f"the schedule '{name}'" if name else "no schedule, for decay is null"
            message = f"'{key}' must go with {wanted}; it is a parameter of {some_names(owners)}."
            inspection.add("foreign-parameter", message, entry.key.span, here)
        elif not owners:
            explain_key(inspection, entry, here, "learning_rate_scheduler", known, planned_keys("schedule"))

    if "decay" in properties:
        properties = {**properties, "decay": {key: value for key, value in own["decay"].items() if key != "x-choice"}}
    reading = read_block(inspection, Block({"properties": properties}), node, path, explain=explain)
    config.scheduler = reading
    config.schedule = Reading(path, word)
    if word is not None:
        config.schedule.given = {key: value for key, value in reading.given.items() if key in word.properties}
    if word is not None and word.rules:
        config.schedule.places = reading.places
        check_rules(inspection, config.schedule)


def _decay(inspection: Inspection, node: Node | None, own: Mapping[str, Any], path: str) -> Any:
    """Return the schedule that ``decay`` names, None for none, `BAD` for a name with a problem."""
    target = (
        mapping_at(inspection, node, path.rpartition(".")[0])
        if isinstance(node and resolve(node), MappingNode)
        else None
    )
    for entry in entries(target) if target is not None else ():
        if entry.key.text != "decay":
            continue
        planned = [name for name in planned_components("schedule") if inspection.words.find("schedule", name) is None]
        leaf = {"enum": [*inspection.words.names("schedule"), None], "x-planned": planned}
        return read_value(inspection, leaf, entry.value, path)
    return own.get("decay", {}).get("default")


def _read_backend(inspection: Inspection, config: ConfigReading, node: Node | None) -> None:
    word = inspection.words.section("backend")
    target = resolve(node) if node is not None else None
    config.sections["backend"] = Reading("backend", word)
    if isinstance(target, MappingNode):

        def explain(entry: Entry) -> None:
            explain_key(
                inspection,
                entry,
                f"backend.{entry.key.text}",
                "backend",
                list(word.properties),
                planned_keys("backend"),
            )

        config.sections["backend"] = read_block(inspection, word, target, "backend", explain=explain)
    elif node is not None:
        leaf = inspection.words.section("config").properties["backend"]
        value = read_value(inspection, leaf, node, "backend")
        if isinstance(value, str):
            config.sections["backend"].given["type"] = value

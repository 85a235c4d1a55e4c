"""What acts at one place of a config: the component chosen there, the values in force, and where each comes from.

For a screen that asks about one block at a time. It costs that block alone, also in a config of thousands of lines,
and answers beside errors elsewhere; a plan needs all blocks right.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from declml_schema.check_blocks import Chosen
from declml_schema.check_features import TypeDefaults
from declml_schema.check_sections import ConfigReading
from declml_schema.feature_reading import FeatureReading
from declml_schema.inspection import Reading
from declml_schema.make_plan import full_values
from declml_schema.vocabulary import Word

HERE, DEFAULTS, BUILT_IN = "here", "defaults", "built in"


@dataclass(frozen=True, slots=True)
class InForce:
    """One block. ``word`` is the component that acts there, ``chosen`` where its name comes from.

    ``values`` are those of the block's own parameters, without nested components; one with a problem is left out.
    ``origins`` has `HERE`, `DEFAULTS` or `BUILT_IN` for each of them; ``overruled`` names those that the feature's
    encoder decides, whatever the config says. ``rules`` are the cross-field rules among them.
    """

    values: Mapping[str, Any]
    origins: Mapping[str, str]
    word: Word | None = None
    chosen: str = BUILT_IN
    overruled: frozenset[str] = field(default_factory=frozenset[str])
    rules: Sequence[Mapping[str, Any]] = ()


def in_force_at(config: ConfigReading, path: str) -> InForce | None:
    """Return what acts in the block at a config path (``input_features[2].encoder``), None where no block was read."""
    head, _, rest = path.partition(".")
    if head == "defaults":
        return _in_defaults(config.defaults, rest)
    feature = _feature_at(config, head)
    if feature is not None:
        return _in_feature(feature, rest, config.defaults.get(feature.type))
    for name, chosen in _choices(config):
        if name == path:
            return _chosen(chosen, None)
    if path == "trainer.learning_rate_scheduler":
        return replace(_block(config.scheduler), word=_word(config.schedule), rules=_rules(config.schedule))
    reading = config.top if not path else config.sections.get(path)
    return _block(reading) if reading is not None else None


def word_at(config: ConfigReading, path: str) -> Word | None:
    """Return the component in force at ``input_features[2].encoder`` and the like: cheaper than `in_force_at`."""
    head, _, rest = path.partition(".")
    feature = _feature_at(config, head)
    if feature is None:
        return next((chosen.word for name, chosen in _choices(config) if name == path), None)
    chosen = feature.parts.get(rest)
    return feature.word if not rest else chosen.word if chosen is not None else None


def _feature_at(config: ConfigReading, path: str) -> FeatureReading | None:
    side, _, index = path.partition("[")
    if side not in ("input_features", "output_features"):
        return None
    features = config.inputs if side == "input_features" else config.outputs
    number = index.removesuffix("]")
    if number.isdecimal() and int(number) < len(features) and features[int(number)].path == path:
        return features[int(number)]  # as a rule: an item that is no mapping is left out, and the later ones move up
    return next((each for each in features if each.path == path), None)


def _choices(config: ConfigReading) -> Iterator[tuple[str, Chosen]]:
    for chosen in config.choices.values():
        yield chosen.reading.path, chosen


def _in_feature(feature: FeatureReading, rest: str, defaults: TypeDefaults | None) -> InForce | None:
    if not rest:
        found = _block(feature.reading)
        return replace(found, word=feature.word, chosen=HERE, rules=feature.word.rules if feature.word else ())
    if rest == "preprocessing":
        return _block(feature.preprocessing) if feature.word is not None else None
    chosen = feature.parts.get(rest)
    return _chosen(chosen, defaults.parts.get(rest) if defaults is not None else None) if chosen is not None else None


def _in_defaults(defaults: Mapping[str, TypeDefaults], rest: str) -> InForce | None:
    feature, _, part = rest.partition(".")
    known = defaults.get(feature)
    if known is None:
        return None
    if part == "preprocessing":
        return InForce(known.preprocessing, dict.fromkeys(known.preprocessing, HERE))
    return _chosen(known.parts[part], None) if part in known.parts else None


def _chosen(chosen: Chosen, fallback: Chosen | None) -> InForce:
    found = _block(chosen.reading)
    if "type" in chosen.reading.places:
        where = HERE
    else:
        where = DEFAULTS if fallback is not None and fallback.word is chosen.word is not None else BUILT_IN
    return replace(found, word=chosen.word, chosen=where)


def _block(reading: Reading) -> InForce:
    leaves = reading.block.leaves if reading.block is not None else {}
    values = {
        name: value
        for name, value in full_values(reading).items()
        if (name not in reading.places or name in reading.given or name in reading.brought)
        and (name not in leaves or leaves[name].choice is None)
    }
    origins = dict(origins_of(reading))
    return InForce(
        values,
        {name: origins.get(name, BUILT_IN) for name in values},
        overruled=frozenset(reading.brought),
        rules=_rules(reading),
    )


def _word(reading: Reading) -> Word | None:
    return reading.block if isinstance(reading.block, Word) else None


def _rules(reading: Reading) -> Sequence[Mapping[str, Any]]:
    return reading.block.rules if reading.block is not None else ()


def origins_of(reading: Reading) -> Iterator[tuple[str, str]]:
    """Yield each parameter of a reading with where its value comes from; the last word on a parameter is the right
    one.
    """
    for name in reading.block.defaults if reading.block is not None else ():
        yield name, BUILT_IN
    for name in reading.inherited:
        yield name, BUILT_IN if name in reading.brought else DEFAULTS
    for name in reading.given:
        yield name, HERE

"""What a checked config asks for: frozen, fully defaulted, and addressed by its content.

A plan holds only JSON data under typed names. It knows neither YAML nor torch: the checker makes it, the runtime
reads it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, TypeAlias

from declml_schema.content import canonical_json, content_hash

Values: TypeAlias = Mapping[str, Any]
"""The parameters of one component or section, every default filled in: JSON data."""
NOT_IN_IDENTITY = ("data", "evaluation", "kernel", "backend", "code")
"""The sections that may change while a plan keeps its identity."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A component chosen by name, such as the encoder ``lstm``, with all of its parameters in force."""

    type: str
    parameters: Values = field(default_factory=dict[str, Any])


NO_CHOICE = Choice("none")
"""The encoder, combiner or decoder of a plan whose model type has none."""


@dataclass(frozen=True, slots=True)
class InputFeature:
    """A column that the model reads: ``column`` is its name in the data, ``name`` its name in the config."""

    name: str
    column: str
    type: str
    preprocessing: Values
    encoder: Choice
    tied: str | None = None


@dataclass(frozen=True, slots=True)
class OutputFeature:
    """A column that the model predicts; ``parameters`` are the feature's own keys, such as ``threshold``."""

    name: str
    column: str
    type: str
    preprocessing: Values
    decoder: Choice
    loss: Choice
    parameters: Values


@dataclass(frozen=True, slots=True)
class Plan:
    """A config as the runtime sees it.

    ``model_type`` is ``ecd`` or ``gbm``; the latter has no encoders, combiner or decoders, which are `NO_CHOICE`, and
    a flat ``trainer``. That of ``ecd`` nests ``optimizer``, ``learning_rate_scheduler`` and ``gradient_clipping`` as
    mappings (``optimizer`` has its ``type`` among its values). ``data`` is empty of ``source`` for a Ludwig config,
    which gets its data elsewhere.
    """

    model_type: str
    inputs: tuple[InputFeature, ...]
    outputs: tuple[OutputFeature, ...]
    combiner: Choice
    split: Choice
    preprocessing: Values
    trainer: Values
    data: Values
    evaluation: Values
    code: tuple[str, ...] = ()
    kernel: Values = field(default_factory=dict[str, Any])
    backend: Values = field(default_factory=dict[str, Any])

    def as_json(self) -> dict[str, Any]:
        """Return the plan as JSON data; `Plan.from_json` reads it back."""
        return json.loads(canonical_json(asdict(self)))

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> Plan:
        """Return the plan that `as_json` wrote."""
        known: dict[str, Any] = dict(value)
        known["inputs"] = tuple(InputFeature(**_with_choices(each, "encoder")) for each in value["inputs"])
        known["outputs"] = tuple(OutputFeature(**_with_choices(each, "decoder", "loss")) for each in value["outputs"])
        known["combiner"] = Choice(**value["combiner"])
        known["split"] = Choice(**value["split"])
        known["code"] = tuple(value["code"])
        return Plan(**known)

    @property
    def identity(self) -> str:
        """Return the hash of everything here that acts on the trained weights.

        The data's place and how the run is shown or where it runs are left out: the data count by their content.
        """
        answer = self.as_json()
        for section in NOT_IN_IDENTITY:
            del answer[section]
        return content_hash(answer)

    def feature(self, name: str) -> InputFeature | OutputFeature:
        """Return the feature of that name; a `KeyError` names the features there are."""
        for each in (*self.inputs, *self.outputs):
            if each.name == name:
                return each
        raise KeyError(
            f"no feature {name!r}; there are {', '.join(each.name for each in (*self.inputs, *self.outputs))}"
        )


def _with_choices(feature: Mapping[str, Any], *names: str) -> dict[str, Any]:
    answer: dict[str, Any] = dict(feature)
    for name in names:
        answer[name] = Choice(**feature[name])
    return answer

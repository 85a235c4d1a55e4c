"""From a plan and the facts of its features to a network and its losses: the one place where both are known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from declml.contracts import Facts, Loss
from declml.model.assemble import Network, Part, assemble, describe
from declml.model.groups import Group, InputSpec, group_features
from declml.run.components import Components, trees
from declml.seeds import derive_seed
from declml_schema.plan import OutputFeature, Plan


@dataclass(frozen=True, slots=True)
class Blueprint:
    """Everything that a network is built from; ``groups`` tell how the batches must come."""

    groups: Sequence[Group]
    combiner: Part
    decoders: Mapping[str, Part]

    def build(self, seed: int) -> Network:
        """Return the network with weights drawn from ``seed``."""
        return assemble(self.groups, combiner=self.combiner, decoders=self.decoders, seed=derive_seed(seed, "weights"))

    def describe(self) -> Any:
        """Return the figures of the network without building it."""
        return describe(self.groups, combiner=self.combiner, decoders=self.decoders)


def blueprint(plan: Plan, facts: Mapping[str, Facts], components: Components) -> Blueprint:
    """Return how the network of a plan is built; ``facts`` are those of each feature by its name."""
    inputs: list[InputSpec] = []
    for feature in plan.inputs:
        component = components.get("encoder", feature.encoder.type, feature.type)
        assert component.build is not None
        inputs.append(
            InputSpec(
                feature.name, feature.type, feature.encoder.type, component.build, feature.encoder.parameters,
                facts[feature.name], component.fusion, feature.tied,
            )
        )  # fmt: skip
    combiner = Part(components.build("combiner", plan.combiner.type), plan.combiner.parameters)
    decoders = {
        output.name: Part(
            components.build("decoder", output.decoder.type, output.type), output.decoder.parameters, facts[output.name]
        )
        for output in plan.outputs
    }
    return Blueprint(group_features(inputs), combiner, decoders)


def losses_of(plan: Plan, facts: Mapping[str, Facts], components: Components) -> dict[str, tuple[Loss, float]]:
    """Return the loss of each output and its weight."""
    return {output.name: (_loss(output, facts[output.name], components), _weight(output)) for output in plan.outputs}


def _loss(output: OutputFeature, facts: Facts, components: Components) -> Loss:
    build = components.build("loss", output.loss.type, output.type)
    # A loss in the column's own unit must know how the targets were scaled.
    told = {**facts, "normalization": output.preprocessing.get("normalization")}
    return build(told, **trees(output.loss.parameters, "weight"))


def _weight(output: OutputFeature) -> float:
    return float(output.loss.parameters.get("weight", 1.0))

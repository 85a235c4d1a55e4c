"""From a plan and the facts of its features to a network and its losses: the one place where both are known."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from declml.components.answer_scale import ranks_of
from declml.contracts import Facts, Loss, Source
from declml.errors import UserProblem
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
    groups = group_features(inputs)
    combiner = Part(_combiner(plan, groups, components), _combiner_parameters(plan, components))
    decoders: dict[str, Part] = {}
    for output in plan.outputs:
        component = components.get("decoder", output.decoder.type, output.type)
        assert component.build is not None
        per_submodel = bool(component.facts.get("per_submodel"))
        link = _link(output, components)
        decoders[output.name] = Part(
            component.build,
            output.decoder.parameters,
            {**facts[output.name], "link": {"name": link}} if link else facts[output.name],
            per_submodel=per_submodel,
            dependencies=tuple(output.parameters.get("dependencies", ())),
            reduces=output.parameters.get("reduce_input", "sum"),
        )
    return Blueprint(groups, combiner, decoders)


def _combiner(plan: Plan, groups: Sequence[Group], components: Components) -> Callable[..., Any]:
    """Return what builds the combiner; one that asks for it knows which features it combines."""
    component = components.get("combiner", plan.combiner.type)
    assert component.build is not None
    if not component.facts.get("sources"):
        return component.build
    sources = [[Source(member.name, group.type) for member in group.members] for group in groups]
    return partial(component.build, sources=sources)


def told_by_losses(plan: Plan, facts: Mapping[str, Facts], components: Components) -> dict[str, Facts]:
    """Return the facts with, for outputs whose loss trains another function than softmax, its ``link``.

    It tells how answers become probabilities: see `declml.components.answer_scale`. Classes without the order that
    ``corn`` needs are a `UserProblem`.
    """
    answer = dict(facts)
    for output in plan.outputs:
        link = _link(output, components)
        if link is None:
            continue
        told: dict[str, Any] = {"name": link}
        if link == "corn":
            told["ranks"] = _ranks(output, facts[output.name])
        answer[output.name] = {**facts[output.name], "link": told}
    return answer


def _ranks(output: OutputFeature, facts: Facts) -> list[int]:
    classes, order = [str(each) for each in facts["classes"]], output.loss.parameters.get("order")
    if order is None and output.type == "category_distribution":
        return list(range(len(classes)))  # a distribution's classes stand in the order of its values
    return ranks_of(classes, order)


def _link(output: OutputFeature, components: Components) -> str | None:
    return components.facts_of("loss", output.loss.type, output.type).get("link")


_OF_SHARES = "softmax_cross_entropy"
"""The loss whose answers are shares that add up to 1."""


def _combiner_parameters(plan: Plan, components: Components) -> dict[str, Any]:
    """Return the combiner's parameters, an encoder inside it as what builds it from its width."""
    parameters = dict(plan.combiner.parameters)
    inner: Mapping[str, Any] | None = parameters.get("encoder")
    if inner is not None:
        build = components.build("encoder", inner["type"], "sequence")
        parameters["encoder"] = partial(build, **trees(inner, "type"))
    return parameters


def losses_of(plan: Plan, facts: Mapping[str, Facts], components: Components) -> dict[str, tuple[Loss, float]]:
    """Return the loss of each output and its weight."""
    return {output.name: (_loss(output, facts[output.name], components), _weight(output)) for output in plan.outputs}


def _loss(output: OutputFeature, facts: Facts, components: Components) -> Loss:
    if output.parameters.get("softmax") and output.loss.type != _OF_SHARES:
        raise UserProblem(
            "softmax-without-its-loss",
            f"softmax: true must go with the loss {_OF_SHARES}; got {output.loss.type}.",
            path=f"output_features[{output.name}].softmax",
        )
    build = components.build("loss", output.loss.type, output.type)
    # A loss in the column's own unit must know how the targets were scaled.
    told = {**facts, "normalization": output.preprocessing.get("normalization")}
    return build(told, **trees(output.loss.parameters, "weight"))


def _weight(output: OutputFeature) -> float:
    return float(output.loss.parameters.get("weight", 1.0))

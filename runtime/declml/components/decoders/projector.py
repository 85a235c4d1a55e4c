"""The decoder ``projector``: all numbers of a vector output at once."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from declml.components.activations import PLANNED_ACTIVATIONS, Activation, LayerActivation, activation_layer
from declml.components.decoders.output_head import HEAD_RULES, HeadParameters, OutputHead
from declml.components.initializers import BiasInitializer, WeightsInitializer
from declml.components.layer_list import FcLayer
from declml.components.norms import Norm, NormParams
from declml.contracts import Facts
from declml.errors import UserProblem
from declml_schema.declare import Component, parameter


class ProjectorParameters(HeadParameters):
    """The dense layers of one output, the linear layer that gives its answer, and what becomes of it."""

    activation: Activation | None = parameter(
        None,
        "The function applied to the answers, on the scale of the normalization; null applies none.",
        planned=PLANNED_ACTIVATIONS,
    )
    multiplier: float = parameter(
        1.0, "What the answers are multiplied by after the activation; larger lets a bounded one reach further.", gt=0
    )
    clip: list[float] | None = parameter(
        None,
        "The smallest and the largest number that a prediction may have; what lies outside is moved to the nearer one.",
        min_length=2,
        max_length=2,
        examples=[[0.0, 100.0]],
    )
    output_size: int | None = parameter(
        None,
        "How many numbers a vector has; null takes what the data have, and another number is a problem.",
        ge=1,
        unit="values",
    )


class Projector(nn.Module):
    """Dense layers, a linear one, an activation; ``clip`` is in the column's unit and acts outside of training only.

    Shape: ``(batch, width)`` -> ``(batch, vector_size)``; with ``submodels`` ``(batch, submodel, width)`` -> ``(batch,
    submodel, vector_size)``.
    """

    def __init__(  # noqa: PLR0913 - one argument for each parameter of a config
        self,
        width: int,
        facts: Facts,
        *,
        activation: Activation | None,
        multiplier: float,
        clip: list[float] | None,
        output_size: int | None = None,
        submodels: int | None = None,
        num_fc_layers: int,
        fc_output_size: int,
        fc_use_bias: bool,
        fc_activation: LayerActivation | None,
        fc_dropout: float,
        fc_norm: Norm | None,
        fc_weights_initializer: WeightsInitializer,
        fc_bias_initializer: BiasInitializer,
        fc_norm_params: NormParams | None,
        fc_layers: Sequence[FcLayer] | None,
        use_bias: bool,
        weights_initializer: WeightsInitializer,
        bias_initializer: BiasInitializer,
    ) -> None:
        super().__init__()
        if output_size not in (None, _size(facts)):
            raise UserProblem(
                "other-vector-size",
                f"output_size must be null or the {_size(facts)} numbers that each vector has; got {output_size}.",
                hint="Leave it out: the data say how long the vectors are.",
            )
        self.submodels = submodels
        self.answer_width = _size(facts)
        self.head = OutputHead(
            width,
            facts,
            count_classes=_size,
            submodels=submodels,
            num_fc_layers=num_fc_layers,
            fc_output_size=fc_output_size,
            fc_use_bias=fc_use_bias,
            fc_activation=fc_activation,
            fc_dropout=fc_dropout,
            fc_norm=fc_norm,
            fc_weights_initializer=fc_weights_initializer,
            fc_bias_initializer=fc_bias_initializer,
            fc_norm_params=fc_norm_params,
            fc_layers=fc_layers,
            use_bias=use_bias,
            weights_initializer=weights_initializer,
            bias_initializer=bias_initializer,
        )
        self.activation = activation_layer(activation)
        self.multiplier = multiplier
        self.clips = clip is not None
        if clip is not None:
            size = _size(facts)
            shift = torch.tensor(facts.get("shift", [0.0] * size))
            scale = torch.tensor(facts.get("scale", [1.0] * size))
            low, high = sorted(clip)
            # Known from the config and the facts, so they are no part of the saved weights.
            self.register_buffer("low", (low - shift) / scale, persistent=False)
            self.register_buffer("high", (high - shift) / scale, persistent=False)

    def forward(self, combined: Tensor) -> Tensor:
        """``(batch, width)`` -> ``(batch, vector_size)``; as above with ``submodels``."""
        answers: Tensor = self.activation(self.head(combined)) * self.multiplier
        if not self.clips or self.training:  # what is clipped teaches nothing
            return answers
        return torch.clamp(answers, self.get_buffer("low"), self.get_buffer("high"))


def _size(facts: Facts) -> int:
    return int(facts["vector_size"])


COMPONENT = Component(
    kind="decoder",
    name="projector",
    doc="Gives all numbers of a vector output at once.",
    parameters=ProjectorParameters,
    features=("vector",),
    build=Projector,
    rules=HEAD_RULES,
    facts={"per_submodel": True},
)

"""What both decoders are made of: dense layers of their own, then one linear layer that gives the answer."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from torch import Tensor, nn

from declml.components.activations import PLANNED_ACTIVATIONS, Activation
from declml.components.dense_stack import (
    BIAS_RULE,
    MOST_LAYERS,
    PLANNED_NORMS,
    DenseStack,
    Linear,
    LinearParameters,
    Norm,
    SubmodelLinear,
    layer_rules,
)
from declml.components.initializers import PLANNED_INITIALIZERS, BiasInitializer, WeightsInitializer
from declml.contracts import Facts
from declml_schema.declare import Parameters, Rule, parameter


class HeadLayerParameters(Parameters):
    """The dense layers of one output, between the combiner and the answer."""

    num_fc_layers: int = parameter(
        0,
        "How many dense layers this output has for itself; more help where outputs need different views of a row.",
        ge=0,
        le=MOST_LAYERS,
        common=True,
    )
    fc_output_size: int = parameter(
        256,
        "The width of each of this output's dense layers; wider layers learn more and cost more.",
        ge=1,
        unit="values",
    )
    fc_use_bias: bool = parameter(True, "Whether each of these layers adds a learned constant to its outputs.")
    fc_activation: Activation | None = parameter(
        "relu",
        "The function applied after each of these layers; null applies none.",
        planned=PLANNED_ACTIVATIONS,
    )
    fc_dropout: float = parameter(
        0.0,
        "The share of these layers' values set to zero at random in training; more guards against overfitting.",
        ge=0,
        lt=1,
    )
    fc_norm: Norm | None = parameter(
        None,
        "How the outputs of each of these layers are rescaled: batch over a batch's rows, layer over a row's values.",
        planned=PLANNED_NORMS,
    )
    fc_weights_initializer: WeightsInitializer = parameter(
        "xavier_uniform", "How the weights of these layers start.", planned=PLANNED_INITIALIZERS
    )
    fc_bias_initializer: BiasInitializer = parameter(
        "zeros",
        "How the constants of these layers start; used where fc_use_bias is true.",
        planned=PLANNED_INITIALIZERS,
    )


class HeadParameters(HeadLayerParameters, LinearParameters):
    """The dense layers of one output and the linear layer that gives its answer."""


HEAD_RULES = (
    *layer_rules("num_fc_layers", tuple(name for name in HeadLayerParameters.model_fields if name != "num_fc_layers")),
    Rule(
        "ignored-unless",
        "fc_bias_initializer",
        "fc_use_bias",
        (True,),
        "fc_bias_initializer acts only with fc_use_bias.",
    ),
    BIAS_RULE,
)


class OutputHead(nn.Module):
    """Dense layers and a last linear one.

    ``count_classes`` reads from the target's facts how many classes there are; without it the answer is one number.
    With ``submodels`` the last layer has weights for each of them.
    Shape: ``(batch, width)`` -> ``(batch, class)``, or ``(batch,)`` for one number; with ``submodels`` ``(batch,
    submodel, width)`` -> ``(batch, submodel, class)`` or ``(batch, submodel)``.
    """

    def __init__(  # noqa: PLR0913 - one argument for each parameter of a config
        self,
        width: int,
        facts: Facts,
        *,
        count_classes: Callable[[Facts], int] | None = None,
        submodels: int | None = None,
        num_fc_layers: int,
        fc_output_size: int,
        fc_use_bias: bool,
        fc_activation: Activation | None,
        fc_dropout: float,
        fc_norm: Norm | None,
        fc_weights_initializer: WeightsInitializer,
        fc_bias_initializer: BiasInitializer,
        use_bias: bool,
        weights_initializer: WeightsInitializer,
        bias_initializer: BiasInitializer,
    ) -> None:
        super().__init__()
        self.one_number = count_classes is None
        self.answer_width = 1 if count_classes is None else count_classes(facts)
        self.submodels = submodels
        self.stack = DenseStack(
            width,
            [fc_output_size] * num_fc_layers,
            use_bias=fc_use_bias,
            weights_initializer=fc_weights_initializer,
            bias_initializer=fc_bias_initializer,
            activation=fc_activation,
            dropout=fc_dropout,
            norm=fc_norm,
        )
        self.answer = (Linear if submodels is None else partial(SubmodelLinear, submodels))(
            self.stack.width,
            self.answer_width,
            use_bias=use_bias,
            weights_initializer=weights_initializer,
            bias_initializer=bias_initializer,
        )

    def forward(self, combined: Tensor) -> Tensor:
        """``(batch, width)`` -> ``(batch, class)``, or ``(batch,)`` for one number; as above with ``submodels``."""
        rows = combined if self.submodels is None else combined.flatten(0, 1)  # a norm wants the values in the second
        hidden: Tensor = self.stack(rows)
        answers: Tensor = self.answer(hidden if self.submodels is None else hidden.unflatten(0, combined.shape[:2]))
        return answers.squeeze(-1) if self.one_number else answers

"""What both decoders are made of: dense layers of their own, then one linear layer that gives the answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from torch import Tensor, nn

from declml.components.activations import LayerActivation
from declml.components.dense_stack import (
    BIAS_RULE,
    DenseStack,
    Linear,
    LinearParameters,
    SubmodelLinear,
    count_rule,
    layer_rules,
)
from declml.components.initializers import PLANNED_INITIALIZERS, BiasInitializer, WeightsInitializer
from declml.components.layer_list import MOST_LAYERS, FcLayer, fc_layers_parameter, stack_widths
from declml.components.norms import Norm, NormParams, norm_params_parameter
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
    fc_activation: LayerActivation | None = parameter(
        "relu", "The function applied after each of these layers; null applies none."
    )
    fc_dropout: float = parameter(
        0.0,
        "The share of these layers' values set to zero at random in training; more guards against overfitting.",
        ge=0,
        lt=1,
    )
    fc_norm: Norm | None = parameter(
        None,
        "How their outputs are rescaled: batch over a batch's rows, ghost over parts of it, layer over a row's values.",
    )
    fc_weights_initializer: WeightsInitializer = parameter(
        "xavier_uniform", "How the weights of these layers start.", planned=PLANNED_INITIALIZERS
    )
    fc_bias_initializer: BiasInitializer = parameter(
        "zeros",
        "How the constants of these layers start; used where fc_use_bias is true.",
        planned=PLANNED_INITIALIZERS,
    )


class ListedHeadLayerParameters(HeadLayerParameters):
    """The dense layers of one output, which can be told one by one."""

    fc_norm_params: NormParams | None = norm_params_parameter()
    fc_layers: list[FcLayer] | None = fc_layers_parameter()


class HeadParameters(ListedHeadLayerParameters, LinearParameters):
    """The dense layers of one output and the linear layer that gives its answer."""


_OF_EACH = tuple(name for name in HeadLayerParameters.model_fields if name != "num_fc_layers")
_FC_BIAS_RULE = Rule(
    "ignored-unless", "fc_bias_initializer", "fc_use_bias", (True,), "fc_bias_initializer acts only with fc_use_bias."
)
HEAD_LAYER_RULES = (
    *layer_rules("num_fc_layers", (*_OF_EACH, "fc_norm_params"), listed="fc_layers"),
    count_rule("num_fc_layers"),
    Rule(
        "ignored-unless",
        "fc_norm_params",
        "fc_norm",
        ("batch", "layer", "ghost"),
        "fc_norm_params acts only with fc_norm.",
    ),
    _FC_BIAS_RULE,
)
HEAD_RULES = (*HEAD_LAYER_RULES, BIAS_RULE)


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
        fc_activation: LayerActivation | None,
        fc_dropout: float,
        fc_norm: Norm | None,
        fc_weights_initializer: WeightsInitializer,
        fc_bias_initializer: BiasInitializer,
        fc_norm_params: NormParams | None = None,
        fc_layers: Sequence[FcLayer] | None = None,
        use_bias: bool,
        weights_initializer: WeightsInitializer,
        bias_initializer: BiasInitializer,
        calibration: str | None = None,
        mc_dropout_samples: int = 0,
    ) -> None:
        super().__init__()
        del calibration, mc_dropout_samples  # those who evaluate read them from the plan: see `AnswerOptions`
        self.one_number = count_classes is None
        self.answer_width = 1 if count_classes is None else count_classes(facts)
        self.submodels = submodels
        self.stack = DenseStack(
            width,
            stack_widths(num_fc_layers, fc_output_size, fc_layers),
            use_bias=fc_use_bias,
            weights_initializer=fc_weights_initializer,
            bias_initializer=fc_bias_initializer,
            activation=fc_activation,
            dropout=fc_dropout,
            norm=fc_norm,
            norm_params=fc_norm_params,
            fc_layers=fc_layers,
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

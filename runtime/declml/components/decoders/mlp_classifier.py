"""The decoder ``mlp_classifier``: a hidden layer of its own before the scores of the classes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from torch import Tensor, nn

from declml.components.activations import LayerActivation
from declml.components.answer_scale import answers_for
from declml.components.decoders.answer_options import AnswerOptions
from declml.components.decoders.output_head import HEAD_RULES, HeadParameters, OutputHead
from declml.components.dense_stack import DenseStack
from declml.components.initializers import BiasInitializer, WeightsInitializer
from declml.components.layer_list import MOST_LAYERS, FcLayer, stack_widths
from declml.components.norms import Norm, NormParams
from declml.contracts import Facts
from declml_schema.declare import Component, parameter


class MlpClassifierParameters(HeadParameters, AnswerOptions):
    """The dense layers of one output, the hidden layer after them and the linear one that gives its answer."""

    num_fc_layers: int = parameter(
        1,
        "How many dense layers this output has for itself before its hidden layer; more can learn more and cost more.",
        ge=0,
        le=MOST_LAYERS,
        common=True,
    )
    output_size: int = parameter(
        256, "The width of the hidden layer before the answer; wider learns more and costs more.", ge=1, unit="values",
        common=True,
    )  # fmt: skip
    activation: LayerActivation | None = parameter(
        "relu", "The function applied after the hidden layer; null applies none."
    )
    dropout: float = parameter(
        0.0,
        "The share of the hidden layer's values set to zero at random in training; more guards against overfitting.",
        ge=0,
        lt=1,
        common=True,
    )


class MlpClassifier(nn.Module):
    """Dense layers as the ``fc_`` parameters have them, one hidden layer, and a last linear one.

    ``count_classes`` reads from the target's facts how many classes there are; without it the answer is one number.
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
        output_size: int,
        activation: LayerActivation | None,
        dropout: float,
        num_fc_layers: int,
        fc_output_size: int,
        fc_use_bias: bool,
        fc_activation: LayerActivation | None,
        fc_dropout: float,
        fc_norm: Norm | None,
        fc_norm_params: NormParams | None,
        fc_weights_initializer: WeightsInitializer,
        fc_bias_initializer: BiasInitializer,
        fc_layers: Sequence[FcLayer] | None,
        use_bias: bool,
        weights_initializer: WeightsInitializer,
        bias_initializer: BiasInitializer,
        calibration: str | None,
        mc_dropout_samples: int,
    ) -> None:
        super().__init__()
        del calibration, mc_dropout_samples  # those who evaluate read them from the plan: see `AnswerOptions`
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
        self.head = OutputHead(
            self.stack.width,
            facts,
            count_classes=count_classes,
            submodels=submodels,
            num_fc_layers=1,
            fc_output_size=output_size,
            fc_use_bias=use_bias,
            fc_activation=activation,
            fc_dropout=dropout,
            fc_norm=None,
            fc_weights_initializer=weights_initializer,
            fc_bias_initializer=bias_initializer,
            use_bias=use_bias,
            weights_initializer=weights_initializer,
            bias_initializer=bias_initializer,
        )
        self.answer_width = self.head.answer_width

    def forward(self, combined: Tensor) -> Tensor:
        """``(batch, width)`` -> ``(batch, class)``, or ``(batch,)`` for one number; as above with ``submodels``."""
        if self.submodels is None:
            return self.head(self.stack(combined))
        hidden: Tensor = self.stack(combined.flatten(0, 1))  # a norm wants the values in the second axis
        return self.head(hidden.unflatten(0, combined.shape[:2]))


_DOC = "Scores from a hidden layer of this output's own: for an output that needs another view of a row than others."
_FACTS = {"per_submodel": True}

BINARY = Component(
    kind="decoder",
    name="mlp_classifier",
    doc=_DOC,
    parameters=MlpClassifierParameters,
    features=("binary",),
    build=MlpClassifier,
    rules=HEAD_RULES,
    facts=_FACTS,
)
CLASSES = Component(
    kind="decoder",
    name="mlp_classifier",
    doc=_DOC,
    parameters=MlpClassifierParameters,
    features=("category", "category_distribution"),
    build=partial(MlpClassifier, count_classes=answers_for),
    rules=HEAD_RULES,
    facts=_FACTS,
)

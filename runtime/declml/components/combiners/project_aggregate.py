"""The combiner ``project_aggregate``: features become vectors of one width, whose mean dense layers mix."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from declml.components.activations import LayerActivation
from declml.components.dense_stack import BIAS_RULE, DenseStack, ListedLayerParameters, count_rule, layer_rules
from declml.components.feature_tokens import FeatureTokens
from declml.components.initializers import BiasInitializer, WeightsInitializer
from declml.components.layer_list import MOST_LAYERS, FcLayer, stack_widths
from declml.components.norms import NORM_DOC, NORM_PARAMS_RULE, Norm, NormParams
from declml_schema.declare import Component, parameter


class ProjectAggregateParameters(ListedLayerParameters):
    """What a config may say of ``project_aggregate``."""

    projection_size: int = parameter(
        128, "The width to which each feature is brought; wider keeps more of it.", ge=1, unit="values", common=True
    )
    num_fc_layers: int = parameter(
        2, "How many dense layers mix the mean; more learn more and take longer.", ge=0, le=MOST_LAYERS, common=True
    )
    output_size: int = parameter(
        128, "The width of each dense layer; wider layers learn more and cost more.", ge=1, unit="values", common=True
    )
    residual: bool = parameter(
        True, "Whether a layer as wide as its input adds its answer to that input, which helps stacks of many layers."
    )
    norm: Norm | None = parameter("layer", NORM_DOC)


class ProjectAggregate(nn.Module):
    """Bring all features to one width, take their mean, and mix it with dense layers.

    Shape: one ``(batch, width_i)`` per group -> ``(batch, width)``.
    """

    def __init__(  # noqa: PLR0913 - one argument for each parameter of a config
        self,
        widths: Sequence[Sequence[int]],
        *,
        projection_size: int,
        num_fc_layers: int,
        output_size: int,
        residual: bool,
        use_bias: bool,
        weights_initializer: WeightsInitializer,
        bias_initializer: BiasInitializer,
        activation: LayerActivation | None,
        dropout: float,
        norm: Norm | None,
        norm_params: NormParams | None,
        fc_layers: Sequence[FcLayer] | None,
    ) -> None:
        super().__init__()
        self.tokens = FeatureTokens(
            widths,
            projection_size,
            use_bias=use_bias,
            weights_initializer=weights_initializer,
            bias_initializer=bias_initializer,
        )
        self.stack = DenseStack(
            projection_size,
            stack_widths(num_fc_layers, output_size, fc_layers),
            use_bias=use_bias,
            weights_initializer=weights_initializer,
            bias_initializer=bias_initializer,
            activation=activation,
            dropout=dropout,
            norm=norm,
            norm_params=norm_params,
            fc_layers=fc_layers,
            residual=residual,
        )
        self.width = self.stack.width

    def forward(self, groups: Sequence[Tensor]) -> Tensor:
        """``(batch, width_i)`` per group -> ``(batch, width)``."""
        return self.stack(self.tokens(groups).mean(dim=1))


PROJECT_AGGREGATE = Component(
    kind="combiner",
    name="project_aggregate",
    doc="Brings every feature to one width and mixes their mean: as wide for a thousand features as for ten.",
    parameters=ProjectAggregateParameters,
    build=ProjectAggregate,
    rules=(
        *layer_rules(
            "num_fc_layers",
            ("output_size", "activation", "residual", "norm", "norm_params", "dropout"),
            listed="fc_layers",
        ),
        count_rule("num_fc_layers"),
        NORM_PARAMS_RULE,
        BIAS_RULE,
    ),
)

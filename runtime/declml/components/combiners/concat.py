"""The combiner ``concat``: put the features side by side, then mix them with dense layers."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from declml.components.activations import LayerActivation
from declml.components.dense_stack import BIAS_RULE, DenseStack, ListedLayerParameters, count_rule, join, layer_rules
from declml.components.dropout import Dropout
from declml.components.initializers import BiasInitializer, WeightsInitializer
from declml.components.layer_list import MOST_LAYERS, FcLayer, stack_widths
from declml.components.norms import NORM_PARAMS_RULE, Norm, NormParams, norm_layer
from declml_schema.declare import Component, Rule, parameter


class ConcatParameters(ListedLayerParameters):
    """What a config may say of ``concat``.

    As in Ludwig, ``norm`` and ``dropout`` act on the joined features too, before the first layer.
    """

    num_fc_layers: int = parameter(
        0,
        "How many dense layers mix the features; more can find relations between features and take longer to train.",
        ge=0,
        le=MOST_LAYERS,
        common=True,
    )
    output_size: int = parameter(
        256, "The width of each dense layer; wider layers learn more and cost more.", ge=1, unit="values", common=True
    )
    residual: bool = parameter(
        False, "Whether a layer as wide as its input adds its answer to that input, which helps stacks of many layers."
    )
    batch_ensemble: bool = parameter(
        False,
        "Whether the layers are several networks that share their weights, each with scales of its own, and answer"
        " together, which costs more time; tabm does so too, with other scales.",
        common=True,
    )
    num_ensemble_members: int = parameter(
        4, "How many networks there are with batch_ensemble; more cost more time.", ge=1, le=256, unit="networks"
    )


class Concat(nn.Module):
    """Join feature vectors and mix them with dense layers.

    With ``batch_ensemble`` each of ``submodels`` networks answers for itself (Wen et al. 2020, arXiv:2002.06715).
    Shape: one ``(batch, width_i)`` per group -> ``(batch, width)``, or ``(batch, submodel, width)``.
    """

    def __init__(  # noqa: PLR0913 - one argument for each parameter of a config
        self,
        widths: Sequence[Sequence[int]],
        *,
        num_fc_layers: int,
        output_size: int,
        use_bias: bool,
        weights_initializer: WeightsInitializer,
        bias_initializer: BiasInitializer,
        activation: LayerActivation | None,
        dropout: float,
        norm: Norm | None,
        norm_params: NormParams | None,
        fc_layers: Sequence[FcLayer] | None,
        residual: bool,
        batch_ensemble: bool,
        num_ensemble_members: int,
    ) -> None:
        super().__init__()
        joined = sum(map(sum, widths))
        self.norm = norm_layer(norm, joined, norm_params)
        self.dropout = Dropout(dropout)
        layers = stack_widths(num_fc_layers, output_size, fc_layers)
        self.submodels = num_ensemble_members if batch_ensemble and layers else None
        self.stack = DenseStack(
            joined,
            layers,
            use_bias=use_bias,
            weights_initializer=weights_initializer,
            bias_initializer=bias_initializer,
            activation=activation,
            dropout=dropout,
            norm=norm,
            norm_params=norm_params,
            fc_layers=fc_layers,
            residual=residual,
            members=self.submodels,
        )
        self.width = self.stack.width

    def forward(self, groups: Sequence[Tensor]) -> Tensor:
        """``(batch, width_i)`` per group -> ``(batch, width)``, or ``(batch, submodel, width)``."""
        return self.stack(self.dropout(self.norm(join(list(groups)))))


CONCAT = Component(
    kind="combiner",
    name="concat",
    doc="Puts the encoded features side by side and, if asked to, mixes them with dense layers.",
    parameters=ConcatParameters,
    build=Concat,
    rules=(
        *layer_rules(
            "num_fc_layers",
            (
                "output_size",
                "activation",
                "residual",
                "use_bias",
                "weights_initializer",
                "bias_initializer",
                "batch_ensemble",
                "num_ensemble_members",
            ),
            listed="fc_layers",
        ),
        Rule("ignored-unless", "num_ensemble_members", "batch_ensemble", (True,), "It acts only with batch_ensemble."),
        count_rule("num_fc_layers"),
        NORM_PARAMS_RULE,
        BIAS_RULE,
    ),
)

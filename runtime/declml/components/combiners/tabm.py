"""The combiner ``tabm``: several dense networks in one, which share almost all of their weights.

Gorishniy, Kotelnikov and Babenko: TabM, Advancing Tabular Deep Learning with Parameter-Efficient Ensembling (ICLR
2025), section 3; ``adapters: first`` is their TabM-mini, ``all`` their TabM.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from declml.components.activations import LayerActivation, activation_layer, layer_outputs
from declml.components.dense_stack import BIAS_RULE, LayerParameters, Linear, join
from declml.components.dropout import Dropout
from declml.components.initializers import BiasInitializer, WeightsInitializer
from declml.components.layer_list import MOST_LAYERS
from declml.components.norms import NORM_PARAMS_RULE, Norm, NormParams, norm_layer
from declml.components.shared_linear import OverRows, SharedLinear
from declml_schema.declare import Component, parameter

_FOR_FEW_ROWS = {"num_submodels": 8, "output_size": 128}
_FOR_MORE_ROWS = {"num_submodels": 4, "output_size": 128}
_FOR_MANY_ROWS = {"num_submodels": 2, "output_size": 256}
"""More rows are learned from in more steps, and many by wider networks; what several of them add is then less."""


class TabMParameters(LayerParameters):
    """What a config may say of ``tabm``."""

    num_submodels: int | Literal["auto"] = parameter(
        "auto",
        "How many networks answer together; more are often more accurate and better calibrated, and cost more; auto"
        " takes 8, 4 for more than 8,192 training rows and 2 for more than 32,768.",
        ge=1,
        le=256,
        unit="networks",
        common=True,
    )
    num_fc_layers: int = parameter(
        2,
        "How many dense layers mix the features; more can find relations between features and take longer to train.",
        ge=1,
        le=MOST_LAYERS,
        common=True,
    )
    output_size: int | Literal["auto"] = parameter(
        "auto",
        "The width of each dense layer; wider layers learn more and cost more; auto takes 128, and 256 for more than"
        " 32,768 training rows.",
        ge=1,
        unit="values",
        common=True,
    )
    adapters: Literal["first", "all"] = parameter(
        "first",
        "Where the networks differ: first scales the features for each of them; all gives each layer such scales and"
        " constants of their own, which costs a little more.",
    )
    dropout: float = parameter(
        0.1,
        "The share of each layer's values set to zero at random in training; more guards against overfitting.",
        ge=0,
        lt=1,
        common=True,
    )


class TabM(nn.Module):
    """Dense layers that all networks share, behind scales of the features that each network has for itself.

    A feature's vector starts with one scale for all of its values, drawn from the normal distribution. ``auto`` is what
    suits few rows: who knows their number decides before.
    Shape: one ``(batch, width_i)`` per group -> ``(batch, submodel, width)``.
    """

    def __init__(  # noqa: PLR0913 - one argument for each parameter of a config
        self,
        widths: Sequence[Sequence[int]],
        *,
        num_submodels: int | Literal["auto"],
        num_fc_layers: int,
        output_size: int | Literal["auto"],
        adapters: Literal["first", "all"],
        use_bias: bool,
        weights_initializer: WeightsInitializer,
        bias_initializer: BiasInitializer,
        activation: LayerActivation | None,
        dropout: float,
        norm: Norm | None,
        norm_params: NormParams | None,
    ) -> None:
        super().__init__()
        if num_submodels == "auto":
            num_submodels = _FOR_FEW_ROWS["num_submodels"]
        if output_size == "auto":
            output_size = _FOR_FEW_ROWS["output_size"]
        self.submodels = num_submodels
        self.width = output_size
        features = [width for group in widths for width in group]
        outputs = layer_outputs(activation, output_size)
        layers: list[nn.Module] = []
        for index in range(num_fc_layers):
            linear = Linear(
                sum(features) if index == 0 else output_size,
                outputs,
                use_bias=use_bias,
                weights_initializer=weights_initializer,
                bias_initializer=bias_initializer,
            )
            scales = None
            if index == 0:
                scales = torch.cat([torch.randn(num_submodels, 1).expand(-1, width) for width in features], dim=1)
            elif adapters == "all":
                scales = torch.ones(num_submodels, output_size)
            over_width = norm_layer(norm, outputs, norm_params)
            own = num_submodels if adapters == "all" else None
            layers.append(SharedLinear(linear, scales, own, has_bias=use_bias))
            layers += [
                OverRows(over_width) if norm in ("batch", "ghost") else over_width,
                activation_layer(activation),
                Dropout(dropout),
            ]
        self.layers = nn.Sequential(*layers)

    def forward(self, groups: Sequence[Tensor]) -> Tensor:
        """``(batch, width_i)`` per group -> ``(batch, submodel, width)``."""
        return self.layers(join(list(groups)))


TABM = Component(
    kind="combiner",
    name="tabm",
    doc="Mixes the features by several dense networks that share weights and answer together: often best on tables.",
    parameters=TabMParameters,
    build=TabM,
    rules=(NORM_PARAMS_RULE, BIAS_RULE),
    facts={
        "by_rows": (
            {"above": 0, "parameters": _FOR_FEW_ROWS},
            {"above": 8_192, "parameters": _FOR_MORE_ROWS, "most_steps": 3_600},
            {"above": 32_768, "parameters": _FOR_MANY_ROWS, "most_steps": 5_120},
        )
    },
)

"""The encoder ``dense``: dense layers for each number or binary feature, all features of a group in one product."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from declml.components.activations import Activation, activation_layer
from declml.components.dense_stack import BIAS_RULE, MOST_LAYERS, BatchNorm, LayerParameters, Norm
from declml.components.initializers import BiasInitializer, WeightsInitializer, fill_bias, fill_weights, seeded_by
from declml.contracts import Member
from declml_schema.declare import Component, parameter


class DenseParameters(LayerParameters):
    """What a config may say of ``dense``."""

    num_layers: int = parameter(
        1,
        "How many dense layers turn the value into a vector; more can bend it further and take longer to train.",
        ge=1,
        le=MOST_LAYERS,
        common=True,
    )
    output_size: int = parameter(
        256,
        "The width of each layer, and of the vector that the feature becomes; wider costs more in every later layer.",
        ge=1,
        unit="values",
        common=True,
    )


class Dense(nn.Module):
    """Dense layers per feature, with the weights of all features stacked: ``(feature, out, in)``.

    Shape: ``(batch, feature)`` -> ``(batch, feature * output_size)``.
    """

    def __init__(  # noqa: PLR0913 - one argument for each parameter of a config
        self,
        members: Sequence[Member],
        *,
        num_layers: int,
        output_size: int,
        use_bias: bool,
        weights_initializer: WeightsInitializer,
        bias_initializer: BiasInitializer,
        activation: Activation | None,
        dropout: float,
        norm: Norm | None,
    ) -> None:
        super().__init__()
        features = len(members)
        self.widths = [output_size] * features
        self.weights = nn.ParameterList(
            torch.empty(features, output_size, 1 if layer == 0 else output_size) for layer in range(num_layers)
        )
        self.biases = nn.ParameterList(torch.empty(features, output_size) for _ in range(num_layers if use_bias else 0))
        for index, member in enumerate(members):
            with seeded_by(member.name):
                for weight in self.weights:
                    fill_weights(weight.data[index], weights_initializer)
                for bias in self.biases:
                    fill_bias(bias.data[index], bias_initializer)
        self.after = nn.ModuleList(
            nn.Sequential(
                _group_norm(norm, features, output_size),
                activation_layer(activation, features=features),
                nn.Dropout(dropout),
            )
            for _ in range(num_layers)
        )

    def forward(self, values: Tensor, lengths: Tensor | None = None) -> Tensor:
        """``(batch, feature)`` -> ``(batch, feature * output_size)``; ``lengths`` has no meaning here."""
        hidden = values.unsqueeze(-1)  # (batch, feature, 1)
        for index, weight in enumerate(self.weights):
            hidden = torch.einsum("bfi,foi->bfo", hidden, weight)  # (batch, feature, width)
            if len(self.biases):
                hidden = hidden + self.biases[index]
            hidden = self.after[index](hidden)
        return hidden.flatten(1)


def _group_norm(norm: Norm | None, features: int, width: int) -> nn.Module:
    if norm is None:
        return nn.Identity()
    return _GroupBatchNorm(features, width) if norm == "batch" else _GroupLayerNorm(features, width)


class _GroupBatchNorm(nn.Module):
    """Batch normalization with figures and weights for each feature: ``(batch, feature, width)`` -> the same shape."""

    def __init__(self, features: int, width: int) -> None:
        super().__init__()
        self.norm = BatchNorm(features * width)

    def forward(self, hidden: Tensor) -> Tensor:
        return self.norm(hidden.flatten(1)).view_as(hidden)


class _GroupLayerNorm(nn.Module):
    """Layer normalization with weights for each feature: ``(batch, feature, width)`` -> the same shape."""

    def __init__(self, features: int, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(features, width))
        self.bias = nn.Parameter(torch.zeros(features, width))

    def forward(self, hidden: Tensor) -> Tensor:
        return nn.functional.layer_norm(hidden, hidden.shape[-1:]) * self.weight + self.bias


def _one_group(parameters: Mapping[str, Any], facts: Mapping[str, Any]) -> Hashable:
    return ()


DENSE = Component(
    kind="encoder",
    name="dense",
    doc="Turns the value into a vector with dense layers of its own.",
    parameters=DenseParameters,
    features=("number", "binary"),
    build=Dense,
    fusion=_one_group,
    rules=(BIAS_RULE,),
)

"""Dense layers of its own for each feature of a group, all in one product: shared by the encoders of groups."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from declml.components.activations import Activation, activation_layer
from declml.components.dense_stack import BIAS_RULE, MOST_LAYERS, BatchNorm, LayerParameters, Norm, layer_rules
from declml.components.dropout import Dropout
from declml.components.initializers import BiasInitializer, WeightsInitializer, fill_bias, fill_weights, seeded_by
from declml.contracts import Member
from declml_schema.declare import parameter


class StackParameters(LayerParameters):
    """The dense layers that may follow what an encoder makes of a value."""

    dropout: float = parameter(
        0.0,
        "The share of values set to zero at random in training, before the dense layers and after each.",
        ge=0,
        lt=1,
        common=True,
    )
    num_fc_layers: int = parameter(0, "How many dense layers follow.", ge=0, le=MOST_LAYERS)
    output_size: int = parameter(10, "The width of each of the dense layers that follow.", ge=1, unit="values")


STACK_RULES = (
    *layer_rules(
        "num_fc_layers",
        ("output_size", "activation", "norm", "use_bias", "weights_initializer", "bias_initializer"),
    ),
    BIAS_RULE,
)


class GroupStack(nn.Module):
    """Dense layers per feature, with the weights of all features stacked: ``(feature, out, in)``.

    Shape: ``(batch, feature, in_width)`` -> ``(batch, feature, width)``; without layers the input as it is.
    """

    def __init__(  # noqa: PLR0913 - one argument for each parameter of a config
        self,
        members: Sequence[Member],
        in_width: int,
        widths: Sequence[int],
        *,
        use_bias: bool,
        weights_initializer: WeightsInitializer,
        bias_initializer: BiasInitializer,
        activation: Activation | None,
        dropout: float,
        norm: Norm | None,
    ) -> None:
        super().__init__()
        features = len(members)
        self.width = widths[-1] if widths else in_width
        shapes = list(zip([in_width, *widths], widths, strict=False))
        self.weights = nn.ParameterList(torch.empty(features, after, before) for before, after in shapes)
        self.biases = nn.ParameterList(torch.empty(features, after) for _, after in shapes if use_bias)
        for index, member in enumerate(members):
            with seeded_by(member.name):
                for weight in self.weights:
                    fill_weights(weight.data[index], weights_initializer)
                for bias in self.biases:
                    fill_bias(bias.data[index], bias_initializer)
        self.after = nn.ModuleList(
            nn.Sequential(
                _group_norm(norm, features, width),
                activation_layer(activation, features=features),
                Dropout(dropout),
            )
            for width in widths
        )

    def forward(self, hidden: Tensor) -> Tensor:
        """``(batch, feature, in_width)`` -> ``(batch, feature, width)``."""
        for index, weight in enumerate(self.weights):
            hidden = torch.einsum("bfi,foi->bfo", hidden, weight)  # (batch, feature, width)
            if len(self.biases):
                hidden = hidden + self.biases[index]
            hidden = self.after[index](hidden)
        return hidden


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

"""Dense layers of its own for each feature of a group, all in one product: shared by the encoders of groups."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from declml.components.activations import LayerActivation, activation_layer, layer_outputs
from declml.components.dense_stack import BIAS_RULE, ListedLayerParameters, count_rule, layer_rules
from declml.components.dropout import Dropout
from declml.components.initializers import BiasInitializer, WeightsInitializer, fill_bias, fill_weights, seeded_by
from declml.components.layer_list import MOST_LAYERS, FcLayer, Layer, settle
from declml.components.norms import NORM_PARAMS_RULE, Norm, NormParams, norm_layer, refuse_foreign
from declml.contracts import Member
from declml_schema.declare import parameter


class StackParameters(ListedLayerParameters):
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
        ("output_size", "activation", "norm", "norm_params", "use_bias", "weights_initializer", "bias_initializer"),
        listed="fc_layers",
    ),
    count_rule("num_fc_layers"),
    NORM_PARAMS_RULE,
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
        activation: LayerActivation | None,
        dropout: float,
        norm: Norm | None,
        norm_params: NormParams | None = None,
        fc_layers: Sequence[FcLayer] | None = None,
    ) -> None:
        super().__init__()
        self.width = widths[-1] if widths else in_width
        alike = Layer(
            width=self.width,
            use_bias=use_bias,
            weights_initializer=weights_initializer,
            bias_initializer=bias_initializer,
            activation=activation,
            dropout=dropout,
            norm=norm,
            norm_params=norm_params,
        )
        layers = settle(widths, fc_layers, alike)
        places = [
            _GroupLayer(len(members), before, layer) for before, layer in zip([in_width, *widths], layers, strict=False)
        ]
        self.layers = nn.ModuleList(places)
        for index, member in enumerate(members):
            with seeded_by(member.name):
                for place, layer in zip(places, layers, strict=True):
                    fill_weights(place.weight.data[index], layer.weights_initializer)
                for place, layer in zip(places, layers, strict=True):
                    if place.bias is not None:
                        fill_bias(place.bias.data[index], layer.bias_initializer)

    def forward(self, hidden: Tensor) -> Tensor:
        """``(batch, feature, in_width)`` -> ``(batch, feature, width)``."""
        for layer in self.layers:
            hidden = layer(hidden)
        return hidden


class _GroupLayer(nn.Module):
    """One dense layer for each feature: ``(batch, feature, in)`` -> ``(batch, feature, width)``."""

    def __init__(self, features: int, before: int, layer: Layer) -> None:
        super().__init__()
        outputs = layer_outputs(layer.activation, layer.width)
        self.weight = nn.Parameter(torch.empty(features, outputs, before))
        self.bias = nn.Parameter(torch.empty(features, outputs)) if layer.use_bias else None
        self.after = nn.Sequential(
            _group_norm(layer, features, outputs),
            activation_layer(layer.activation, features=features),
            Dropout(layer.dropout),
        )

    def forward(self, hidden: Tensor) -> Tensor:
        hidden = torch.einsum("bfi,foi->bfo", hidden, self.weight)  # (batch, feature, width)
        return self.after(hidden if self.bias is None else hidden + self.bias)


def _group_norm(layer: Layer, features: int, width: int) -> nn.Module:
    if layer.norm is None:
        return nn.Identity()
    if layer.norm == "layer":
        return _GroupLayerNorm(features, width, layer.norm_params or {})
    return _GroupBatchNorm(norm_layer(layer.norm, features * width, layer.norm_params))


class _GroupBatchNorm(nn.Module):
    """Batch normalization with figures and weights for each feature: ``(batch, feature, width)`` -> the same shape."""

    def __init__(self, norm: nn.Module) -> None:
        super().__init__()
        self.norm = norm

    def forward(self, hidden: Tensor) -> Tensor:
        return self.norm(hidden.flatten(1)).view_as(hidden)


class _GroupLayerNorm(nn.Module):
    """Layer normalization with weights for each feature: ``(batch, feature, width)`` -> the same shape."""

    def __init__(self, features: int, width: int, params: NormParams) -> None:
        super().__init__()
        refuse_foreign("layer", params)
        self._eps = params.get("eps", 1e-5)
        learned = params.get("elementwise_affine", True)
        self.weight = nn.Parameter(torch.ones(features, width)) if learned else None
        self.bias = nn.Parameter(torch.zeros(features, width)) if learned else None

    def forward(self, hidden: Tensor) -> Tensor:
        hidden = nn.functional.layer_norm(hidden, hidden.shape[-1:], eps=self._eps)
        return hidden if self.weight is None or self.bias is None else hidden * self.weight + self.bias

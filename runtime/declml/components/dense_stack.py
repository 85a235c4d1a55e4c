"""A stack of dense layers, with the parameters that name it in a config: shared by combiners, decoders and encoders."""

from __future__ import annotations

from typing import Literal, TypeAlias

import torch
from torch import Tensor, nn

from declml.components.activations import PLANNED_ACTIVATIONS, Activation, activation_layer
from declml.components.dropout import Dropout
from declml.components.initializers import (
    PLANNED_INITIALIZERS,
    BiasInitializer,
    WeightsInitializer,
    fill_bias,
    fill_weights,
)
from declml_schema.declare import Parameters, Rule, parameter

Norm: TypeAlias = Literal["batch", "layer"]

PLANNED_NORMS = ["ghost"]

MOST_LAYERS = 32
"""How many dense layers a config may ask for in one place."""


class LinearParameters(Parameters):
    """How the linear layers of a component are made."""

    use_bias: bool = parameter(True, "Whether each layer adds a learned constant to its outputs.")
    weights_initializer: WeightsInitializer = parameter(
        "xavier_uniform",
        "How the weights of the layers start; the default keeps the scale of the signal from layer to layer.",
        planned=PLANNED_INITIALIZERS,
    )
    bias_initializer: BiasInitializer = parameter(
        "zeros", "How the constants of the layers start; used where use_bias is true.", planned=PLANNED_INITIALIZERS
    )


class LayerParameters(LinearParameters):
    """What stands around the linear layers of a component."""

    activation: Activation | None = parameter(
        "relu",
        "The function applied after each layer; null applies none, and layers in a row are then worth one.",
        planned=PLANNED_ACTIVATIONS,
    )
    dropout: float = parameter(
        0.0,
        "The share of values set to zero at random in training; more guards against overfitting and slows learning.",
        ge=0,
        lt=1,
        common=True,
    )
    norm: Norm | None = parameter(
        None,
        "How the outputs of each layer are rescaled: batch over a batch's rows, layer over a row's values.",
        planned=PLANNED_NORMS,
    )


def layer_rules(count: str, names: tuple[str, ...], *, values: tuple[int | None, ...] = ()) -> tuple[Rule, ...]:
    """Return the rules that ``names`` act only while the number of layers ``count`` is not zero.

    ``values`` are further values of ``count`` that mean some layers, such as None for a number chosen by declml.
    """
    return tuple(
        Rule(
            "ignored-unless",
            name,
            count,
            (*range(1, MOST_LAYERS + 1), *values),
            f"{name} acts only where {count} is at least 1.",
        )
        for name in names
    )


BIAS_RULE = Rule("ignored-unless", "bias_initializer", "use_bias", (True,), "bias_initializer acts only with use_bias.")


class Linear(nn.Linear):
    """A linear layer that starts as its two initializers say: ``(batch, in)`` -> ``(batch, out)``."""

    def __init__(
        self,
        in_width: int,
        out_width: int,
        *,
        use_bias: bool,
        weights_initializer: WeightsInitializer,
        bias_initializer: BiasInitializer,
    ) -> None:
        super().__init__(in_width, out_width, bias=use_bias)
        fill_weights(self.weight, weights_initializer)
        if use_bias:
            fill_bias(self.bias, bias_initializer)


class SubmodelLinear(nn.Module):
    """A linear layer for each submodel of an ensemble: ``(batch, submodel, in)`` -> ``(batch, submodel, out)``."""

    def __init__(
        self,
        submodels: int,
        in_width: int,
        out_width: int,
        *,
        use_bias: bool,
        weights_initializer: WeightsInitializer,
        bias_initializer: BiasInitializer,
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(submodels, in_width, out_width))
        self.bias = nn.Parameter(torch.empty(submodels, out_width)) if use_bias else None
        for submodel in range(submodels):
            fill_weights(self.weight.data[submodel].T, weights_initializer)
            if self.bias is not None:
                fill_bias(self.bias.data[submodel], bias_initializer)

    def forward(self, hidden: Tensor) -> Tensor:
        """``(batch, submodel, in)`` -> ``(batch, submodel, out)``."""
        answers = torch.bmm(hidden.transpose(0, 1), self.weight).transpose(0, 1)
        return answers if self.bias is None else answers + self.bias


class BatchNorm(nn.BatchNorm1d):
    """Batch normalization that also takes a batch of one row, whose spread is unknown: it uses the running figures."""

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - the name of the method it overrides
        """``(batch, width)`` -> the same shape."""
        if self.training and len(input) < 2:
            return nn.functional.batch_norm(
                input, self.running_mean, self.running_var, self.weight, self.bias, training=False, eps=self.eps
            )
        return super().forward(input)


def norm_layer(norm: Norm | None, width: int) -> nn.Module:
    """Return the layer of a normalization, ``None`` meaning none: ``(batch, width)`` -> the same shape."""
    if norm is None:
        return nn.Identity()
    return BatchNorm(width) if norm == "batch" else nn.LayerNorm(width)


class DenseStack(nn.Module):
    """Dense layers in a row, each linear, then norm, activation and dropout.

    With ``residual`` the answer of a layer that is as wide as its input is added to that input.
    Shape: ``(batch, in_width)`` -> ``(batch, widths[-1])``; without layers the input as it is.
    """

    def __init__(  # noqa: PLR0913 - one argument for each parameter of a config
        self,
        in_width: int,
        widths: list[int],
        *,
        use_bias: bool,
        weights_initializer: WeightsInitializer,
        bias_initializer: BiasInitializer,
        activation: Activation | None,
        dropout: float,
        norm: Norm | None,
        residual: bool = False,
    ) -> None:
        super().__init__()
        self.residual = residual
        self.width = widths[-1] if widths else in_width
        layers: list[nn.Module] = []
        for before, after in zip([in_width, *widths], widths, strict=False):
            linear = Linear(
                before,
                after,
                use_bias=use_bias,
                weights_initializer=weights_initializer,
                bias_initializer=bias_initializer,
            )
            layers.append(
                nn.Sequential(linear, norm_layer(norm, after), activation_layer(activation), Dropout(dropout))
            )
        self.layers = nn.ModuleList(layers)

    def forward(self, hidden: Tensor) -> Tensor:
        """``(batch, in_width)`` -> ``(batch, width)``."""
        for layer in self.layers:
            answer: Tensor = layer(hidden)
            hidden = hidden + answer if self.residual and answer.shape == hidden.shape else answer
        return hidden


def join(parts: list[Tensor]) -> Tensor:
    """``(batch, width_i)`` each -> ``(batch, sum of widths)``, without a copy where there is one part."""
    return parts[0] if len(parts) == 1 else torch.cat(parts, dim=-1)

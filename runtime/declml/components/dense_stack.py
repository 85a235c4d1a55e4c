"""A stack of dense layers, with the parameters that name it in a config: shared by combiners, decoders and encoders."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from declml.components.activations import LayerActivation, activation_layer, layer_outputs
from declml.components.dropout import Dropout
from declml.components.initializers import (
    PLANNED_INITIALIZERS,
    BiasInitializer,
    WeightsInitializer,
    fill_bias,
    fill_weights,
)
from declml.components.layer_list import MOST_LAYERS, FcLayer, Layer, fc_layers_parameter, settle
from declml.components.norms import NORM_DOC, Norm, NormParams, norm_layer, norm_params_parameter
from declml.components.shared_linear import OverRows, SharedLinear, random_signs
from declml_schema.declare import Parameters, Rule, parameter


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

    activation: LayerActivation | None = parameter(
        "relu", "The function applied after each layer; null applies none, and layers in a row are then worth one."
    )
    dropout: float = parameter(
        0.0,
        "The share of values set to zero at random in training; more guards against overfitting and slows learning.",
        ge=0,
        lt=1,
        common=True,
    )
    norm: Norm | None = parameter(None, NORM_DOC)
    norm_params: NormParams | None = norm_params_parameter()


class ListedLayerParameters(LayerParameters):
    """Layers that can also be told one by one."""

    fc_layers: list[FcLayer] | None = fc_layers_parameter()


def layer_rules(count: str, names: tuple[str, ...], *, listed: str = "") -> tuple[Rule, ...]:
    """Return the rules that ``names`` act only while the number of layers ``count`` is not zero.

    ``listed`` is the list of layers that may stand in its place.
    """
    or_listed = f" or {listed} is given" if listed else ""
    return tuple(
        Rule(
            "ignored-unless",
            name,
            count,
            tuple(range(1, MOST_LAYERS + 1)),
            f"{name} acts only where {count} is at least 1{or_listed}.",
            or_given=listed,
        )
        for name in names
    )


def count_rule(count: str, listed: str = "fc_layers") -> Rule:
    """Return the rule that a list of layers makes their number say nothing."""
    return Rule("ignored-unless", count, listed, (None,), f"{listed} says how many layers there are.")


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


class DenseStack(nn.Module):
    """Dense layers in a row, each linear, then norm, activation and dropout; ``fc_layers`` may change each of them.

    With ``residual`` the answer of a layer that is as wide as its input is added to that input. With ``members`` the
    layers are those of so many networks, which share their weights and differ by scales and constants of their own.
    Shape: ``(batch, in_width)`` -> ``(batch, widths[-1])``, or ``(batch, member, widths[-1])``; without layers the
    input as it is.
    """

    def __init__(  # noqa: PLR0913 - one argument for each parameter of a config
        self,
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
        residual: bool = False,
        members: int | None = None,
    ) -> None:
        super().__init__()
        self.residual = residual
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
        layers: list[nn.Module] = []
        for before, layer in zip([in_width, *widths], settle(widths, fc_layers, alike), strict=False):
            outputs = layer_outputs(layer.activation, layer.width)
            linear = Linear(
                before,
                outputs,
                use_bias=layer.use_bias,
                weights_initializer=layer.weights_initializer,
                bias_initializer=layer.bias_initializer,
            )
            first: nn.Module = linear
            norm_after = norm_layer(layer.norm, outputs, layer.norm_params)
            if members is not None:
                first = SharedLinear(
                    linear,
                    random_signs(members, before),
                    members,
                    has_bias=layer.use_bias,
                    out_scales=random_signs(members, outputs),
                )
                norm_after = OverRows(norm_after) if layer.norm in ("batch", "ghost") else norm_after
            layers.append(nn.Sequential(first, norm_after, activation_layer(layer.activation), Dropout(layer.dropout)))
        self.layers = nn.ModuleList(layers)

    def forward(self, hidden: Tensor) -> Tensor:
        """``(batch, in_width)`` -> ``(batch, width)``, or ``(batch, member, width)``."""
        for layer in self.layers:
            answer: Tensor = layer(hidden)
            if self.residual and answer.shape[-1] == hidden.shape[-1]:
                answer = answer + (hidden if answer.dim() == hidden.dim() else hidden.unsqueeze(1))
            hidden = answer
        return hidden


def join(parts: list[Tensor]) -> Tensor:
    """``(batch, width_i)`` each -> ``(batch, sum of widths)``, without a copy where there is one part."""
    return parts[0] if len(parts) == 1 else torch.cat(parts, dim=-1)

"""A list of dense layers, ``fc_layers``: what each says of itself, and the component for whatever it does not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import ConfigDict
from typing_extensions import TypedDict  # pydantic asks for this one before Python 3.12

from declml.components.activations import LayerActivation
from declml.components.initializers import BiasInitializer, WeightsInitializer
from declml.components.norms import Norm, NormParams
from declml_schema.declare import parameter

MOST_LAYERS = 32
"""How many dense layers a config may ask for in one place."""


class FcLayer(TypedDict, total=False):
    """What a config may say of one dense layer; what it does not say is as the component has it."""

    __pydantic_config__ = ConfigDict(extra="forbid", strict=True)  # pyright: ignore[reportGeneralTypeIssues] - pydantic's way

    output_size: Annotated[int, parameter(..., "The width of this layer.", ge=1, unit="values")]
    use_bias: Annotated[bool, parameter(..., "Whether this layer adds a learned constant to its outputs.")]
    weights_initializer: Annotated[WeightsInitializer, parameter(..., "How the weights of this layer start.")]
    bias_initializer: Annotated[BiasInitializer, parameter(..., "How the constants of this layer start.")]
    activation: Annotated[LayerActivation | None, parameter(..., "The function applied after it; null for none.")]
    dropout: Annotated[float, parameter(..., "The share of its values set to zero in training.", ge=0, lt=1)]
    norm: Annotated[Norm | None, parameter(..., "How its outputs are rescaled; null leaves them.")]
    norm_params: Annotated[NormParams | None, parameter(..., "Settings of its norm.")]


@dataclass(frozen=True, slots=True)
class Layer:
    """One dense layer, every setting filled in."""

    width: int
    use_bias: bool
    weights_initializer: WeightsInitializer
    bias_initializer: BiasInitializer
    activation: LayerActivation | None
    dropout: float
    norm: Norm | None
    norm_params: NormParams | None


def fc_layers_parameter() -> Any:
    """Return the declaration of ``fc_layers``."""
    return parameter(
        None,
        "The dense layers one by one, each with what it changes, such as output_size; null makes them all alike.",
        min_length=1,
        max_length=MOST_LAYERS,
        examples=[[{"output_size": 128}, {"output_size": 64, "dropout": 0.2}]],
    )


def stack_widths(count: int, width: int, fc_layers: Sequence[FcLayer] | None) -> list[int]:
    """Return the widths of ``count`` layers of one width, or of the layers of the list where there is one."""
    if fc_layers is None:
        return [width] * count
    return [layer.get("output_size", width) for layer in fc_layers]


def settle(widths: Sequence[int], fc_layers: Sequence[FcLayer] | None, alike: Layer) -> list[Layer]:
    """Return the layers of these widths: as ``alike``, where the list does not say otherwise."""
    nothing: FcLayer = {}
    said = [nothing] * len(widths) if fc_layers is None else fc_layers
    return [_settled(width, layer, alike) for width, layer in zip(widths, said, strict=True)]


def _settled(width: int, said: FcLayer, alike: Layer) -> Layer:
    norm = said.get("norm", alike.norm)
    # Settings for one kind of norm are not for another that a layer chooses.
    same_norm = alike.norm_params if norm == alike.norm else None
    return Layer(
        width=width,
        use_bias=said.get("use_bias", alike.use_bias),
        weights_initializer=said.get("weights_initializer", alike.weights_initializer),
        bias_initializer=said.get("bias_initializer", alike.bias_initializer),
        activation=said.get("activation", alike.activation),
        dropout=said.get("dropout", alike.dropout),
        norm=norm,
        norm_params=said.get("norm_params", same_norm),
    )

"""The activation functions that a config can name: Ludwig's names, PyTorch's functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

from torch import nn

Activation: TypeAlias = Literal[
    "celu",
    "elu",
    "gelu",
    "hardsigmoid",
    "hardswish",
    "leakyRelu",
    "logSigmoid",
    "mish",
    "prelu",
    "relu",
    "relu6",
    "selu",
    "sigmoid",
    "silu",
    "softmax",
    "softplus",
    "swish",
    "tanh",
]

# Ludwig's gated and sparse ones: three change the width of a layer, two are not in PyTorch.
PLANNED_ACTIVATIONS = ["swiglu", "geglu", "reglu", "sparsemax", "entmax15"]


def activation_layer(name: Activation | None, *, features: int | None = None) -> nn.Module:
    """Return the layer of an activation, ``None`` meaning none: ``(..., width)`` -> the same shape.

    ``features`` is for a group, ``(batch, feature, width)``: an activation with a weight of its own gets one for each
    feature.
    """
    if name is None:
        return nn.Identity()
    if name == "prelu":
        return nn.PReLU(features or 1)
    return _ACTIVATIONS[name]()


_ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "celu": nn.CELU,
    "elu": nn.ELU,
    "gelu": nn.GELU,
    "hardsigmoid": nn.Hardsigmoid,
    "hardswish": nn.Hardswish,
    "leakyRelu": nn.LeakyReLU,
    "logSigmoid": nn.LogSigmoid,
    "mish": nn.Mish,
    "relu": nn.ReLU,
    "relu6": nn.ReLU6,
    "selu": nn.SELU,
    "sigmoid": nn.Sigmoid,
    "silu": nn.SiLU,
    "softmax": lambda: nn.Softmax(dim=-1),
    "softplus": nn.Softplus,
    "swish": nn.SiLU,
    "tanh": nn.Tanh,
}

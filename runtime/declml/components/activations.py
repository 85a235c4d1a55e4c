"""The activation functions that a config can name: Ludwig's names, PyTorch's functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

from torch import Tensor, nn

from declml.components.sparse_softmax import entmax15, sparsemax

Activation: TypeAlias = Literal[
    "celu",
    "elu",
    "entmax15",
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
    "sparsemax",
    "swish",
    "tanh",
]

LayerActivation: TypeAlias = Literal[Activation, "geglu", "reglu", "swiglu"]
"""Of a layer that can be made twice as wide: three let one half of its outputs gate the other (Shazeer, 2020)."""

PLANNED_ACTIVATIONS = ["geglu", "reglu", "swiglu"]
"""What cannot stand behind a layer whose width is fixed."""


def layer_outputs(name: LayerActivation | None, width: int) -> int:
    """Return how many outputs a layer needs so that ``width`` come out behind its activation."""
    return 2 * width if name in _GATES else width


def activation_layer(name: LayerActivation | None, *, features: int | None = None) -> nn.Module:
    """Return the layer of an activation, ``None`` meaning none: ``(..., width)`` -> the same shape.

    A gated one takes ``(..., layer_outputs(name, width))``.

    ``features`` is for a group, ``(batch, feature, width)``: an activation with a weight of its own gets one for each
    feature.
    """
    if name is None:
        return nn.Identity()
    if name == "prelu":
        return nn.PReLU(features or 1)
    if name in _GATES:
        return _Gated(_GATES[name])
    if name in _SPARSE:
        return _Sparse(_SPARSE[name])
    return _ACTIVATIONS[name]()


class _Gated(nn.Module):
    """Multiply one half of the values by a function of the other: ``(..., 2 * width)`` -> ``(..., width)``."""

    def __init__(self, gate: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self._gate = gate

    def forward(self, values: Tensor) -> Tensor:
        gates, own = values.chunk(2, dim=-1)
        return self._gate(gates) * own


class _Sparse(nn.Module):
    """Like a softmax over the width, with exact zeros: ``(..., width)`` -> the same shape."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self._function = function

    def forward(self, values: Tensor) -> Tensor:
        return self._function(values)


_GATES: dict[str, Callable[[Tensor], Tensor]] = {
    "geglu": nn.functional.gelu,
    "reglu": nn.functional.relu,
    "swiglu": nn.functional.silu,
}
_SPARSE: dict[str, Callable[[Tensor], Tensor]] = {"entmax15": entmax15, "sparsemax": sparsemax}


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

"""A linear layer as it is where a config says nothing of it."""

from __future__ import annotations

from declml.components.dense_stack import Linear


def plain_linear(in_width: int, out_width: int) -> Linear:
    """Return a layer ``(..., in)`` -> ``(..., out)`` with a constant that starts at 0."""
    return Linear(in_width, out_width, use_bias=True, weights_initializer="xavier_uniform", bias_initializer="zeros")

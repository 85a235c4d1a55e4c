"""Pools between convolutions over tokens: they shorten the text and see no padding."""

from __future__ import annotations

from typing import Literal, TypeAlias

import torch
from torch import Tensor, nn

from declml_schema.declare import Parameters, parameter

PoolFunction: TypeAlias = Literal["max", "mean", "avg"]

MOST_POOLED = 64  # a longer pool would make one of most texts as a whole


class PoolParameters(Parameters):
    """What a config may say of pools between convolutions."""

    pool_function: PoolFunction = parameter("max", "What a pool keeps of its tokens: the strongest match or the mean.")
    pool_size: int | None = parameter(
        None,
        "How many tokens each pool makes one of; null pools nothing.",
        ge=2,
        le=MOST_POOLED,
        unit="tokens",
    )


def pooled(hidden: Tensor, mask: Tensor, size: int, how: PoolFunction) -> tuple[Tensor, Tensor]:
    """Make one of every ``size`` tokens, the last of a row of those that are left; padding counts for nothing.

    Shape: ``(batch, token, width)`` and ``(batch, token)`` -> the same with fewer tokens.
    """
    extra = -mask.shape[1] % size
    hidden = nn.functional.pad(hidden, (0, 0, 0, extra)).unflatten(1, (-1, size))  # (batch, pool, size, width)
    inside = nn.functional.pad(mask, (0, extra)).unflatten(1, (-1, size))
    there = inside.any(2)
    if how == "max":
        most = hidden.masked_fill(~inside.unsqueeze(-1), float("-inf")).amax(2)
        return torch.where(there.unsqueeze(-1), most, 0.0), there
    counts = inside.sum(2, keepdim=True).clamp(min=1)
    return (hidden * inside.unsqueeze(-1)).sum(2) / counts, there

"""Pools between convolutions over tokens: they shorten the text and see no padding."""

from __future__ import annotations

from typing import Literal, TypeAlias

import torch
from torch import Tensor, nn

PoolFunction: TypeAlias = Literal["max", "mean", "avg"]


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

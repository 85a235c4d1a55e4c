"""Pools between convolutions over tokens: they shorten the text and see no padding."""

from __future__ import annotations

from typing import Literal, TypeAlias

import torch
from torch import Tensor, nn

from declml_schema.declare import Parameters, Rule, parameter

PoolFunction: TypeAlias = Literal["max", "mean", "avg"]
Padding: TypeAlias = Literal["same", "valid"]

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


POOL_RULE = Rule(
    "ignored-unless",
    "pool_function",
    "pool_size",
    tuple(range(2, MOST_POOLED + 1)),
    "pool_function acts only where pool_size is given.",
)


def pooled(
    hidden: Tensor,
    mask: Tensor,
    size: int,
    how: PoolFunction,
    *,
    stride: int | None = None,
    padding: Padding = "same",
) -> tuple[Tensor, Tensor]:
    """Make one of every ``size`` tokens, beginning anew after ``stride``, by default right behind.

    With ``same`` the last of a row is made of those that are left, with ``valid`` those are left out. Padding counts
    for nothing. Shape: ``(batch, token, width)`` and ``(batch, token)`` -> the same with fewer tokens.
    """
    step = size if stride is None else stride
    count = -(-mask.shape[1] // step)
    extra = max(0, (count - 1) * step + size - mask.shape[1])
    windows = nn.functional.pad(hidden, (0, 0, 0, extra)).unfold(1, size, step)[:, :count]  # (batch, pool, width, size)
    inside = nn.functional.pad(mask, (0, extra)).unfold(1, size, step)[:, :count]
    there = inside.all(2) if padding == "valid" else inside.any(2)
    if how == "max":
        most = windows.masked_fill(~inside.unsqueeze(2), float("-inf")).amax(3)
        return torch.where(there.unsqueeze(-1), most, 0.0), there
    means = (windows * inside.unsqueeze(2)).sum(3) / inside.sum(2, keepdim=True).clamp(min=1)
    return means * there.unsqueeze(-1), there


class StridedPoolParameters(PoolParameters):
    """What a config may say of pools that may overlap."""

    pool_strides: int | None = parameter(
        None, "How many tokens further each pool begins; null begins where the last one ends.", ge=1, unit="tokens"
    )
    pool_padding: Padding = parameter(
        "same", "Whether tokens at the end that do not fill a pool make one (same) or are left out (valid)."
    )

"""The losses that belong to sparsemax and entmax: how far scores are from the truth, with exact gradients.

They are Fenchel-Young losses (Blondel et al., 2020): the loss is 0 where the function's answer is the truth itself, and
its gradient is that answer minus the truth, as it is for softmax and cross entropy.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from declml.components.sparse_softmax import entmax15, sparsemax


def sparsemax_losses(scores: Tensor, truth: Tensor) -> Tensor:
    """Return the loss of each row (Martins and Astudillo, 2016): scores and shares ``(..., class)`` -> ``(...)``."""
    return _SparsemaxLoss.apply(scores, truth)  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType, reportReturnType] - torch types no autograd function


def entmax15_losses(scores: Tensor, truth: Tensor) -> Tensor:
    """Return the loss of each row (Peters et al., 2019): scores and shares ``(..., class)`` -> ``(...)``."""
    return _Entmax15Loss.apply(scores, truth)  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType, reportReturnType] - torch types no autograd function


class _SparsemaxLoss(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, scores: Tensor, truth: Tensor) -> Tensor:
        answer = sparsemax(scores)
        surplus = answer - truth
        ctx.save_for_backward(surplus)
        # Both are taken of shifted scores: as answer and truth add up to 1, a constant changes nothing but rounding.
        shifted = scores - scores.amax(-1, keepdim=True)
        return ((surplus * shifted).sum(-1) + (truth.square() - answer.square()).sum(-1) / 2).clamp(min=0)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        (surplus,) = ctx.saved_tensors
        return surplus * grads[0].unsqueeze(-1), None


class _Entmax15Loss(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, scores: Tensor, truth: Tensor) -> Tensor:
        answer = entmax15(scores)
        surplus = answer - truth
        ctx.save_for_backward(surplus)
        shifted = scores - scores.amax(-1, keepdim=True)
        # The Tsallis entropy of alpha 1.5 is 4/3 of the sum of p - p ** 1.5; both sums of p are 1.
        entropies = (truth.pow(1.5) - answer.pow(1.5)).sum(-1) * 4 / 3
        return ((surplus * shifted).sum(-1) + entropies).clamp(min=0)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        (surplus,) = ctx.saved_tensors
        return surplus * grads[0].unsqueeze(-1), None

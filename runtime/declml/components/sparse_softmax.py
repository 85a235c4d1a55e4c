"""Functions like a softmax whose answers can be exactly zero: Martins and Astudillo (2016), Peters et al. (2019)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

_HALVINGS = 50
_LEAST = 1e-30


def sparsemax(scores: Tensor) -> Tensor:
    """Return the point of the simplex nearest to each row of ``(batch, width)`` scores."""
    ordered = scores.sort(dim=-1, descending=True).values
    count = torch.arange(1, scores.shape[-1] + 1, dtype=scores.dtype, device=scores.device)
    sums = ordered.cumsum(-1) - 1
    kept = (count * ordered > sums).sum(-1, keepdim=True)  # (batch, 1)
    threshold = sums.gather(-1, kept - 1) / kept
    return (scores - threshold).clamp(min=0)


def entmax(scores: Tensor, alpha: Tensor) -> Tensor:
    """Return the sparse softmax of any ``alpha`` above 1, a scalar: 1.5 is `entmax15`, 2 is `sparsemax`.

    Its threshold is found by halving; the gradients, of the scores and of ``alpha``, are exact there (Peters et al.,
    2019; Correia et al., 2019, proposition 1).
    """
    return _Entmax.apply(scores, alpha)  # pyright: ignore[reportReturnType, reportUnknownMemberType, reportUnknownVariableType] - torch types no autograd function


class _Entmax(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, scores: Tensor, alpha: Tensor) -> Tensor:
        power = 1 / (alpha - 1)
        scaled = (scores - scores.amax(-1, keepdim=True)) * (alpha - 1)
        low, width = torch.full_like(scaled[..., :1], -1.0), 1.0
        for _ in range(_HALVINGS):
            width /= 2
            middle = low + width
            total = (scaled - middle).clamp(min=0).pow(power).sum(-1, keepdim=True)
            low = torch.where(total >= 1, middle, low)
        answer = (scaled - low).clamp(min=0).pow(power)
        answer = answer / answer.sum(-1, keepdim=True)
        ctx.save_for_backward(answer, alpha)
        return answer

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor]:
        answer, alpha = ctx.saved_tensors
        (given,) = grads
        slope = torch.where(answer > 0, answer.clamp(min=_LEAST).pow(2 - alpha), 0.0)
        shares = slope / slope.sum(-1, keepdim=True)
        own = given * slope
        of_scores = own - shares * own.sum(-1, keepdim=True)
        chaos = -answer * answer.clamp(min=_LEAST).log()
        of_alpha = (answer - shares) / (alpha - 1) ** 2 + (chaos - shares * chaos.sum(-1, keepdim=True)) / (alpha - 1)
        return of_scores, (given * of_alpha).sum()


def entmax15(scores: Tensor) -> Tensor:
    """Return what lies between softmax and sparsemax, Tsallis entropy with alpha 1.5, of each row."""
    half = (scores - scores.amax(-1, keepdim=True)) / 2
    ordered = half.sort(dim=-1, descending=True).values
    count = torch.arange(1, scores.shape[-1] + 1, dtype=scores.dtype, device=scores.device)
    mean = ordered.cumsum(-1) / count
    spread = (ordered.square()).cumsum(-1) - count * mean.square()
    # Where a value is not kept the root may be of less than nothing; its gradient must be zero, not infinite.
    inside = (1 - spread) / count
    thresholds = mean - inside.clamp(min=1e-12).sqrt()
    kept = (thresholds <= ordered).sum(-1, keepdim=True)
    return (half - thresholds.gather(-1, kept - 1)).clamp(min=0).square()

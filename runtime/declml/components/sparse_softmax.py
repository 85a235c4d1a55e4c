"""Functions like a softmax whose answers can be exactly zero: Martins and Astudillo (2016), Peters et al. (2019)."""

from __future__ import annotations

import torch
from torch import Tensor


def sparsemax(scores: Tensor) -> Tensor:
    """Return the point of the simplex nearest to each row of ``(batch, width)`` scores."""
    ordered = scores.sort(dim=-1, descending=True).values
    count = torch.arange(1, scores.shape[-1] + 1, dtype=scores.dtype, device=scores.device)
    sums = ordered.cumsum(-1) - 1
    kept = (count * ordered > sums).sum(-1, keepdim=True)  # (batch, 1)
    threshold = sums.gather(-1, kept - 1) / kept
    return (scores - threshold).clamp(min=0)


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

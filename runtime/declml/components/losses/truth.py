"""The truth of a loss over classes as shares, whether it came as class ids or as shares."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional


def as_shares(answers: Tensor, targets: Tensor, *, classes: int | None = None) -> Tensor:
    """Return ``(batch, class)`` shares in the type of the answers, from class ids ``(batch,)`` or shares.

    ``classes`` is their number where the answers are not as wide.
    """
    if targets.ndim == answers.ndim:
        return targets.to(answers.dtype)
    return functional.one_hot(targets.long(), classes or answers.shape[-1]).to(answers.dtype)

"""The ways to make one vector of those of many tokens, or to keep them all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

import torch
from torch import Tensor, nn

from declml.contracts import TokenStates

Reduction: TypeAlias = Literal["last", "sum", "mean", "avg", "max"]
KeepTokens: TypeAlias = Literal["none"] | None
WeightlessReduction: TypeAlias = Reduction | KeepTokens
ReduceOutput: TypeAlias = Literal[Reduction, "attention", "attention_pooling", "none"] | None
"""How many vectors become one; none and null keep one for each token, for a combiner that takes tokens.

Attention weighs the tokens by a small network of its own, attention_pooling by how they go with one learned vector.
"""

PLANNED_REDUCTIONS = ["concat"]
PLANNED_WEIGHTLESS = ["concat", "attention", "attention_pooling", "none", None]
"""What is not built where a reduction has no weights and something must come of it."""


def keeps_tokens(how: str | None) -> bool:
    """Return whether a ``reduce_output`` of an encoder or a combiner keeps a vector for each token."""
    return how in (None, "none")


class TokenReduction(nn.Module):
    """Make one vector of those of a row's tokens, or keep them all; ``per_token`` says which.

    What comes of it goes through the function ``after``: the one vector, or that of each real token. Padding would move
    the mean and spread of a batch. Shape: ``(batch, token, in)`` and ``(batch, token)`` -> ``(batch, width)``, or
    `TokenStates` of ``(batch, token, width)`` with zeros for the padding.
    """

    def __init__(self, how: ReduceOutput, width: int) -> None:
        super().__init__()
        self.how: ReduceOutput = how
        self.per_token = keeps_tokens(how)
        self.scores: nn.Module | None = None
        if how == "attention":  # Yang et al. 2016, "Hierarchical Attention Networks", section 2.2
            self.scores = nn.Sequential(nn.Linear(width, width), nn.Tanh(), nn.Linear(width, 1, bias=False))
        elif how == "attention_pooling":
            self.scores = nn.Linear(width, 1, bias=False)

    def forward(self, hidden: Tensor, mask: Tensor, after: Callable[[Tensor], Tensor]) -> Tensor | TokenStates:
        """As above; a row without tokens gives what ``after`` makes of zeros."""
        if self.scores is not None:
            scores = self.scores(hidden).masked_fill(~mask.unsqueeze(-1), torch.finfo(hidden.dtype).min)
            shares = scores.softmax(1) * mask.unsqueeze(-1)  # (batch, token, 1)
            return after((hidden * shares).sum(1))
        assert self.how != "attention" and self.how != "attention_pooling"
        return reduced(hidden, mask, self.how, after)


def reduced(
    hidden: Tensor, mask: Tensor, how: WeightlessReduction, after: Callable[[Tensor], Tensor]
) -> Tensor | TokenStates:
    """Do the same for a reduction without weights."""
    if how is not None and how != "none":
        return after(reduce_tokens(hidden, mask, how))
    own = after(hidden[mask])  # of real tokens only
    answers = own.new_zeros(*mask.shape, own.shape[-1])
    return TokenStates(answers.masked_scatter(mask.unsqueeze(-1), own), mask)


def reduce_tokens(hidden: Tensor, mask: Tensor, how: Reduction) -> Tensor:
    """``(batch, token, width)`` -> ``(batch, width)`` over the tokens of the mask; a row without tokens gives zeros."""
    if how == "sum":
        return (hidden * mask.unsqueeze(-1)).sum(1)
    counts = mask.sum(1, keepdim=True)  # (batch, 1)
    if how in ("mean", "avg"):
        return (hidden * mask.unsqueeze(-1)).sum(1) / counts.clamp(min=1)
    if how == "max":
        most = hidden.masked_fill(~mask.unsqueeze(-1), float("-inf")).amax(1)
        return most.masked_fill(counts == 0, 0.0)
    last = (counts - 1).clamp(min=0).unsqueeze(-1).expand(-1, 1, hidden.shape[-1])  # (batch, 1, width)
    return hidden.gather(1, last).squeeze(1) * (counts > 0)

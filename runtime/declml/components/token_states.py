"""The ways to make one vector of those of many tokens, or to keep them all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

from torch import Tensor

from declml.contracts import TokenStates

Reduction: TypeAlias = Literal["last", "sum", "mean", "avg", "max"]
KeepTokens: TypeAlias = Literal["none"] | None
ReduceOutput: TypeAlias = Reduction | KeepTokens
"""How many vectors become one; none and null keep one for each token, for a combiner that takes tokens."""

PLANNED_REDUCTIONS = ["concat", "attention", "attention_pooling"]


def keeps_tokens(how: str | None) -> bool:
    """Return whether a ``reduce_output`` of an encoder or a combiner keeps a vector for each token."""
    return how in (None, "none")


def reduced(hidden: Tensor, mask: Tensor, how: ReduceOutput, after: Callable[[Tensor], Tensor]) -> Tensor | TokenStates:
    """Reduce the tokens and apply ``after`` to what comes of it, or to each token's vector where all are kept.

    Shape: ``(batch, token, in)`` and ``(batch, token)`` -> ``(batch, width)``, or `TokenStates` of ``(batch, token,
    width)`` with zeros for the padding.
    """
    if how is not None and how != "none":
        return after(reduce_tokens(hidden, mask, how))
    own = after(hidden[mask])  # of real tokens only: padding would move the mean and spread of a batch
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

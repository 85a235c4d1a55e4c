"""What ``sparsemax`` and ``entmax15`` cost over the real tokens of sequences."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from declml.token_rows import NO_TOKEN


class SparseTokens:
    """Scores ``(batch, token, class)`` and ids ``(batch, token)`` -> their mean loss over all real tokens.

    ``losses`` takes scores and shares ``(..., class)`` to ``(...)``. It is a `declml.contracts.TokenLoss`; padding,
    `NO_TOKEN`, never counts. The probabilities that it trains are those of its function: the fact ``link``.
    """

    def __init__(self, losses: Callable[[Tensor, Tensor], Tensor]) -> None:
        self._losses = losses

    def __call__(self, answers: Tensor, targets: Tensor) -> Tensor:
        """Return the mean loss of the tokens."""
        return self.of_parts(self.parts(answers, targets).sum(0))

    def parts(self, answers: Tensor, targets: Tensor) -> Tensor:
        """Return for each row the cost of its tokens and their number."""
        counted = targets != NO_TOKEN
        own = answers[:, : targets.shape[1]][counted]  # (real token, class)
        truth = functional.one_hot(targets[counted], answers.shape[-1]).to(own.dtype)
        costs = own.new_zeros(targets.shape).masked_scatter(counted, self._losses(own, truth))
        return torch.stack([costs.sum(1), counted.sum(1).to(costs.dtype)], dim=1)

    def of_parts(self, parts: Tensor) -> Tensor:
        """Return the loss from the sums over rows; without a token it is 0."""
        return parts[0] / parts[1].clamp_min(1)

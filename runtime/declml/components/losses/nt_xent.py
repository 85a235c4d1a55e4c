"""The loss ``nt_xent`` for vectors: each answer nearest to its own target among all (Chen et al., 2020, SimCLR)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from declml.contracts import Facts
from declml_schema.declare import Component, Parameters, parameter

# Each row is compared with all others: beyond this number, rows are compared within blocks, in order.
_BLOCK = 1024


class NTXentParameters(Parameters):
    """What a config may say about it."""

    weight: float = parameter(1.0, "How much this output counts in the combined loss; 0 leaves it out.", ge=0)
    temperature: float = parameter(
        0.07, "What similarities are divided by; smaller counts the most similar of the wrong rows more.", gt=0
    )


class NTXent:
    """Answers and targets ``(batch, place)`` -> the mean normalized temperature-scaled cross entropy, a scalar.

    An answer and its target are two views of one row: the cosine of the two is held against those with both views of
    every other row. It depends on what shares a batch, and of a batch of one row is 0; lengths do not count.
    """

    def __init__(self, facts: Facts, *, temperature: float = 0.07) -> None:
        del facts  # nothing about the column changes it
        self._temperature = temperature

    def __call__(self, answers: Tensor, targets: Tensor) -> Tensor:
        """Return the mean loss of both views of the rows."""
        targets = targets.to(answers.dtype)
        blocks = zip(answers.split(_BLOCK), targets.split(_BLOCK), strict=True)
        return torch.cat([self._losses(*block) for block in blocks]).mean()

    def _losses(self, answers: Tensor, targets: Tensor) -> Tensor:
        rows = len(answers)
        views = functional.normalize(torch.cat([answers, targets]), dim=1)  # (2 * batch, place)
        similar = views @ views.T / self._temperature
        similar = similar.masked_fill(torch.eye(2 * rows, dtype=torch.bool, device=views.device), -torch.inf)
        partners = torch.arange(2 * rows, device=views.device).roll(rows)
        return functional.cross_entropy(similar, partners, reduction="none")


COMPONENT = Component(
    "loss",
    "nt_xent",
    "Makes each answer more similar to its own target than to those of other rows; only directions count.",
    NTXentParameters,
    features=("vector",),
    build=NTXent,
)

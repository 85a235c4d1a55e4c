"""What the encoders that bend numbers share: a linear layer for each feature, and a vector for missing values."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from declml.components.initializers import seeded_by
from declml.contracts import Member


class GroupLinear(nn.Module):
    """A linear layer of its own for each feature, all in one product; its weights start as PyTorch's ``Linear`` does.

    Shape: ``(batch, feature, in)`` -> ``(batch, feature, out)``. With ``zero``, all weights start at 0.
    """

    def __init__(self, members: Sequence[Member], width: int, output: int, *, bias: bool, zero: bool = False) -> None:
        super().__init__()
        features = len(members)
        self.weight = nn.Parameter(torch.zeros(features, output, width))
        self.bias = nn.Parameter(torch.zeros(features, output)) if bias else None
        for index, member in enumerate(members):
            with seeded_by(member.name):
                for weight in (self.weight, self.bias):
                    if weight is not None and not zero:
                        nn.init.uniform_(weight.data[index], -(width**-0.5), width**-0.5)

    def forward(self, values: Tensor) -> Tensor:
        """``(batch, feature, in)`` -> ``(batch, feature, out)``."""
        answer = torch.einsum("bfi,foi->bfo", values, self.weight)
        return answer if self.bias is None else answer + self.bias


class MissingVectors(nn.Module):
    """A vector for each feature that is added where its value is missing. It starts at 0: as the stand-in alone.

    Shape: marks ``(batch, feature, 1)`` -> ``(batch, feature, out)``.
    """

    def __init__(self, features: int, output: int) -> None:
        super().__init__()
        self.vectors = nn.Parameter(torch.zeros(features, output))

    def forward(self, marks: Tensor) -> Tensor:
        """Marks, 1 where missing, ``(batch, feature, 1)`` -> ``(batch, feature, out)``."""
        return marks * self.vectors


def values_and_marks(values: Tensor) -> tuple[Tensor, Tensor]:
    """Return values and marks of missing ones, ``(batch, feature, 1)`` each, from ``(batch, 2 * feature)``."""
    pairs = values.unflatten(1, (-1, 2))
    return pairs[..., :1], pairs[..., 1:]


def with_edges(members: Sequence[Member], edges: Sequence[float] | None) -> Sequence[Member]:
    """Return the members with these edges of their bins, or with their own where none are given."""
    if edges is None:
        return members
    return [Member(each.name, {**each.facts, "edges": list(edges)}) for each in members]

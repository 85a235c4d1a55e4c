"""What the encoders of H3 cells share: a vector for each part of a cell."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

import torch
from torch import Tensor, nn

from declml.components.initializers import seeded_by
from declml.contracts import Member
from declml_schema.declare import parameter

PARTS = 19
"""A cell is its mode, edge, resolution and base cell, then the digits of 15 resolutions, each finer by one."""

_ABOVE, _RESOLUTION = 4, 2
_SIZES = [5, 7, 16, 122, *[8] * (PARTS - _ABOVE)]
_OFFSETS = [0, *accumulate(_SIZES)]
_SPREAD = 0.1  # small, so that a cell which training never saw says little


def embedding_size_parameter() -> int:
    """Return the declaration of ``embedding_size``."""
    return parameter(
        10,
        "The width of the vector of each part of a cell: its base cell and the digit of each resolution.",
        ge=1,
        unit="values",
        common=True,
    )


class CellVectors(nn.Module):
    """A vector for each part of a cell, zeros for digits beyond its resolution.

    Ludwig's has one table for the digits of all resolutions, which a sum cannot tell apart; here each has its own.
    All members' vectors are in one table, each with its rows from an offset on.
    Shape: ``(batch, 19 * feature)`` -> ``(batch, feature, 19, width)`` and the mask ``(batch, feature, 19)`` of the
    parts that a cell has.
    """

    offsets: Tensor

    def __init__(self, members: Sequence[Member], width: int) -> None:
        super().__init__()
        rows = _OFFSETS[-1]
        starts = torch.arange(len(members)).unsqueeze(1) * rows + torch.tensor(_OFFSETS[:-1])
        self.register_buffer("offsets", starts, persistent=False)  # (feature, part)
        self.table = nn.Parameter(torch.empty(len(members) * rows, width))
        for index, member in enumerate(members):
            with seeded_by(member.name):
                nn.init.normal_(self.table.data[index * rows : (index + 1) * rows], std=_SPREAD)

    def forward(self, values: Tensor) -> tuple[Tensor, Tensor]:
        """As above."""
        parts = values.unflatten(1, (-1, PARTS)).long()  # (batch, feature, part)
        places = torch.arange(PARTS, device=parts.device)
        mask = places < _ABOVE + parts[..., _RESOLUTION : _RESOLUTION + 1]
        vectors = nn.functional.embedding(parts + self.offsets, self.table)
        return vectors * mask.unsqueeze(-1), mask

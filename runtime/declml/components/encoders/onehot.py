"""The encoder ``onehot``: a column of zeros and ones for each class of a category."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

import torch
from torch import Tensor, nn

from declml.components.encoders.fusion import one_group
from declml.contracts import Member
from declml_schema.declare import Component


class OneHot(nn.Module):
    """Mark the class of each feature with a one.

    Shape: ids ``(batch, feature)`` -> ``(batch, sum of the vocabularies' sizes)``.
    """

    offsets: Tensor

    def __init__(self, members: Sequence[Member]) -> None:
        super().__init__()
        self.widths = [len(member.facts["vocabulary"]) for member in members]
        # Not saved: it follows from the vocabularies.
        self.register_buffer("offsets", torch.tensor([0, *accumulate(self.widths)][:-1]), persistent=False)

    def forward(self, values: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Ids ``(batch, feature)`` -> ``(batch, width)``; ``lengths`` has no meaning here."""
        marks = torch.zeros(len(values), sum(self.widths), device=values.device)
        return marks.scatter_(1, values + self.offsets, 1.0)


ONEHOT = Component(
    kind="encoder",
    name="onehot",
    doc="Turns the category into one column per class: 1 for the row's class, 0 for the others.",
    features=("category",),
    build=OneHot,
    fusion=one_group,
)

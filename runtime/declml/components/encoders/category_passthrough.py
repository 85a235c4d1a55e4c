"""The encoder ``passthrough`` of categories: the id of the class as a number."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from declml.components.encoders.fusion import one_group
from declml.contracts import Member
from declml_schema.declare import Component


class CategoryPassthrough(nn.Module):
    """Hand the ids on as numbers; they rise as classes get rarer, 0 being the unknown one.

    Shape: ids ``(batch, feature)`` -> float ``(batch, feature)``.
    """

    def __init__(self, members: Sequence[Member]) -> None:
        super().__init__()
        self.widths = [1] * len(members)

    def forward(self, values: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Ids ``(batch, feature)`` -> float ``(batch, feature)``; ``lengths`` has no meaning here."""
        return values.float()


CATEGORY_PASSTHROUGH = Component(
    kind="encoder",
    name="passthrough",
    doc="Hands the number of the class on, the most frequent one being 1: a model must then learn what it stands for.",
    features=("category",),
    build=CategoryPassthrough,
    fusion=one_group,
)

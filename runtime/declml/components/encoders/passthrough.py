"""The encoder ``passthrough``: numbers, binaries and vectors go to the combiner as they are."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from declml.components.encoders.fusion import one_group, value_size
from declml.contracts import Member
from declml_schema.declare import Component


class Passthrough(nn.Module):
    """Hand the values on.

    Shape: ``(batch, width)`` -> the same.
    """

    def __init__(self, members: Sequence[Member]) -> None:
        super().__init__()
        self.widths = [value_size(member.facts) for member in members]

    def forward(self, values: Tensor, lengths: Tensor | None = None) -> Tensor:
        """``(batch, width)`` -> the same; ``lengths`` has no meaning here."""
        return values


PASSTHROUGH = Component(
    kind="encoder",
    name="passthrough",
    doc="Hands the preprocessed value to the combiner as it is.",
    features=("number", "binary", "vector"),
    build=Passthrough,
    fusion=one_group,
)

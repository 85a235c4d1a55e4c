"""The encoder ``passthrough``: numbers and binaries go to the combiner as they are."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from torch import Tensor, nn

from declml.contracts import Member
from declml_schema.declare import Component


class Passthrough(nn.Module):
    """Hand the values on.

    Shape: ``(batch, feature)`` -> the same.
    """

    def __init__(self, members: Sequence[Member]) -> None:
        super().__init__()
        self.widths = [1] * len(members)

    def forward(self, values: Tensor, lengths: Tensor | None = None) -> Tensor:
        """``(batch, feature)`` -> the same; ``lengths`` has no meaning here."""
        return values


def _one_group(parameters: Mapping[str, Any], facts: Mapping[str, Any]) -> Hashable:
    return ()


PASSTHROUGH = Component(
    kind="encoder",
    name="passthrough",
    doc="Hands the preprocessed value to the combiner as it is.",
    features=("number", "binary"),
    build=Passthrough,
    fusion=_one_group,
)

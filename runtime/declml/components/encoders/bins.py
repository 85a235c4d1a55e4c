"""The encoder ``bins``: a learned vector for each bin that a number can fall into."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from declml.components.encoders.fusion import one_group
from declml.components.encoders.number_parts import MissingVectors, values_and_marks, with_edges
from declml.components.initializers import seeded_by
from declml.contracts import Member
from declml_schema.declare import Component, Parameters, Rule, parameter

_SPREAD = 0.1  # small, so that a bin that few rows fall into says little


class BinsParameters(Parameters):
    """What a config may say of ``bins``."""

    num_bins: int = parameter(
        32,
        "How many bins the values fall into, each with equally many training rows; more tell values apart better.",
        ge=1,
        le=1000,
        unit="bins",
        common=True,
    )
    output_size: int = parameter(
        256,
        "The width of each bin's vector; wider costs more in every later layer.",
        ge=1,
        unit="values",
        common=True,
    )
    bins_bin_edges: list[float] | None = parameter(
        None,
        "The edges of the bins, in the unit of the scaled values; null learns them from the training rows.",
        min_length=2,
        max_length=1001,
    )


class Bins(nn.Module):
    """Look up the vector of the bin that a value falls into; beyond the outer edges it is that of the outer bin.

    Shape: ``(batch, 2 * feature)``, values beside marks of missing ones -> ``(batch, feature * output_size)``.
    """

    inner: Tensor
    starts: Tensor

    def __init__(
        self,
        members: Sequence[Member],
        *,
        num_bins: int,
        output_size: int,
        bins_bin_edges: Sequence[float] | None,
    ) -> None:
        super().__init__()
        bins = num_bins if bins_bin_edges is None else len(bins_bin_edges) - 1
        inner = np.full((len(members), max(1, bins - 1)), np.inf)
        for index, member in enumerate(with_edges(members, bins_bin_edges)):
            own = np.unique(np.asarray(member.facts.get("edges", ()), dtype=np.float64))[1:-1]
            inner[index, : len(own)] = own
        # Not saved: they follow from the facts.
        self.register_buffer("inner", torch.tensor(inner, dtype=torch.float32), persistent=False)
        self.register_buffer("starts", torch.arange(len(members)).unsqueeze(1) * bins, persistent=False)
        self.table = nn.Parameter(torch.empty(len(members) * bins, output_size))
        for index, member in enumerate(members):
            with seeded_by(member.name):
                nn.init.normal_(self.table.data[index * bins : (index + 1) * bins], std=_SPREAD)
        self.missing = MissingVectors(len(members), output_size)
        self.widths = [output_size] * len(members)

    def forward(self, values: Tensor, lengths: Tensor | None = None) -> Tensor:
        """``(batch, 2 * feature)`` -> ``(batch, feature * output_size)``; ``lengths`` has no meaning here."""
        numbers, marks = values_and_marks(values)
        places = (numbers >= self.inner).sum(-1, keepdim=True) + self.starts  # (batch, feature, 1)
        vectors = nn.functional.embedding(places.squeeze(-1), self.table)
        return (vectors + self.missing(marks)).flatten(1)


BINS = Component(
    kind="encoder",
    name="bins",
    doc="Learns a vector for each of the bins that the value can fall into, as for a category.",
    parameters=BinsParameters,
    features=("number",),
    build=Bins,
    fusion=one_group,
    rules=(
        Rule("ignored-unless", "num_bins", "bins_bin_edges", (None,), "bins_bin_edges says how many bins there are."),
    ),
    facts={"asks": {"bins": "$num_bins", "missing_marks": True}},
)

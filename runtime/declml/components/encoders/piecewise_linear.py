"""The encoder ``piecewise_linear``: how far a number has come through each of its bins, then a linear layer.

Gorishniy, Rubachev and Babenko: On Embeddings for Numerical Features in Tabular Deep Learning (2022), section 3.2;
version ``B`` is that of their package rtdl_num_embeddings (2024): a straight line, and bends that start at nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from declml.components.activations import PLANNED_ACTIVATIONS, Activation, activation_layer
from declml.components.encoders.fusion import one_group
from declml.components.encoders.number_parts import GroupLinear, MissingVectors, values_and_marks
from declml.contracts import Member
from declml_schema.declare import Component, Parameters, parameter

_LARGEST = 1e38


class PiecewiseLinearParameters(Parameters):
    """What a config may say of ``piecewise_linear``."""

    num_bins: int = parameter(
        48,
        "How many bins the values fall into, each with equally many training rows; more can bend more often and cost"
        " more.",
        ge=1,
        le=1000,
        unit="bins",
        common=True,
    )
    output_size: int = parameter(
        12,
        "The width of the vector that the feature becomes; wider costs more in every later layer.",
        ge=1,
        unit="values",
        common=True,
    )
    version: Literal["A", "B"] = parameter(
        "B",
        "A learns from the bins alone; B starts as a straight line through the value and learns the bends, which is"
        " steadier.",
    )
    activation: Activation | None = parameter(
        None, "The function behind the linear layer; null leaves its values as they are.", planned=PLANNED_ACTIVATIONS
    )


class PiecewiseLinear(nn.Module):
    """Piecewise linear encoding and a linear layer for each feature; the bins are the ``edges`` of a member's facts.

    A value becomes one number a bin: 1 where it lies beyond the bin, 0 where it lies before, its share of the way
    inside. Beyond the outer edges nothing changes any more, as in a tree: the training rows say nothing of what lies
    there, and a line that goes on would let one mistyped value ruin a prediction.
    Shape: ``(batch, 2 * feature)``, values beside marks of missing ones -> ``(batch, feature * output_size)``.
    """

    starts: Tensor
    steepness: Tensor
    lowest: Tensor
    highest: Tensor

    def __init__(
        self,
        members: Sequence[Member],
        *,
        num_bins: int,
        output_size: int,
        version: Literal["A", "B"],
        activation: Activation | None,
    ) -> None:
        super().__init__()
        self.widths = [output_size] * len(members)
        for name, figures in _bins(members, num_bins).items():
            # Not saved: they follow from the facts.
            self.register_buffer(name, torch.tensor(figures, dtype=torch.float32), persistent=False)
        is_residual = version == "B"
        self.bins = GroupLinear(members, num_bins, output_size, bias=not is_residual, zero=is_residual)
        self.line = GroupLinear(members, 1, output_size, bias=True) if is_residual else None
        self.missing = MissingVectors(len(members), output_size)
        self.activation = activation_layer(activation, features=len(members))

    def encode(self, values: Tensor) -> Tensor:
        """Return how far values have come through each bin: ``(batch, feature, 1)`` -> ``(batch, feature, bin)``."""
        return ((values - self.starts) * self.steepness).clamp(0.0, 1.0)

    def forward(self, values: Tensor, lengths: Tensor | None = None) -> Tensor:
        """``(batch, 2 * feature)`` -> ``(batch, feature * output_size)``; ``lengths`` has no meaning here."""
        numbers, marks = values_and_marks(values)
        numbers = torch.maximum(torch.minimum(numbers, self.highest), self.lowest)
        hidden = self.bins(self.encode(numbers)) + self.missing(marks)
        if self.line is not None:
            hidden = hidden + self.line(numbers)
        return self.activation(hidden).flatten(1)


def _bins(members: Sequence[Member], num_bins: int) -> dict[str, np.ndarray]:
    """Return start and steepness of each bin, ``(feature, bin)``, and the outer edges, ``(feature, 1)``.

    Bins that a member lacks stay 0. A member without facts, as in a plan for unread data, has no bins.
    """
    starts, steepness = np.zeros((2, len(members), num_bins))
    lowest, highest = np.full((len(members), 1), -_LARGEST), np.full((len(members), 1), _LARGEST)
    for index, member in enumerate(members):
        edges = np.array(member.facts.get("edges", ()), dtype=np.float64)
        edges = np.unique(np.clip(edges, -_LARGEST, _LARGEST))
        bins = max(len(edges) - 1, 0)
        if bins > num_bins:
            raise ValueError(f"the facts of {member.name!r} must have at most {num_bins} bins; got {bins}")
        if bins:
            starts[index, :bins] = edges[:-1]
            steepness[index, :bins] = 1 / np.maximum(np.diff(edges), 1 / _LARGEST)
            lowest[index], highest[index] = edges[0], edges[-1]
    return {"starts": starts, "steepness": steepness, "lowest": lowest, "highest": highest}


PIECEWISE_LINEAR = Component(
    kind="encoder",
    name="piecewise_linear",
    doc="Cuts the value's range into bins of equally many rows, so that the model can bend at each: often the best.",
    parameters=PiecewiseLinearParameters,
    features=("number",),
    build=PiecewiseLinear,
    fusion=one_group,
    facts={"asks": {"bins": "$num_bins", "missing_marks": True}},
)

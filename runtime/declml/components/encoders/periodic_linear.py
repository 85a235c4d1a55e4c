"""The encoder ``periodic_linear``: waves of learned frequencies through a number, then a linear layer.

Gorishniy, Rubachev and Babenko: On Embeddings for Numerical Features in Tabular Deep Learning (2022), section 3.3.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from declml.components.activations import PLANNED_ACTIVATIONS, Activation, activation_layer
from declml.components.encoders.fusion import one_group
from declml.components.encoders.number_parts import GroupLinear, MissingVectors, values_and_marks
from declml.components.initializers import seeded_by
from declml.contracts import Member
from declml_schema.declare import Component, Parameters, parameter

# A wave's place is lost in the rounding of float32 long before; products stay finite.
_LARGEST = 1e6


class PeriodicLinearParameters(Parameters):
    """What a config may say of ``periodic_linear``."""

    num_frequencies: int = parameter(
        48,
        "How many waves go through each value; more can draw finer shapes and cost more.",
        ge=1,
        unit="waves",
        common=True,
    )
    output_size: int = parameter(
        24,
        "The width of the vector that the feature becomes; wider costs more in every later layer.",
        ge=1,
        unit="values",
        common=True,
    )
    sigma: float = parameter(
        0.1,
        "The spread of the frequencies as they start, in turns per unit of the scaled value; larger starts with finer"
        " waves and overfits sooner.",
        gt=0,
        common=True,
    )
    activation: Activation | None = parameter(
        "relu", "The function behind the linear layer; null leaves its values as they are.", planned=PLANNED_ACTIVATIONS
    )


class PeriodicLinear(nn.Module):
    """Cosines and sines of ``2 pi * frequency * value`` and a linear layer for each feature.

    Shape: ``(batch, 2 * feature)``, values beside marks of missing ones -> ``(batch, feature * output_size)``.
    """

    def __init__(
        self,
        members: Sequence[Member],
        *,
        num_frequencies: int,
        output_size: int,
        sigma: float,
        activation: Activation | None,
    ) -> None:
        super().__init__()
        self.widths = [output_size] * len(members)
        self.frequencies = nn.Parameter(torch.empty(len(members), num_frequencies))
        for index, member in enumerate(members):
            with seeded_by(f"{member.name}/frequencies"):
                # Cut at three deviations: a lone high frequency would only be noise.
                nn.init.trunc_normal_(self.frequencies.data[index], std=sigma, a=-3 * sigma, b=3 * sigma)
        self.linear = GroupLinear(members, 2 * num_frequencies, output_size, bias=True)
        self.missing = MissingVectors(len(members), output_size)
        self.activation = activation_layer(activation, features=len(members))

    def forward(self, values: Tensor, lengths: Tensor | None = None) -> Tensor:
        """``(batch, 2 * feature)`` -> ``(batch, feature * output_size)``; ``lengths`` has no meaning here."""
        numbers, marks = values_and_marks(values)
        angles = 2 * math.pi * self.frequencies * numbers.clamp(-_LARGEST, _LARGEST)  # (batch, feature, frequency)
        waves = torch.cat([angles.cos(), angles.sin()], dim=-1)
        return self.activation(self.linear(waves) + self.missing(marks)).flatten(1)


PERIODIC_LINEAR = Component(
    kind="encoder",
    name="periodic_linear",
    doc="Turns the value into waves of learned frequencies, for relations that rise and fall or repeat.",
    parameters=PeriodicLinearParameters,
    features=("number",),
    build=PeriodicLinear,
    fusion=one_group,
    facts={"asks": {"missing_marks": True}},
)

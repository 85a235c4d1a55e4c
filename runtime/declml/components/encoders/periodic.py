"""The encoder ``periodic``: Ludwig's name for `periodic_linear` with nothing behind its linear layer."""

from __future__ import annotations

from collections.abc import Sequence

from declml.components.encoders.fusion import one_group
from declml.components.encoders.periodic_linear import PeriodicLinear
from declml.contracts import Member
from declml_schema.declare import Component, Parameters, parameter


class PeriodicParameters(Parameters):
    """What a config may say of ``periodic``."""

    num_frequencies: int = parameter(
        64, "How many waves go through each value; more can draw finer shapes and cost more.", ge=1, unit="waves",
        common=True,
    )  # fmt: skip
    output_size: int = parameter(
        256,
        "The width of the vector that the feature becomes; wider costs more in every later layer.",
        ge=1,
        unit="values",
        common=True,
    )
    sigma: float = parameter(
        1.0,
        "The spread of the frequencies as they start; larger starts with finer waves and overfits sooner.",
        gt=0,
        common=True,
    )


def build(members: Sequence[Member], *, num_frequencies: int, output_size: int, sigma: float) -> PeriodicLinear:
    """Return the encoder of a group: ``(batch, 2 * feature)`` -> ``(batch, feature * output_size)``."""
    return PeriodicLinear(
        members, num_frequencies=num_frequencies, output_size=output_size, sigma=sigma, activation=None
    )


PERIODIC = Component(
    kind="encoder",
    name="periodic",
    doc="Turns the value into waves of learned frequencies and a linear layer's view of them.",
    parameters=PeriodicParameters,
    features=("number",),
    build=build,
    fusion=one_group,
    facts={"asks": {"missing_marks": True}},
)

"""The encoder ``ple``: Ludwig's name for `piecewise_linear` in its version A, with bins that may be given."""

from __future__ import annotations

from collections.abc import Sequence

from declml.components.encoders.fusion import one_group
from declml.components.encoders.number_parts import with_edges
from declml.components.encoders.piecewise_linear import PiecewiseLinear
from declml.contracts import Member
from declml_schema.declare import Component, Parameters, Rule, parameter


class PleParameters(Parameters):
    """What a config may say of ``ple``."""

    num_bins: int = parameter(
        64,
        "How many bins the values fall into, each with equally many training rows; more can bend more often.",
        ge=1,
        le=1000,
        unit="bins",
        common=True,
    )
    output_size: int = parameter(
        256,
        "The width of the vector that the feature becomes; wider costs more in every later layer.",
        ge=1,
        unit="values",
        common=True,
    )
    ple_bin_edges: list[float] | None = parameter(
        None,
        "The edges of the bins, in the unit of the scaled values; null learns them from the training rows.",
        min_length=2,
        max_length=1001,
    )


def build(
    members: Sequence[Member], *, num_bins: int, output_size: int, ple_bin_edges: Sequence[float] | None
) -> PiecewiseLinear:
    """Return the encoder of a group: ``(batch, 2 * feature)`` -> ``(batch, feature * output_size)``."""
    bins = num_bins if ple_bin_edges is None else len(ple_bin_edges) - 1
    return PiecewiseLinear(
        with_edges(members, ple_bin_edges), num_bins=bins, output_size=output_size, version="A", activation=None
    )


PLE = Component(
    kind="encoder",
    name="ple",
    doc="Cuts the value's range into bins of equally many rows and learns how far the value has come through each.",
    parameters=PleParameters,
    features=("number",),
    build=build,
    fusion=one_group,
    rules=(Rule("ignored-unless", "num_bins", "ple_bin_edges", (None,), "ple_bin_edges says how many there are."),),
    facts={"asks": {"bins": "$num_bins", "missing_marks": True}},
)

"""What metrics of answered classes say of their threshold: an output's own, the same for all of them."""

from __future__ import annotations

from declml_schema.declare import Parameters, parameter


class BinaryThreshold(Parameters):
    """What a config may say about a metric of binaries."""

    threshold: float = parameter(
        0.5,
        "The probability from which an answer counts as true; larger finds fewer positives, with fewer false alarms.",
        ge=0,
        le=1,
    )


class SetThreshold(Parameters):
    """What a config may say about a metric of sets."""

    threshold: float = parameter(
        0.5,
        "The probability from which an item is predicted; larger predicts fewer items, with fewer false ones.",
        ge=0,
        le=1,
    )

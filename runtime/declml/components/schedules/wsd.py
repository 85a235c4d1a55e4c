"""The schedule ``wsd``: warm-up, a stable stretch, decay to 0 (Hu et al., 2024; Haegele et al., 2024)."""

from __future__ import annotations

from declml.contracts import Schedule
from declml_schema.declare import Component, Parameters, parameter


class WsdParameters(Parameters):
    """What a config may say about it."""

    wsd_warmup_fraction: float = parameter(
        0.1, "The share of the steps in which the rate rises; larger begins more carefully.", ge=0, le=1
    )
    wsd_stable_fraction: float = parameter(
        0.8,
        "The share of the steps at the full rate. Shares that do not add up to 1 are scaled alike until they do.",
        ge=0,
        le=1,
    )
    wsd_decay_fraction: float = parameter(
        0.1, "The share of the steps, the last ones, in which the rate falls to 0; larger settles longer.", ge=0, le=1
    )


def build_wsd(
    *,
    total_steps: int,
    steps_per_epoch: int,
    learning_rate: float,
    wsd_warmup_fraction: float = 0.1,
    wsd_stable_fraction: float = 0.8,
    wsd_decay_fraction: float = 0.1,
) -> Schedule:
    """Return a factor that rises in a straight line to 1, stays there, and falls in one to 0 at ``total_steps``."""
    del steps_per_epoch, learning_rate
    # With three shares of 0 there is nothing to scale: the rate stays as it is.
    whole = wsd_warmup_fraction + wsd_stable_fraction + wsd_decay_fraction or 1.0
    rising = round(total_steps * wsd_warmup_fraction / whole)
    falling = round(total_steps * wsd_decay_fraction / whole)

    def factor(step: int) -> float:
        if step < rising:
            return (step + 1) / (rising + 1)
        if step >= total_steps - falling and falling:
            return max(0.0, (total_steps - step) / falling)
        return 1.0

    return factor


COMPONENT = Component(
    "schedule",
    "wsd",
    "The learning rate rises, stays at its full size for most of the training, and falls to 0 at the end.",
    WsdParameters,
    build=build_wsd,
)

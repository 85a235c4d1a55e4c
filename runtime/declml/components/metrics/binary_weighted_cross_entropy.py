"""The metric ``binary_weighted_cross_entropy`` for binaries: Ludwig's name for the log loss."""

from __future__ import annotations

from declml.components.metrics.log_loss import build_binary_log_loss
from declml_schema.declare import Component

COMPONENT = Component(
    "metric",
    "binary_weighted_cross_entropy",
    "Cross entropy without the weights and smoothing of a loss: another name for log_loss.",
    features=("binary",),
    build=build_binary_log_loss,
    facts={"goal": "minimize", "range": [0.0, None], "on_request": True},
)

"""The metric ``f2`` for binaries and sets: F1 with recall counting twice."""

from __future__ import annotations

from functools import partial

from declml.components.metrics.borrowed_set import answered_set_metric
from declml.components.metrics.f_beta import build_f_beta
from declml.components.metrics.threshold import BinaryThreshold
from declml_schema.declare import Component


class F2Parameters(BinaryThreshold):
    """What a config may say about it."""


COMPONENT = Component(
    "metric",
    "f2",
    "As f1, but recall counts twice as much as precision: for where a miss costs more than a false alarm.",
    F2Parameters,
    features=("binary",),
    build=partial(build_f_beta, beta=2.0),
    facts={"goal": "maximize", "range": [0.0, 1.0], "on_request": True},
)
SET = answered_set_metric(
    "f2", "fbeta_score",
    "As f1, but recall counts twice as much as precision: for where a miss costs more than a false alarm.",
    average="micro", before=(2.0,),
)  # fmt: skip

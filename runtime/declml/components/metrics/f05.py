"""The metric ``f05`` for binaries and sets: F1 with precision counting twice."""

from __future__ import annotations

from functools import partial

from declml.components.metrics.borrowed_set import answered_set_metric
from declml.components.metrics.f_beta import build_f_beta
from declml.components.metrics.threshold import BinaryThreshold
from declml_schema.declare import Component


class F05Parameters(BinaryThreshold):
    """What a config may say about it."""


COMPONENT = Component(
    "metric",
    "f05",
    "As f1, but precision counts twice as much as recall: for where a false alarm costs more than a miss.",
    F05Parameters,
    features=("binary",),
    build=partial(build_f_beta, beta=0.5),
    facts={"goal": "maximize", "range": [0.0, 1.0], "on_request": True},
)
SET = answered_set_metric(
    "f05", "fbeta_score",
    "As f1, but precision counts twice as much as recall: for where a false alarm costs more than a miss.",
    average="micro", before=(0.5,),
)  # fmt: skip

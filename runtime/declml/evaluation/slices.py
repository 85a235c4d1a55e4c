"""Scores of parts of the rows, such as one country's: where a model is worst, first."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from declml.contracts import Decides, Model
from declml.evaluation.evaluate import OutputSpec, Predictions, score


@dataclass(frozen=True, slots=True)
class SliceScores:
    """The scores of one slice: ``values`` is output -> metric -> value."""

    name: str
    rows: int
    values: Mapping[str, Mapping[str, float]]

    def as_json(self) -> dict[str, Any]:
        """Return it as an event tells it."""
        return {"name": self.name, "rows": self.rows, "values": {key: dict(each) for key, each in self.values.items()}}


def score_slices(
    predictions: Predictions,
    outputs: Sequence[OutputSpec],
    model: Model,
    slices: Mapping[str, np.ndarray],
    decides: Decides,
) -> list[SliceScores]:
    """Return the scores of each slice, the worst by the deciding metric first, those without a number last.

    ``slices`` is name -> ``(row,)`` bool in the order of the rows. A slice without rows has nan for every score.
    """
    scored: list[SliceScores] = []
    for name, mask in slices.items():
        part = predictions.select(mask)
        scored.append(SliceScores(name, part.rows, score(part, outputs, model)))
    sign = 1.0 if decides.goal == "maximize" else -1.0

    def badness(each: SliceScores) -> tuple[bool, float]:
        value = each.values[decides.output][decides.metric]
        return (True, 0.0) if math.isnan(value) else (False, sign * value)

    return sorted(scored, key=badness)

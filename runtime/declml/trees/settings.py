"""What the boosting of trees is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from declml.contracts import Decides


@dataclass(frozen=True, slots=True, kw_only=True)
class BoostingSettings:
    """How to boost.

    - ``parameters``: LightGBM's own, by its names.
    - ``rounds``: at most; ``rounds_per_evaluation`` of them stand between two evaluations.
    - ``splits``: evaluated at each evaluation; where ``training`` is not among them, LightGBM's own loss stands for it.
    - ``decides``: the metric, on ``deciding_split``, that picks how many rounds are kept; None keeps all.
    - ``patience``: stop after so many evaluations without a better one; None never does.
    - ``class_weights``: what a row of each class weighs, by its id; None weighs all alike.
    - ``mean_loss``: whether the loss of weighted rows is divided by their number, and not by the sum of their weights.
    - ``squared``: whether LightGBM's loss is the square of the output's own.
    - ``checkpoint_seconds``: the most time that a killed run can lose; it changes no number.
    """

    parameters: Mapping[str, Any]
    rounds: int
    rounds_per_evaluation: int
    splits: tuple[str, ...] = ("validation",)
    decides: Decides | None = None
    deciding_split: str = "validation"
    patience: int | None = None
    class_weights: tuple[float, ...] | None = None
    mean_loss: bool = False
    squared: bool = False
    loss_weight: float = 1.0
    checkpoint_seconds: float = 30.0

    @property
    def additive(self) -> bool:
        """Whether a tree stays as it is once it is there, and answers are the sum of all."""
        return self.parameters["boosting"] == "gbdt"

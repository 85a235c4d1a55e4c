"""The metric ``brier_score``, for binaries and categories: squared differences of probabilities and what came true."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from declml.contracts import Metric
from declml_schema.declare import Component


def binary_brier_score(scores: Tensor, targets: Tensor) -> float:
    """Return the mean squared difference of ``(row,)`` probabilities and 0/1 targets (Brier, 1950)."""
    return float((scores.double() - (targets > 0.5).double()).square().mean())


def category_brier_score(scores: Tensor, targets: Tensor) -> float:
    """Return the mean over rows of the squared differences summed over the classes; nan without rows.

    Shape: ``(row, class)`` probabilities and ``(row,)`` class ids.
    """
    truth = functional.one_hot(targets, scores.shape[1]).double()
    return float((scores.double() - truth).square().sum(dim=1).mean())


def build_binary_brier_score() -> Metric:
    """Return the function for a binary output."""
    return binary_brier_score


def build_category_brier_score() -> Metric:
    """Return the function for a category output."""
    return category_brier_score


BINARY = Component(
    "metric",
    "brier_score",
    "The mean squared difference of the probability and what came true: 0 is perfect, 0.25 is saying one half always.",
    features=("binary",),
    build=build_binary_brier_score,
    facts={"goal": "minimize", "range": [0.0, 1.0], "on_request": True},
)
CATEGORY = Component(
    "metric",
    "brier_score",
    "The squared differences of probabilities and what came true, summed over the classes, averaged over the rows.",
    features=("category",),
    build=build_category_brier_score,
    facts={"goal": "minimize", "range": [0.0, 2.0], "on_request": True},
)

"""The metric ``log_loss``, for binaries and categories: how surprised the answers are by the truth."""

from __future__ import annotations

import torch
from torch import Tensor

from declml.contracts import Metric
from declml_schema.declare import Component

_SMALLEST = torch.finfo(torch.float64).eps


def binary_log_loss(scores: Tensor, targets: Tensor) -> float:
    """Return the mean of ``-log(probability of the truth)``, for ``(row,)`` probabilities and 0/1; nan without rows."""
    scores = scores.double()
    return _mean_surprise(torch.where(targets > 0.5, scores, 1 - scores))


def category_log_loss(scores: Tensor, targets: Tensor) -> float:
    """Return the mean of ``-log(probability of the truth)``, for ``(row, class)`` and class ids; nan without rows."""
    return _mean_surprise(scores.double().gather(1, targets[:, None])[:, 0])


def _mean_surprise(probability: Tensor) -> float:
    # As in scikit-learn: 0 counts as the smallest step of a double, so that one row cannot make all infinite.
    return float(-probability.clamp(_SMALLEST, 1 - _SMALLEST).log().mean())


def build_binary_log_loss() -> Metric:
    """Return the function for a binary output."""
    return binary_log_loss


def build_category_log_loss() -> Metric:
    """Return the function for a category output."""
    return category_log_loss


_DOC = "The mean of minus the logarithm of the probability that the truth got: sure mistakes cost most."
_FACTS = {"goal": "minimize", "range": [0.0, None]}

BINARY = Component("metric", "log_loss", _DOC, features=("binary",), build=build_binary_log_loss, facts=_FACTS)
CATEGORY = Component("metric", "log_loss", _DOC, features=("category",), build=build_category_log_loss, facts=_FACTS)

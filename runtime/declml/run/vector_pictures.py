"""Pictures of answers that are vectors: the error of each dimension, and its answers by their true values."""

from __future__ import annotations

import numpy as np

from declml.charts.chart import Chart, Picture, Series

_MOST_DIMENSIONS = 6
_MOST_POINTS = 2000


def dimensions_picture(said: np.ndarray, truth: np.ndarray, *, file: str, place: str) -> Picture:
    """Return how far answers are from the truth in each dimension, both ``(row, dimension)``."""
    numbers = [float(each) for each in range(1, truth.shape[1] + 1)]
    rest = said - truth
    root, mean = np.sqrt((rest**2).mean(0)), np.abs(rest).mean(0)
    # What is left when the mean of the truth is said each time: who errs as much has learned nothing.
    spread = truth.std(0)
    series = (
        Series("root mean squared error", numbers, root.tolist(), "line-and-points"),
        Series("mean absolute error", numbers, mean.tolist(), "line-and-points"),
        Series("standard deviation of the truth", numbers, spread.tolist(), "line-and-points"),
    )
    return Chart(
        "dimensions", f"dimensions-{file}", f"Errors by dimension: {place}",
        f"How far answers are from the truth (up) in each dimension (across). Worst is dimension"
        f" {int(root.argmax()) + 1} with a root mean squared error of {root.max():.4g}.",
        "dimension", "error", series,
    )  # fmt: skip


def predicted_picture(said: np.ndarray, truth: np.ndarray, *, file: str, place: str) -> Picture:
    """Return the answers of the first dimensions by their true values, both ``(row, dimension)``."""
    shown = min(_MOST_DIMENSIONS, truth.shape[1])
    count = min(len(truth), _MOST_POINTS // shown)
    some = np.unique(np.linspace(0, len(truth) - 1, count).astype(np.int64))
    # Dimensions may be of very different sizes, and all of them are on one paper.
    mean, spread = truth.mean(0), truth.std(0)
    spread = np.where(spread > 1e-6 * np.abs(mean), spread, 1.0)  # one that is always the same has none
    true, answered = ((each[some] - mean) / spread for each in (truth, said))
    points = tuple(
        Series(f"dimension {each + 1}", true[:, each].tolist(), answered[:, each].tolist(), "points")
        for each in range(shown)
    )
    both = np.concatenate([true[:, :shown], answered[:, :shown]])
    low, high = float(both.min()), float(both.max())
    of = "" if shown == truth.shape[1] else f" The first {shown} of {truth.shape[1]} dimensions."
    return Chart(
        "predicted", f"predicted-{file}", f"Predicted and true: {place}",
        "The predicted value (up) by the true one (across), each dimension around its mean and in its own standard"
        f" deviations; on the diagonal both are the same.{of}",
        "true value, in standard deviations", "predicted value, in standard deviations", points,
        (low, high), (low, high), ((low, low), (high, high)),
    )  # fmt: skip

"""Curves of what a threshold costs: ROC and precision over recall, thinned to what can be seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

MOST_POINTS = 400


@dataclass(frozen=True, slots=True)
class ThresholdCurve:
    """``x``, ``y`` and the threshold at each point, ``(point,)`` float64; ``area`` is that under the whole curve."""

    x: np.ndarray
    y: np.ndarray
    threshold: np.ndarray
    area: float


def roc_curve(scores: np.ndarray, positive: np.ndarray) -> ThresholdCurve | None:
    """Return false positive against true positive rate; None unless there are rows of both kinds.

    Shape: ``(row,)`` scores and ``(row,)`` bool. The first point answers nothing as positive, the last one everything.
    """
    thresholds, hits, false = _counts(scores, positive)
    if not len(hits) or not hits[-1] or not false[-1]:
        return None
    x, y = np.append(0.0, false / false[-1]), np.append(0.0, hits / hits[-1])
    area = float(np.sum(np.diff(x) * (y[1:] + y[:-1]) / 2))
    return _thinned(ThresholdCurve(x, y, np.append(np.inf, thresholds), area))


def precision_recall_curve(scores: np.ndarray, positive: np.ndarray) -> ThresholdCurve | None:
    """Return recall against precision; None without positives. The area is the average precision.

    Shape: ``(row,)`` scores and ``(row,)`` bool.
    """
    thresholds, hits, false = _counts(scores, positive)
    if not len(hits) or not hits[-1]:
        return None
    precision, recall = hits / (hits + false), hits / hits[-1]
    area = float(np.sum(np.diff(recall, prepend=0.0) * precision))
    x, y = np.append(0.0, recall), np.append(precision[0], precision)
    return _thinned(ThresholdCurve(x, y, np.append(np.inf, thresholds), area))


def _counts(scores: np.ndarray, positive: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return each distinct score from the highest down, and the positives and negatives at or above it."""
    order = np.argsort(-scores, kind="stable")
    ordered, truth = scores[order], positive[order].astype(np.float64)
    last = np.flatnonzero(np.append(np.diff(ordered) != 0, True)) if len(ordered) else np.zeros(0, dtype=np.int64)
    hits = np.cumsum(truth)[last]
    return ordered[last], hits, last + 1 - hits


def _thinned(curve: ThresholdCurve) -> ThresholdCurve:
    """Return the curve with at most `MOST_POINTS` points, evenly along its length, its ends among them."""
    if len(curve.x) <= MOST_POINTS:
        return curve
    way = np.append(0.0, np.cumsum(np.abs(np.diff(curve.x)) + np.abs(np.diff(curve.y))))
    wanted = np.searchsorted(way, np.linspace(0, way[-1], MOST_POINTS))
    kept = np.unique(np.append(wanted.clip(max=len(way) - 1), [0, len(way) - 1]))
    return ThresholdCurve(curve.x[kept], curve.y[kept], curve.threshold[kept], curve.area)

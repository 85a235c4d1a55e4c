"""ROC and precision over recall: scikit-learn as the reference, ties, one class only, and thinning."""

from __future__ import annotations

import numpy as np
import pytest
import sklearn.metrics as sk

from declml.evaluation.curves import MOST_POINTS, precision_recall_curve, roc_curve


def rows(number: int, *, ties: bool) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(number)
    positive = generator.random(number) < 0.3
    scores = 1 / (1 + np.exp(-generator.normal(size=number) - positive))
    return np.round(scores, 1) if ties else scores, positive


@pytest.mark.parametrize("ties", [False, True])
def test_the_curves_are_those_of_scikit_learn(ties: bool) -> None:
    scores, positive = rows(150, ties=ties)
    roc = roc_curve(scores, positive)
    assert roc is not None
    x, y, thresholds = sk.roc_curve(positive, scores, drop_intermediate=False)
    assert roc.x == pytest.approx(x)
    assert roc.y == pytest.approx(y)
    assert roc.threshold[1:] == pytest.approx(thresholds[1:])
    assert roc.area == pytest.approx(sk.roc_auc_score(positive, scores))
    curve = precision_recall_curve(scores, positive)
    assert curve is not None
    precision, recall, _ = sk.precision_recall_curve(positive, scores)
    assert curve.x == pytest.approx(recall[::-1])
    assert curve.y[1:] == pytest.approx(precision[::-1][1:])
    assert curve.area == pytest.approx(sk.average_precision_score(positive, scores))


def test_many_points_are_thinned_and_the_area_is_that_of_all() -> None:
    scores, positive = rows(20_000, ties=False)
    curve = roc_curve(scores, positive)
    assert curve is not None
    assert len(curve.x) <= MOST_POINTS + 1
    assert (curve.x[0], curve.y[0], curve.x[-1], curve.y[-1]) == (0.0, 0.0, 1.0, 1.0)
    assert curve.area == pytest.approx(sk.roc_auc_score(positive, scores))
    seen = float(np.sum(np.diff(curve.x) * (curve.y[1:] + curve.y[:-1]) / 2))
    assert seen == pytest.approx(curve.area, abs=2e-3)


@pytest.mark.parametrize("number", [0, 5])
def test_one_kind_of_rows_has_no_curve(number: int) -> None:
    scores = np.linspace(0, 1, number)
    assert roc_curve(scores, np.zeros(number, dtype=bool)) is None
    assert roc_curve(scores, np.ones(number, dtype=bool)) is None
    assert precision_recall_curve(scores, np.zeros(number, dtype=bool)) is None

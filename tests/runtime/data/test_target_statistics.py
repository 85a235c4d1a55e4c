"""The statistics of the targets by label: the means by hand, and no training row that sees its own answer."""

from __future__ import annotations

import numpy as np
import pytest

from declml.data.target_statistics import Target, fit_statistics
from declml.errors import UserProblem


def test_a_label_gets_the_smoothed_mean_in_units_of_the_spread() -> None:
    ids = np.array([0, 0, 1, 1, 1])
    values = np.array([1.0, 3.0, 10.0, 10.0, 99.0])
    training = np.array([0, 1, 2, 3])
    found = fit_statistics(ids, 3, [Target(values)], training, folds=2, smoothing=2.0, seed=1)
    mean, spread = values[:4].mean(), values[:4].std()
    wanted = [(4 + 2 * mean) / 4, (20 + 2 * mean) / 4, mean]
    np.testing.assert_allclose(found.means[:, 0] * spread + mean, wanted)


def test_a_training_row_takes_the_means_of_the_other_folds() -> None:
    chance = np.random.default_rng(0)
    ids, values = chance.integers(40, size=2000), chance.normal(size=2000)
    training = np.arange(1500)
    found = fit_statistics(ids, 40, [Target(values)], training, folds=4, smoothing=1.0, seed=7)
    seen = found.of(ids)[:, 0]
    row = 17
    others = [each for each in training if ids[each] == ids[row] and found.folds[each] != found.folds[row]]
    mean, spread = values[training].mean(), values[training].std()
    by_hand = (values[others].sum() + mean) / (len(others) + 1)
    assert seen[row] == pytest.approx((by_hand - mean) / spread, abs=1e-5)
    # Labels say nothing of these values: what a training row is told must not go with its own answer, but for the whole
    # fit it does.
    whole = found.means[ids[training], 0]
    assert np.corrcoef(seen[training], values[training])[0, 1] < 0.03
    assert np.corrcoef(whole, values[training])[0, 1] > 0.1
    np.testing.assert_allclose(seen[1500:], found.means[ids[1500:], 0], rtol=1e-6)


def test_classes_have_a_share_each_and_two_classes_one() -> None:
    ids, classes = np.array([0, 0, 1, 1]), np.array([0, 2, 1, 1])
    three = fit_statistics(ids, 2, [Target(classes, 3)], np.arange(4), folds=2, smoothing=0.0, seed=0).means
    assert three.shape == (2, 3)
    spread = np.sqrt(0.25 * 0.75)
    np.testing.assert_allclose(three[0], [(0.5 - 0.25) / spread, (0 - 0.5) / 0.5, (0.5 - 0.25) / spread])
    two = fit_statistics(ids, 2, [Target(classes % 2, 2)], np.arange(4), folds=2, smoothing=0.0, seed=0).means
    assert two.shape == (2, 1)


def test_an_unknown_label_tells_nothing() -> None:
    found = fit_statistics(
        np.array([0, 1, -1]), 2, [Target(np.array([1.0, 2.0, 9.0]))], np.arange(2), folds=2, smoothing=1.0, seed=0
    )
    assert found.of(np.array([-1, -1, -1])).tolist() == [[0.0]] * 3


def test_too_many_numbers_are_refused_with_a_way_out() -> None:
    with pytest.raises(UserProblem, match="must be at most 20,000,000 numbers") as caught:
        fit_statistics(
            np.zeros(2, int), 10_000, [Target(np.zeros(2, int), 1000)], np.arange(2), folds=5, smoothing=1, seed=0
        )
    assert "most_common" in caught.value.hint

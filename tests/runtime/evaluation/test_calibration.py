"""Reliability and temperature: against figures written out, and logits whose right temperature is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch.nn import functional

from declml.evaluation.calibration import BINS, fit_temperature, reliability


def test_bins_tell_how_sure_answers_came_true() -> None:
    scores, targets = np.array([0.05, 0.05, 0.95, 0.9499, 0.5]), np.array([0, 1, 1, 1, 0])
    told = reliability(scores, targets, bins=10)
    assert told.rows == (2, 1, 2)
    assert told.sure == pytest.approx((0.05, 0.5, 0.94995))
    assert told.right == (0.5, 0.0, 1.0)
    assert told.error == pytest.approx((2 * 0.45 + 0.5 + 2 * 0.05005) / 5)


def test_of_classes_the_most_probable_counts_and_of_shares_the_largest_is_the_truth() -> None:
    scores = np.array([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1]])
    by_id = reliability(scores, np.array([0, 2]))
    assert (by_id.rows, by_id.right) == ((1, 1), (1.0, 0.0))
    assert reliability(scores, np.array([[0.6, 0.4, 0.0], [0.2, 0.3, 0.5]])) == by_id


def test_the_error_is_that_of_torchmetrics() -> None:
    from torchmetrics.functional.classification import multiclass_calibration_error

    generator = torch.Generator().manual_seed(1)
    scores = (3 * torch.randn(400, 4, generator=generator)).softmax(dim=1)
    targets = torch.randint(0, 4, (400,), generator=generator)
    expected = float(multiclass_calibration_error(scores, targets, 4, BINS, "l1"))
    assert reliability(scores.numpy(), targets.numpy()).error == pytest.approx(expected, rel=1e-4)


def test_without_rows_there_is_no_error() -> None:
    assert math.isnan(reliability(np.zeros(0), np.zeros(0)).error)


@pytest.mark.parametrize("temperature", [0.4, 1.0, 3.0])
@pytest.mark.parametrize("classes", [2, 5])
def test_the_temperature_that_made_logits_too_sure_is_found(temperature: float, classes: int) -> None:
    generator = torch.Generator().manual_seed(classes)
    logits = 2 * torch.randn(20_000, classes, generator=generator)
    targets = torch.multinomial(logits.softmax(dim=1), 1, generator=generator)[:, 0]
    assert fit_temperature(logits * temperature, targets) == pytest.approx(temperature, rel=0.05)
    if classes == 2:
        one = (logits[:, 1] - logits[:, 0]) * temperature
        assert fit_temperature(one, targets.float()) == pytest.approx(temperature, rel=0.05)
    shares = functional.one_hot(targets, classes).float()
    assert fit_temperature(logits * temperature, shares) == fit_temperature(logits * temperature, targets)


def test_it_is_the_temperature_of_the_least_surprise() -> None:
    generator = torch.Generator().manual_seed(7)
    logits, targets = 4 * torch.randn(60, 3, generator=generator), torch.randint(0, 3, (60,), generator=generator)
    logits = (logits + 5 * functional.one_hot(targets, 3)).double()
    best = fit_temperature(logits, targets)
    losses = [float(functional.cross_entropy(logits / each, targets)) for each in (best * 0.98, best, best * 1.02)]
    assert losses[1] == min(losses)


@pytest.mark.parametrize(("sign", "limit"), [(1.0, 0.05), (-1.0, 20.0)])
def test_answers_all_right_or_all_wrong_keep_the_temperature_in_its_bounds(sign: float, limit: float) -> None:
    logits = torch.tensor([[sign * 5.0, 0.0], [sign * 4.0, 0.0]])
    assert fit_temperature(logits, torch.tensor([0, 0])) == pytest.approx(limit, rel=1e-3)

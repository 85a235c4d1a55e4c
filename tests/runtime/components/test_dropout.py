"""Dropout of our own: the share, the scale, the gradients, and the same numbers from the same seed."""

from __future__ import annotations

import pytest
import torch

from declml.components.dropout import Dropout


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_share_of_the_values_is_dropped_and_the_mean_stays(share: float) -> None:
    torch.manual_seed(3)
    found = Dropout(share)(torch.ones(400, 500))
    dropped = float((found == 0).double().mean())
    assert dropped == pytest.approx(share, abs=0.005)
    assert float(found.double().mean()) == pytest.approx(1.0, abs=0.02)
    assert len(found.unique()) == 2  # nothing, or the value times one scale


def test_neighbours_are_dropped_independently() -> None:
    torch.manual_seed(4)
    gone = (Dropout(0.5)(torch.ones(200_000)) == 0).double() - 0.5
    for distance in (1, 2, 3, 4, 8, 64):
        assert abs(float((gone[:-distance] * gone[distance:]).mean())) < 0.003


def test_evaluation_and_a_share_of_nothing_change_nothing() -> None:
    values = torch.randn(7, 3)
    assert Dropout(0.5).eval()(values) is values
    assert Dropout(0.0)(values) is values


@pytest.mark.parametrize("shape", [(0, 3), (1,), (5, 3), (2, 3, 7)])
def test_any_shape_and_type_stay(shape: tuple[int, ...]) -> None:
    for dtype in (torch.float32, torch.float64, torch.bfloat16):
        found = Dropout(0.3)(torch.ones(shape, dtype=dtype))
        assert found.shape == shape and found.dtype == dtype


def test_the_seed_decides_and_gradients_take_the_same_way() -> None:
    values = torch.randn(50, 40, requires_grad=True)
    torch.manual_seed(5)
    first = Dropout(0.4)(values)
    torch.manual_seed(5)
    assert torch.equal(first, Dropout(0.4)(values)) and not torch.equal(first, Dropout(0.4)(values))
    first.sum().backward()
    assert values.grad is not None
    assert torch.allclose(values.grad * values.detach(), first.detach())

"""Steps, warm-up, schedules and plateaus: counts at the edges, and torch's own schedulers as the reference."""

from __future__ import annotations

import warnings

import pytest
import torch

from declml.components.schedules.cosine import build_cosine
from declml.components.schedules.exponential import build_exponential
from declml.components.schedules.inverse_sqrt import build_inverse_sqrt
from declml.components.schedules.linear import build_linear
from declml.components.schedules.none import build_none
from declml.components.schedules.one_cycle import build_one_cycle
from declml.components.schedules.polynomial import build_polynomial
from declml.components.schedules.wsd import build_wsd
from declml.training.schedule import Plateau, PlateauWatch, count_steps, warm_up, warmup_steps


def rates_of_torch(scheduler: type, steps: int, **options: object) -> list[float]:
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    reference = scheduler(optimizer, **options)
    rates: list[float] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(steps):
            rates.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            reference.step()
    return rates


@pytest.mark.parametrize(("t_0", "t_mult", "eta_min"), [(5, 1, 0.0), (3, 2, 0.1), (1, 3, 0.0), (7, 1, 0.5)])
def test_cosine_is_that_of_torch(t_0: int, t_mult: int, eta_min: float) -> None:
    ours = build_cosine(total_steps=40, steps_per_epoch=4, learning_rate=1.0, t_0=t_0, t_mult=t_mult, eta_min=eta_min)
    reference = rates_of_torch(
        torch.optim.lr_scheduler.CosineAnnealingWarmRestarts, 40, T_0=t_0, T_mult=t_mult, eta_min=eta_min
    )
    assert [ours(step) for step in range(40)] == pytest.approx(reference)


def test_cosine_falls_once_over_all_steps_and_ends_at_a_rate_not_a_factor() -> None:
    ours = build_cosine(total_steps=40, steps_per_epoch=4, learning_rate=0.01, eta_min=0.005)
    rates = [ours(step) * 0.01 for step in range(40)]
    assert rates == sorted(rates, reverse=True)
    assert (rates[0], rates[20]) == pytest.approx((0.01, 0.0075))
    assert 0.005 <= rates[-1] < 0.0051


def test_cosine_with_a_first_stretch_starts_again_from_the_top() -> None:
    ours = build_cosine(total_steps=40, steps_per_epoch=4, learning_rate=0.01, t_0=4)
    assert ours(0) == ours(4) == ours(36) == 1.0
    growing = build_cosine(total_steps=40, steps_per_epoch=4, learning_rate=0.01, t_mult=2)
    assert growing(0) == growing(4) == growing(12) == 1.0 > growing(8)


def test_linear_is_that_of_torch() -> None:
    ours = build_linear(total_steps=10, steps_per_epoch=5, learning_rate=1.0)
    reference = rates_of_torch(torch.optim.lr_scheduler.LinearLR, 10, start_factor=1.0, end_factor=0.0, total_iters=10)
    assert [ours(step) for step in range(10)] == pytest.approx(reference)
    assert ours(10) == ours(11) == 0.0


def test_exponential_reaches_its_rate_after_its_steps() -> None:
    smooth = build_exponential(total_steps=99, steps_per_epoch=9, learning_rate=1.0, decay_rate=0.5, decay_steps=4)
    stairs = build_exponential(
        total_steps=99, steps_per_epoch=9, learning_rate=1.0, decay_rate=0.5, decay_steps=4, staircase=True
    )
    assert [smooth(step) for step in (0, 4, 8)] == pytest.approx([1, 0.5, 0.25])
    assert smooth(2) == pytest.approx(0.5**0.5)
    assert [stairs(step) for step in (0, 3, 4, 7, 8)] == pytest.approx([1, 1, 0.5, 0.5, 0.25])


@pytest.mark.parametrize(
    ("total", "max_lr", "pct_start", "div_factor", "final_div_factor"),
    [
        (40, None, 0.3, 25.0, 10000.0),
        (7, None, 0.3, 25.0, 10000.0),
        (40, 3.0, 0.5, 4.0, 10.0),
        (40, 0.5, 0.05, 1.0, 1.0),
    ],
)
def test_one_cycle_is_that_of_torch(
    total: int, max_lr: float | None, pct_start: float, div_factor: float, final_div_factor: float
) -> None:
    ours = build_one_cycle(
        total_steps=total,
        steps_per_epoch=4,
        learning_rate=1.0,
        max_lr=max_lr,
        pct_start=pct_start,
        div_factor=div_factor,
        final_div_factor=final_div_factor,
    )
    reference = rates_of_torch(
        torch.optim.lr_scheduler.OneCycleLR,
        total - 1,
        max_lr=max_lr or 1.0,
        total_steps=total,
        pct_start=pct_start,
        div_factor=div_factor,
        final_div_factor=final_div_factor,
        cycle_momentum=False,
    )
    assert [ours(step) for step in range(total - 1)] == pytest.approx(reference)


@pytest.mark.parametrize("total", [1, 2, 3])
@pytest.mark.parametrize("pct_start", [0.01, 0.5, 0.99])
def test_one_cycle_serves_the_shortest_training(total: int, pct_start: float) -> None:
    ours = build_one_cycle(total_steps=total, steps_per_epoch=1, learning_rate=0.1, pct_start=pct_start)
    assert all(0 < ours(step) <= 1 for step in range(total + 1))


def test_the_peak_of_one_cycle_is_a_rate_not_a_factor() -> None:
    ours = build_one_cycle(total_steps=100, steps_per_epoch=4, learning_rate=0.01, max_lr=0.2)
    assert max(ours(step) for step in range(100)) * 0.01 == pytest.approx(0.2)


@pytest.mark.parametrize("power", [0.5, 1.0, 3.0])
def test_polynomial_is_that_of_torch(power: float) -> None:
    ours = build_polynomial(total_steps=10, steps_per_epoch=5, learning_rate=1.0, polynomial_power=power)
    reference = rates_of_torch(torch.optim.lr_scheduler.PolynomialLR, 10, total_iters=10, power=power)
    assert [ours(step) for step in range(10)] == pytest.approx(reference)
    ended = build_polynomial(total_steps=10, steps_per_epoch=5, learning_rate=0.1, polynomial_end_lr=0.02)
    assert [ended(step) * 0.1 for step in (0, 5, 10, 99)] == pytest.approx([0.1, 0.06, 0.02, 0.02])


def test_inverse_sqrt_rises_to_one_and_halves_after_four_times_the_steps() -> None:
    ours = build_inverse_sqrt(total_steps=99, steps_per_epoch=9, learning_rate=1.0, inverse_sqrt_warmup_steps=4)
    assert [ours(step) for step in (0, 1, 2, 3, 15, 63)] == pytest.approx([0.25, 0.5, 0.75, 1, 0.5, 0.25])


def test_wsd_rises_stays_and_falls_to_zero() -> None:
    ours = build_wsd(
        total_steps=10,
        steps_per_epoch=5,
        learning_rate=1.0,
        wsd_warmup_fraction=0.3,
        wsd_stable_fraction=0.3,
        wsd_decay_fraction=0.4,
    )
    expected = [0.25, 0.5, 0.75, 1, 1, 1, 1, 0.75, 0.5, 0.25, 0, 0]
    assert [ours(step) for step in range(12)] == pytest.approx(expected)


def test_shares_of_wsd_are_scaled_to_the_whole() -> None:
    def course(warm: float, stable: float, decay: float) -> list[float]:
        factor = build_wsd(
            total_steps=20,
            steps_per_epoch=5,
            learning_rate=1.0,
            wsd_warmup_fraction=warm,
            wsd_stable_fraction=stable,
            wsd_decay_fraction=decay,
        )
        return [factor(step) for step in range(20)]

    assert course(0.4, 0.8, 0.4) == course(0.25, 0.5, 0.25)
    assert course(0.0, 0.0, 0.0) == course(0.0, 0.5, 0.0) == [1.0] * 20
    assert course(0.0, 0.0, 0.3)[0] == 1.0


def test_warm_up_rises_to_the_schedule_and_hands_over() -> None:
    none = build_none(total_steps=9, steps_per_epoch=3, learning_rate=1.0)
    assert [warm_up(none, 3)(step) for step in range(5)] == pytest.approx([0.25, 0.5, 0.75, 1, 1])
    linear = build_linear(total_steps=4, steps_per_epoch=3, learning_rate=1.0)
    assert [warm_up(linear, 2)(step) for step in range(2, 7)] == pytest.approx([1, 0.75, 0.5, 0.25, 0])
    assert warm_up(linear, 0) is linear


def evaluations(steps: object) -> list[int]:
    return [step for step in range(steps.total + 1) if steps.evaluates_after(step)]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"epochs": 2}, [10, 20]),
        ({"epochs": 2, "evaluations_per_epoch": 3}, [4, 7, 10, 14, 17, 20]),
        ({"epochs": 1, "evaluations_per_epoch": 99}, list(range(1, 11))),
        ({"epochs": 2, "steps_per_evaluation": 7}, [7, 14, 20]),
        ({"epochs": 2, "steps_per_evaluation": 70}, [10, 20]),
        ({"epochs": 9, "train_steps": 13}, [10, 13]),
        ({"epochs": 2, "accumulate": 4}, [3, 6]),
    ],
)
def test_evaluations_come_when_asked_and_after_the_last_step(options: dict[str, int], expected: list[int]) -> None:
    assert evaluations(count_steps(10, **options)) == expected  # type: ignore[arg-type]


def test_a_warm_up_is_a_share_of_all_steps_or_some_evaluations() -> None:
    steps = count_steps(10, epochs=3, evaluations_per_epoch=2)
    assert warmup_steps(steps, fraction=0.1) == 3
    assert warmup_steps(steps, evaluations=2) == 10
    assert warmup_steps(steps, fraction=0.1, evaluations=2) == 10
    assert warmup_steps(steps, evaluations=200) == steps.total
    assert warmup_steps(steps) == 0


def test_a_plateau_goes_on_from_its_state() -> None:
    def fresh() -> PlateauWatch:
        return PlateauWatch(Plateau(reductions=2, patience=2, rate=0.1))

    values = [3.0, 2.0, 2.0, 2.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]
    whole = fresh()
    factors = [whole.factor for step, value in enumerate(values) if whole.offer(value, step) or True]
    assert factors == pytest.approx([1, 1, 1, 0.1, 0.1, 0.1, 0.01, 0.01, 0.01, 0.01])
    for cut in range(len(values)):
        first, second = fresh(), fresh()
        for step, value in enumerate(values[:cut]):
            first.offer(value, step)
        second.load(first.state())
        for step, value in enumerate(values[cut:], start=cut):
            second.offer(value, step)
        assert second.state() == whole.state()

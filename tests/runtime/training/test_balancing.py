"""Strategies that weigh the losses of several outputs: their formulas, their state, and trainings that were cut."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import pytest
import torch
from torch import Tensor, nn

from declml.training.balancing import Balance, Balancing, Strategy

from . import tiny_training as tiny

STRATEGIES = get_args(Strategy)
CPU = torch.device("cpu")


class Two:
    """Two losses of very different size over one shared layer."""

    def __init__(self) -> None:
        torch.manual_seed(0)
        self.shared = nn.Linear(4, 6)
        self.heads = [nn.Linear(6, 1), nn.Linear(6, 1)]
        self.values = torch.randn(50, 4)
        self.targets = [self.values[:, :1], 30 * self.values[:, 1:2]]

    def weights(self) -> list[Tensor]:
        return [each for part in (self.shared, *self.heads) for each in part.parameters()]

    def losses(self) -> list[Tensor]:
        hidden = self.shared(self.values).tanh()
        return [(head(hidden) - target).square().mean() for head, target in zip(self.heads, self.targets, strict=True)]


def descend(two: Two, balance: Balance, steps: int = 60, rate: float = 0.02) -> list[float]:
    for _ in range(steps):
        total = balance.total(two.losses())
        gradients = torch.autograd.grad(total, two.weights())
        assert all(each.isfinite().all() for each in gradients)
        size = torch.stack([each.norm() for each in gradients]).norm()
        for weight, gradient in zip(two.weights(), gradients, strict=True):
            weight.data -= rate * gradient / size
    return [float(each.detach()) for each in two.losses()]


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_both_losses_fall(strategy: Strategy) -> None:
    two = Two()
    before = [float(each.detach()) for each in two.losses()]
    after = descend(two, Balance(Balancing(strategy=strategy), two.weights(), 2, CPU))
    assert after[1] < before[1]
    # Added up as they are, the second loss drowns the first: only the mix of pareto_mtl is still ruled by it.
    if strategy != "pareto_mtl":
        assert after[0] < before[0]


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_loaded_state_goes_on_bit_for_bit(strategy: Strategy) -> None:
    whole = Two()
    balance = Balance(Balancing(strategy=strategy), whole.weights(), 2, CPU)
    descend(whole, balance, steps=5)
    resumed = Two()
    for mine, its in zip(resumed.weights(), whole.weights(), strict=True):
        mine.data.copy_(its.data)
    other = Balance(Balancing(strategy=strategy), resumed.weights(), 2, CPU)
    other.load(balance.state())
    assert descend(whole, balance, steps=5) == descend(resumed, other, steps=5)
    assert balance.state() == other.state()


def weights_of(balance: Balance, losses: list[float]) -> list[float]:
    """Return how much each loss weighs in the total: its slope."""
    tensors = [torch.tensor(each, requires_grad=True) for each in losses]
    return [float(each) for each in torch.autograd.grad(balance.total(tensors), tensors)]


def test_plain_strategies_have_their_formulas() -> None:
    assert weights_of(Balance(Balancing(strategy="log_transform"), [], 2, CPU), [1.0, 3.0]) == [0.5, 0.25]
    pareto = Balancing(strategy="pareto_mtl", preferences=(1.0, 3.0), worst=0.4)
    assert weights_of(Balance(pareto, [], 2, CPU), [8.0, 1.0]) == pytest.approx([0.25, 0.75 * 0.6])
    uncertain = Balance(Balancing(strategy="uncertainty", rate=0.1), [], 2, CPU)
    assert weights_of(uncertain, [4.0, 0.5]) == [1.0, 1.0]
    logs = torch.tensor([0.1 * 3.0, -0.1 * 0.5])
    assert weights_of(uncertain, [4.0, 0.5]) == pytest.approx((-logs).exp().tolist())


def test_famo_favours_what_fell_less() -> None:
    balance = Balance(Balancing(strategy="famo", rate=1.0), [], 2, CPU)
    first = weights_of(balance, [1.0, 1.0])
    assert first[0] == pytest.approx(first[1])
    later = weights_of(balance, [0.1, 1.0])
    assert later[1] * 1.0 > later[0] * 0.1


@pytest.mark.parametrize("alpha", [0.0, 1.5])
def test_gradnorm_evens_the_sizes_of_gradients(alpha: float) -> None:
    two = Two()
    balance = Balance(Balancing(strategy="gradnorm", rate=0.1, alpha=alpha), two.weights(), 2, CPU)
    for _ in range(200):
        balance.total(two.losses())
    learned = balance.state()["learned"]
    sizes = [float(torch.autograd.grad(loss, two.shared.bias, retain_graph=True)[0].norm()) for loss in two.losses()]
    # Nothing has moved, so that both have the same pace: alike are what the weights make of the gradients.
    assert learned[0] * sizes[0] == pytest.approx(learned[1] * sizes[1], rel=0.2)
    assert sum(learned) == pytest.approx(2.0)


def test_nash_weights_are_those_of_the_bargain() -> None:
    two = Two()
    losses = two.losses()
    gradients: list[Tensor] = []
    for loss in losses:
        parts = torch.autograd.grad(loss, list(two.shared.parameters()), retain_graph=True)
        gradients.append(torch.cat([each.flatten() for each in parts]).double())
    stacked = torch.stack(gradients)
    balance = Balance(Balancing(strategy="nash_mtl"), two.weights(), 2, CPU)
    total = balance.total(losses)
    (slope,) = torch.autograd.grad(total, two.heads[0].bias, retain_graph=True)
    (plain,) = torch.autograd.grad(losses[0], two.heads[0].bias, retain_graph=True)
    (other,) = torch.autograd.grad(total, two.heads[1].bias, retain_graph=True)
    (second,) = torch.autograd.grad(losses[1], two.heads[1].bias, retain_graph=True)
    weights = torch.stack([slope / plain, other / second]).double().flatten()
    product = stacked @ stacked.T @ weights * weights
    assert float(product[0]) == pytest.approx(float(product[1]), rel=1e-2)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_training_that_was_cut_ends_with_the_same_bits(tmp_path: Path, strategy: Strategy) -> None:
    settings = tiny.make_settings(balancing=Balancing(strategy=strategy))
    _, whole, _ = tiny.run(tmp_path / "whole", settings=settings)
    seen = 0

    def stop() -> bool:
        nonlocal seen
        seen += 1
        return seen == 4

    tiny.run(tmp_path / "cut", settings=settings, stop=stop)
    _, resumed, _ = tiny.run(tmp_path / "cut", settings=settings, resume=True)
    assert tiny.digest(resumed, tmp_path / "cut") == tiny.digest(whole, tmp_path / "whole")
    _, plain, _ = tiny.run(tmp_path / "plain")
    assert tiny.digest(plain, tmp_path / "plain") != tiny.digest(whole, tmp_path / "whole")


def test_one_output_has_nothing_to_balance(tmp_path: Path) -> None:
    def alone() -> Any:
        model = tiny.make_model()
        return type(model)(model.module, {"kind": model.losses["kind"]})

    settings = tiny.make_settings(balancing=Balancing(strategy="log_transform"))
    _, with_it, _ = tiny.run(tmp_path / "with", model=alone(), settings=settings)
    _, without, _ = tiny.run(tmp_path / "without", model=alone())
    assert tiny.digest(with_it, tmp_path / "with") == tiny.digest(without, tmp_path / "without")

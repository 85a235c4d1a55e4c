"""Optimizers that look at whole weights, their averages or their rows: held against the formulas of their papers."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from pydantic import ValidationError
from torch import Tensor

from declml.components.optimizers import adafactor, lamb, lars, muon, schedule_free_adamw

SHAPES = ((5, 3), (7,), (2, 4, 3), (3, 6))


def weights() -> list[Tensor]:
    chance = torch.Generator().manual_seed(0)
    return [torch.randn(shape, generator=chance).requires_grad_() for shape in SHAPES]


def give_gradients(tensors: list[Tensor], step: int) -> None:
    chance = torch.Generator().manual_seed(100 + step)
    for tensor in tensors:
        tensor.grad = torch.randn(tensor.shape, generator=chance)


def run(module: Any, steps: int = 6, rate: float = 0.01, **options: Any) -> list[Tensor]:
    tensors = weights()
    optimizer = module.COMPONENT.build(tensors, **options)
    for step in range(steps):
        give_gradients(tensors, step)
        optimizer.step(rate)
    return [tensor.detach() for tensor in tensors]


def gradients(place: int, steps: int = 6) -> list[Tensor]:
    answer: list[Tensor] = []
    for step in range(steps):
        tensors = weights()
        give_gradients(tensors, step)
        grad = tensors[place].grad
        assert grad is not None
        answer.append(grad.double())
    return answer


# --- adafactor -------------------------------------------------------------------------------------------------------


def test_adafactor_is_that_of_torch_where_steps_are_parts_of_their_weights() -> None:
    theirs = weights()
    other = torch.optim.Adafactor(theirs, lr=0.01, foreach=False)
    for step in range(6):
        give_gradients(theirs, step)
        other.step()
    for mine, its in zip(run(adafactor, scale_parameter=True), theirs, strict=True):
        torch.testing.assert_close(mine, its.detach(), rtol=1e-4, atol=1e-5)


def test_relative_steps_leave_the_learning_rate_aside() -> None:
    for options in ({"relative_step": True}, {"relative_step": True, "warmup_init": True}):
        slow, fast = (run(adafactor, rate=rate, **options) for rate in (0.001, 0.1))
        assert all(torch.equal(a, b) for a, b in zip(slow, fast, strict=True))


def test_adafactor_keeps_a_row_and_a_column_of_each_matrix() -> None:
    tensors = weights()
    state = adafactor.COMPONENT.build(tensors).state()  # type: ignore[misc]
    assert {name: tuple(each.shape) for name, each in state.items() if name != "steps"} == {
        "row.0": (5,), "column.0": (3,), "square.1": (7,), "row.2": (2, 4), "column.2": (2, 3),
        "row.3": (3,), "column.3": (6,),
    }  # fmt: skip


# --- lamb and lars ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("adam_w_mode", [True, False])
def test_lamb_is_adam_with_steps_as_long_as_the_weights(adam_w_mode: bool) -> None:
    decay, length = 0.1, 0.7
    ours = run(lamb, weight_decay=decay, adam_w_mode=adam_w_mode, max_unorm=length)
    for place, start in enumerate(weights()):
        weight = start.detach().double()
        mean, square = torch.zeros_like(weight), torch.zeros_like(weight)
        for count, raw in enumerate(gradients(place), start=1):
            grad = raw if adam_w_mode else raw + decay * weight
            mean = 0.9 * mean + 0.1 * grad
            square = 0.999 * square + 0.001 * grad**2
            way = (mean / (1 - 0.9**count)) / ((square / (1 - 0.999**count)).sqrt() + 1e-8)
            way = way + decay * weight if adam_w_mode else way
            weight = weight - 0.01 * length * weight.norm() / way.norm() * way
        torch.testing.assert_close(ours[place].double(), weight, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("nesterov", [True, False])
def test_lars_is_momentum_of_gradients_as_long_as_the_weights(nesterov: bool) -> None:
    ours = run(lars, weight_decay=0.1, nesterov=nesterov, dampening=0.2)
    for place, start in enumerate(weights()):
        weight = start.detach().double()
        moving = torch.zeros_like(weight)
        for raw in gradients(place):
            grad = raw + 0.1 * weight
            grad = grad * weight.norm() / grad.norm()
            moving = 0.9 * moving + 0.8 * grad
            weight = weight - 0.01 * (grad + 0.9 * moving if nesterov else moving)
        torch.testing.assert_close(ours[place].double(), weight, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("module", [lamb, lars])
def test_a_weight_that_is_zero_moves_all_the_same(module: Any) -> None:
    zero = torch.zeros(4, requires_grad=True)
    zero.grad = torch.ones(4)
    module.COMPONENT.build([zero]).step(0.1)
    assert torch.allclose(zero.detach(), torch.full((4,), -0.1), atol=1e-5)


# --- muon ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(5, 3), (3, 6), (16, 16), (1, 4)])
def test_a_step_of_muon_neglects_no_direction(shape: tuple[int, int]) -> None:
    chance = torch.Generator().manual_seed(1)
    left = torch.randn(shape, generator=chance)
    values = torch.linalg.svdvals(muon.orthogonal(left))
    assert float(values.min()) > 0.5 and float(values.max()) < 1.3
    plain = torch.linalg.svd(left, full_matrices=False)
    nearest = plain.U @ plain.Vh
    assert float((muon.orthogonal(left) * nearest).sum() / nearest.square().sum()) > 0.65
    assert muon.orthogonal(torch.zeros(shape)).abs().max() == 0


def test_muon_is_that_of_torch_for_matrices_and_adamw_for_the_rest() -> None:
    theirs = weights()
    other = torch.optim.Muon(
        [theirs[0], theirs[3]], lr=0.01, weight_decay=0.05, adjust_lr_fn="match_rms_adamw", eps=1e-7
    )
    rest = torch.optim.AdamW([theirs[1], theirs[2]], lr=0.01, weight_decay=0.05)
    for step in range(6):
        give_gradients(theirs, step)
        other.step()
        rest.step()
    ours = run(muon, weight_decay=0.05)
    for place, (mine, its) in enumerate(zip(ours, theirs, strict=True)):
        # Torch computes the orthogonal matrix in 16 bits.
        loose = 2e-3 if place in (0, 3) else 1e-6
        torch.testing.assert_close(mine, its.detach(), rtol=0, atol=loose)


def test_matrices_that_are_no_hidden_layer_take_adamw() -> None:
    told, plain = run(muon, hidden=[False, True, True, True]), run(muon)
    assert not torch.equal(told[0], plain[0])
    assert torch.equal(told[3], plain[3])


# --- schedule-free ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [{}, {"betas": [0.8, 0.9], "weight_decay": 0.2, "warmup_steps": 4, "eps": 1e-3}])
def test_schedule_free_adamw_follows_its_paper(options: dict[str, Any]) -> None:
    near, slow = options.get("betas", [0.9, 0.999])
    tensors = weights()
    optimizer = schedule_free_adamw.COMPONENT.build(tensors, **options)  # type: ignore[misc]
    rates = [0.01 * (1 + step % 3) for step in range(8)]
    x = [tensor.detach().double() for tensor in tensors]
    z, square = [each.clone() for each in x], [torch.zeros_like(each) for each in x]
    total = largest = 0.0
    for step, rate in enumerate(rates):
        give_gradients(tensors, step)
        grads = [tensor.grad.double() for tensor in tensors if tensor.grad is not None]
        optimizer.step(rate)
        if "warmup_steps" in options:
            rate *= min(1.0, (step + 1) / options["warmup_steps"])
        largest = max(largest, rate)
        total += largest**2
        for place, grad in enumerate(grads):
            y = (1 - near) * z[place] + near * x[place]
            square[place] = slow * square[place] + (1 - slow) * grad**2
            way = grad / ((square[place] / (1 - slow ** (step + 1))).sqrt() + options.get("eps", 1e-8))
            z[place] = z[place] - rate * (way + options.get("weight_decay", 0.0) * y)
            share = largest**2 / total
            x[place] = (1 - share) * x[place] + share * z[place]
    for place, tensor in enumerate(tensors):
        y = (1 - near) * z[place] + near * x[place]
        torch.testing.assert_close(tensor.detach().double(), y, rtol=1e-4, atol=1e-5)
    before = [tensor.detach().clone() for tensor in tensors]
    with optimizer.averaged():
        for tensor, average in zip(tensors, x, strict=True):
            torch.testing.assert_close(tensor.detach().double(), average, rtol=1e-4, atol=1e-5)
    assert all(torch.equal(a, b) for a, b in zip(tensors, before, strict=True))
    optimizer.average()
    torch.testing.assert_close(tensors[0].detach().double(), x[0], rtol=1e-4, atol=1e-5)


def test_an_average_before_the_first_step_changes_nothing() -> None:
    tensors = weights()
    schedule_free_adamw.COMPONENT.build(tensors).average()  # type: ignore[misc]
    assert all(torch.equal(a, b) for a, b in zip(tensors, weights(), strict=True))


@pytest.mark.parametrize("betas", [[0.0, 0.9], [0.9, 1.0], [0.9]])
def test_averages_that_gradients_cannot_be_taken_at_are_refused(betas: list[float]) -> None:
    with pytest.raises(ValidationError, match="betas"):
        schedule_free_adamw.COMPONENT.parameters(betas=betas)


@pytest.mark.parametrize(
    ("module", "values"),
    [(lamb, {"max_unorm": 0.0}), (lars, {"momentum": 1.0}), (muon, {"momentum": 1.0}), (lamb, {"betas": [1.0, 0.5]})],
)
def test_bad_values_are_refused_by_name(module: Any, values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=next(iter(values))):
        module.COMPONENT.parameters(**values)

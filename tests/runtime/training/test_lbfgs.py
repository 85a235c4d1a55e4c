"""L-BFGS looks at the loss of a step several times: the same loss, the same bits after a cut, and a lower one after."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from declml.components.optimizers.lbfgs import COMPONENT, build_lbfgs
from declml.errors import UserProblem
from declml.run.settings import settings_of_looks
from declml.training.balancing import Balancing
from declml.training.gradients import Clipping, penalize, penalty
from declml.training.precision import Precision
from declml.training.step import Stepper

from . import tiny_training as tiny


def weights() -> list[Tensor]:
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(shape, generator=generator).requires_grad_() for shape in ((5, 3), (7,))]


def rosenbrock(tensors: list[Tensor]) -> Tensor:
    flat = torch.cat([each.flatten() for each in tensors])
    return (100 * (flat[1:] - flat[:-1] ** 2) ** 2 + (1 - flat[:-1]) ** 2).sum()


def look(tensors: list[Tensor]) -> Any:
    def loss() -> Tensor:
        for each in tensors:
            each.grad = None
        value = rosenbrock(tensors)
        value.backward()  # type: ignore[no-untyped-call]
        return value.detach()

    return loss


OPTIONS: list[dict[str, Any]] = [
    {},
    {"line_search_fn": None, "max_iter": 3},
    {"history_size": 2, "max_iter": 4, "max_eval": 6},
    {"tolerance_grad": 50.0, "tolerance_change": 0.5},
]


@pytest.mark.parametrize("options", OPTIONS)
def test_the_numbers_are_those_of_torch_also_after_a_cut(options: dict[str, Any]) -> None:
    ours, theirs = weights(), weights()
    defaults = {"history_size": 10, "line_search_fn": "strong_wolfe"}
    optimizer = build_lbfgs(ours, **options)
    other = torch.optim.LBFGS(theirs, **{**defaults, **options})
    for step in range(6):
        rate = 1e-3 * (1 + step % 2)
        other.param_groups[0]["lr"] = rate
        optimizer.minimize(rate, look(ours))  # type: ignore[attr-defined]
        other.step(look(theirs))
        assert all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))
        state = {name: each.clone() for name, each in optimizer.state().items()}
        ours = [each.detach().clone().requires_grad_() for each in ours]
        optimizer = build_lbfgs(ours, **options)
        optimizer.load(state)
        assert optimizer.state().keys() == state.keys()
    assert not torch.equal(ours[0], weights()[0])


def test_every_parameter_acts() -> None:
    def after(**options: Any) -> Tensor:
        tensors = weights()
        optimizer = build_lbfgs(tensors, **options)
        for _ in range(3):
            optimizer.minimize(0.5, look(tensors))  # type: ignore[attr-defined]
        return tensors[0].detach()

    declared = COMPONENT.parameters().model_dump()
    assert torch.equal(after(), after(**declared))
    changes: dict[str, Any] = {
        "max_iter": 2, "max_eval": 3, "tolerance_grad": 1e6, "tolerance_change": 1e3, "history_size": 1,
        "line_search_fn": None,
    }  # fmt: skip
    assert changes.keys() == declared.keys()
    for name, value in changes.items():
        beside = {"max_iter": 5} if name == "line_search_fn" else {}  # more of them diverge on this function
        assert not torch.equal(after(**beside), after(**{**beside, name: value})), name


def test_a_state_of_other_weights_is_refused() -> None:
    tensors = weights()
    optimizer = build_lbfgs(tensors)
    optimizer.minimize(1e-3, look(tensors))  # type: ignore[attr-defined]
    with pytest.raises(ValueError, match="of 7 weights"):
        build_lbfgs([torch.ones(7, requires_grad=True)]).load(optimizer.state())
    with pytest.raises(KeyError):
        build_lbfgs(weights()).load({})


def test_without_a_loss_a_step_goes_along_the_gradients() -> None:
    tensors = weights()
    optimizer = build_lbfgs(tensors)
    optimizer.step(0.1)
    assert torch.equal(tensors[0], weights()[0])
    look(tensors)()
    gradient = tensors[0].grad
    assert gradient is not None
    direction = gradient.clone()
    optimizer.step(0.1)
    moved = weights()[0] - tensors[0]
    assert torch.nn.functional.cosine_similarity(moved.flatten(), direction.flatten(), dim=0) > 0.999
    build_lbfgs([]).step(0.1)
    assert build_lbfgs([]).state() == {}


@pytest.mark.parametrize("step", [1, 4, 8])
def test_a_run_that_was_cut_ends_with_the_same_bits(tmp_path: Path, step: int) -> None:
    def make() -> tuple[Any, Any]:
        model = tiny.make_model()
        return model, build_lbfgs(tiny.trainable(model), max_iter=4)

    seen = 0

    def stop() -> bool:
        nonlocal seen
        seen += 1
        return seen == step

    model, optimizer = make()
    tiny.run(tmp_path / "whole", model=model, optimizer=optimizer)
    cut, other = make()
    outcome, _, _ = tiny.run(tmp_path / "cut", model=cut, optimizer=other, stop=stop)
    assert outcome.reason == "interrupted"
    resumed, last = make()
    tiny.run(tmp_path / "cut", model=resumed, optimizer=last, resume=True)
    assert tiny.digest(resumed, tmp_path / "cut") == tiny.digest(model, tmp_path / "whole")


class Watcher:
    """An optimizer that looks three times and tells what it saw."""

    implementation = "watcher"

    def __init__(self, tensors: list[Tensor]) -> None:
        self.tensors = tensors
        self.losses: list[Tensor] = []
        self.gradients: list[list[Tensor]] = []

    def minimize(self, learning_rate: float, loss: Any) -> None:
        for _ in range(3):
            self.losses.append(loss())
            self.gradients.append([each.grad.clone() for each in self.tensors if each.grad is not None])

    def step(self, learning_rate: float) -> None:
        raise AssertionError

    def state(self) -> dict[str, Tensor]:
        return {}

    def load(self, state: Any) -> None:
        return None


@pytest.mark.parametrize("count", [1, 3])
def test_each_look_sees_the_same_loss_of_all_rows_and_leaves_statistics_alone(count: int) -> None:
    model = tiny.make_model()
    model.module.train()
    watcher = Watcher(tiny.trainable(model))
    settings = tiny.make_settings(l1=0.01, l2=0.02)
    told: list[int] = []
    stepper = Stepper(model, watcher, settings, torch.device("cpu"))
    torch.manual_seed(5)
    batches = tiny.make_batches().epoch(tiny.BATCH, seed=0)
    stepper.take(batches, count, 0.1, lambda losses, rows: told.append(rows), step=1)
    assert told == [tiny.BATCH] * count  # told once, not at each look
    assert watcher.losses[0] == watcher.losses[1] == watcher.losses[2]
    assert all(torch.equal(a, b) for a, b in zip(watcher.gradients[0], watcher.gradients[2], strict=True))
    assert all(each.grad is None for each in watcher.tensors)
    norm: Any = model.module.body[1]  # type: ignore[index]
    assert int(norm.num_batches_tracked) == count
    # The gradients are those of the usual way over the same batches, with the same values dropped.
    usual = tiny.make_model()
    usual.module.train()
    seen: list[Tensor] = []

    class Taker(Watcher):
        def step(self, learning_rate: float) -> None:
            seen.extend(each.grad.clone() for each in self.tensors if each.grad is not None)

    taker: Any = Taker(tiny.trainable(usual))
    taker.minimize = None
    torch.manual_seed(5)
    plain = tiny.make_settings(l1=0.01, l2=0.02, clipping=Clipping())
    Stepper(usual, taker, plain, torch.device("cpu")).take(
        tiny.make_batches().epoch(tiny.BATCH, seed=0), count, 0.1, lambda losses, rows: None, step=1
    )
    assert len(seen) == len(watcher.gradients[0])
    for mine, its in zip(watcher.gradients[0], seen, strict=True):
        torch.testing.assert_close(mine, its, rtol=1e-5, atol=1e-6)


def test_the_penalty_is_what_its_gradient_says() -> None:
    tensors = weights()
    (0.3 * sum(each.abs().sum() for each in tensors) + 0.2 * sum(each.square().sum() for each in tensors)).backward()  # type: ignore[union-attr]
    others = weights()
    penalize(others, l1=0.3, l2=0.2)
    for mine, its in zip(others, tensors, strict=True):
        torch.testing.assert_close(mine.grad, its.grad)
    expected = 0.3 * sum(each.abs().sum() for each in tensors) + 0.2 * sum(each.square().sum() for each in tensors)
    torch.testing.assert_close(penalty(tensors, l1=0.3, l2=0.2), torch.as_tensor(expected).detach())


def test_what_cannot_be_looked_at_twice_is_refused_or_told() -> None:
    told = tiny.Recorder()
    settings = tiny.make_settings(precision=Precision(torch.float16, scaled=True))
    fitted = settings_of_looks(settings, told)
    assert fitted.clipping == Clipping()
    assert not fitted.precision.scaled
    assert "Mixed precision is not used" in fitted.precision.note
    assert "gradient_clipping does nothing" in told.of("log")[0]["message"]
    with pytest.raises(UserProblem, match="loss_balancing") as caught:
        settings_of_looks(tiny.make_settings(balancing=Balancing(strategy="famo")), told)
    assert caught.value.path == "trainer.loss_balancing"
    assert settings_of_looks(tiny.make_settings(balancing=Balancing(strategy="log_transform")), told)

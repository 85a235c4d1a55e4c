"""Optimizers: the numbers of `torch.optim`, a state that goes on bit for bit, and weights without gradients."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from pydantic import ValidationError
from torch import Tensor

from declml.components.optimizers import (
    adadelta,
    adafactor,
    adagrad,
    adam,
    adamax,
    adamw,
    asgd,
    lamb,
    lars,
    lion,
    muon,
    nadam,
    radam,
    rmsprop,
    rprop,
    schedule_free_adamw,
    sgd,
)
from declml.components.optimizers.torch_optim import TorchOptim
from declml.errors import UserProblem

CASES: list[tuple[Any, str, dict[str, Any]]] = [
    (adam, "Adam", {}),
    (adam, "Adam", {"betas": [0.8, 0.9], "eps": 1e-3, "weight_decay": 0.1}),
    (adam, "Adam", {"amsgrad": True}),
    (adamw, "AdamW", {}),
    (adamw, "AdamW", {"betas": [0.5, 0.99], "eps": 1e-4, "weight_decay": 0.2, "amsgrad": True}),
    (sgd, "SGD", {}),
    (sgd, "SGD", {"momentum": 0.9, "weight_decay": 0.1, "dampening": 0.3}),
    (sgd, "SGD", {"momentum": 0.8, "nesterov": True}),
    (adagrad, "Adagrad", {}),
    (adagrad, "Adagrad", {"initial_accumulator_value": 0.3, "lr_decay": 0.2, "weight_decay": 0.1, "eps": 1e-2}),
    (adadelta, "Adadelta", {}),
    (adadelta, "Adadelta", {"rho": 0.5, "eps": 1e-3, "weight_decay": 0.1}),
    (adamax, "Adamax", {}),
    (adamax, "Adamax", {"betas": [0.5, 0.6], "eps": 1e-2, "weight_decay": 0.1}),
    (nadam, "NAdam", {}),
    (nadam, "NAdam", {"betas": [0.5, 0.6], "eps": 1e-2, "weight_decay": 0.1, "momentum_decay": 0.5}),
    (radam, "RAdam", {}),
    (radam, "RAdam", {"betas": [0.5, 0.9], "eps": 1e-2, "weight_decay": 0.1}),
    (rmsprop, "RMSprop", {}),
    (rmsprop, "RMSprop", {"momentum": 0.5, "alpha": 0.8, "eps": 1e-2, "weight_decay": 0.1}),
    (rmsprop, "RMSprop", {"centered": True, "eps": 1e-2}),
    (asgd, "ASGD", {}),
    (asgd, "ASGD", {"lambd": 0.1, "alpha": 0.5, "t0": 3.0, "weight_decay": 0.1}),
    (rprop, "Rprop", {}),
    (rprop, "Rprop", {"etas": [0.3, 1.5], "step_sizes": [1e-3, 0.02]}),
]
OURS_ALONE = [adafactor, lamb, lars, lion, muon, schedule_free_adamw]
MODULES = [adadelta, adagrad, adam, adamax, adamw, asgd, nadam, radam, rmsprop, rprop, sgd, *OURS_ALONE]
FOREACH = [adadelta, adagrad, adamax, nadam, radam, rmsprop, rprop]


def weights() -> list[Tensor]:
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(shape, generator=generator).requires_grad_() for shape in ((5, 3), (7,), (2, 2, 2), (1,))]


def give_gradients(tensors: list[Tensor], step: int, *, skip: int | None = None) -> None:
    generator = torch.Generator().manual_seed(100 + step)
    for index, tensor in enumerate(tensors):
        gradient = torch.randn(tensor.shape, generator=generator)
        tensor.grad = None if index == skip else gradient


def reference(name: str, tensors: list[Tensor], options: dict[str, Any]) -> Any:
    converted = {**options, "betas": tuple(options["betas"])} if "betas" in options else dict(options)
    if name in {"ASGD", "Adadelta", "Adagrad", "Adamax", "NAdam", "RAdam", "RMSprop", "Rprop"}:
        converted["foreach"] = False  # the plainest of torch's own: one weight at a time
    return getattr(torch.optim, name)(tensors, lr=0.01, **converted)


@pytest.mark.parametrize(("module", "name", "options"), CASES)
def test_the_numbers_are_those_of_torch_also_where_a_gradient_is_missing(
    module: Any, name: str, options: dict[str, Any]
) -> None:
    ours, theirs = weights(), weights()
    optimizer = module.COMPONENT.build(ours, **options)
    other = reference(name, theirs, options)
    assert not optimizer.implementation.startswith("torch.optim")
    for step in range(12):
        skip = 1 if step in (0, 4, 5) else None  # a weight that is new at a later step, and one that pauses
        give_gradients(ours, step, skip=skip)
        give_gradients(theirs, step, skip=skip)
        rate = 0.01 * (1 + step % 3)
        for group in other.param_groups:
            group["lr"] = rate
        optimizer.step(rate)
        other.step()
        for mine, its in zip(ours, theirs, strict=True):
            torch.testing.assert_close(mine, its, rtol=1e-6, atol=1e-6)
    assert not torch.equal(ours[0], weights()[0])


@pytest.mark.parametrize(("module", "name", "options"), CASES)
def test_the_fallback_gives_the_same_numbers(module: Any, name: str, options: dict[str, Any]) -> None:
    ours, theirs = weights(), weights()
    defaults = module.COMPONENT.parameters().model_dump()
    given = {**defaults, **options}
    if "betas" in given:
        given["betas"] = tuple(given["betas"])
    fast, slow = module.COMPONENT.build(ours, **options), TorchOptim(theirs, name, given)
    assert slow.implementation == f"torch.optim.{name}"
    for step in range(5):
        for tensors, optimizer in ((ours, fast), (theirs, slow)):
            give_gradients(tensors, step)
            optimizer.step(0.05)
    for mine, its in zip(ours, theirs, strict=True):
        torch.testing.assert_close(mine, its, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("fallback", [False, True])
@pytest.mark.parametrize(("module", "name", "options"), CASES)
def test_a_loaded_state_goes_on_bit_for_bit(module: Any, name: str, options: dict[str, Any], fallback: bool) -> None:
    def make(tensors: list[Tensor]) -> Any:
        if not fallback:
            return module.COMPONENT.build(tensors, **options)
        given = {**options, "betas": tuple(options["betas"])} if "betas" in options else options
        return TorchOptim(tensors, name, given)

    whole = weights()
    optimizer = make(whole)
    for step in range(3):
        give_gradients(whole, step, skip=1)
        optimizer.step(0.01)
    state = {key: tensor.clone() for key, tensor in optimizer.state().items()}
    resumed = [tensor.detach().clone().requires_grad_() for tensor in whole]
    other = make(resumed)
    other.load(state)
    for step in range(3, 6):
        for tensors, each in ((whole, optimizer), (resumed, other)):
            give_gradients(tensors, step)
            each.step(0.01)
    assert all(torch.equal(a, b) for a, b in zip(whole, resumed, strict=True))
    assert all(torch.equal(value, other.state()[key]) for key, value in optimizer.state().items())


@pytest.mark.parametrize("module", MODULES)
def test_every_declared_parameter_acts_and_defaults_agree(module: Any) -> None:
    changes: dict[str, Any] = {
        "betas": [0.5, 0.6],
        "eps": 0.1,
        "weight_decay": 0.5,
        "amsgrad": True,
        "momentum": 0.5,
        "dampening": 0.5,
        "nesterov": True,
        "initial_accumulator_value": 2.0,
        "lr_decay": 0.5,
        "rho": 0.2,
        "momentum_decay": 3.0,
        "alpha": 0.3,
        "centered": True,
        "scale_parameter": True,
        "relative_step": True,
        "warmup_init": True,
        "bias_correction": False,
        "adam_w_mode": False,
        "max_unorm": 0.3,
        "warmup_steps": 4,
        "lambd": 0.5,
        "t0": 1.0,
        "etas": [0.2, 1.9],
        "step_sizes": [1e-3, 0.01],
    }
    if module is lars:
        changes["weight_decay"] = 3.0  # a gradient that is only turned a little has the length of its weight again

    def after(**options: Any) -> Tensor:
        tensors = weights()
        optimizer = module.COMPONENT.build(tensors, **options)
        for step in range(6):
            give_gradients(tensors, step)
            optimizer.step(0.05)
        if module is asgd:
            optimizer.average()
        return tensors[0].detach()

    declared = module.COMPONENT.parameters().model_dump()
    assert torch.equal(after(), after(**declared))
    for name in declared:
        # Some act only beside others: a mean that forgets fast is what amsgrad remembers.
        beside: dict[str, dict[str, Any]] = {
            "dampening": {"momentum": 0.9},
            "nesterov": {"momentum": 0.9, "nesterov": False},
            "amsgrad": {"betas": [0.9, 0.5]},
            "warmup_init": {"relative_step": True},
            "adam_w_mode": {"weight_decay": 0.5},
            "alpha": {"lambd": 0.5} if module is asgd else {},
            "bias_correction": {"weight_decay": 0.5},  # without it a step's length is the weight's, whatever its own
        }
        given = beside.get(name, {})
        assert not torch.allclose(after(**given), after(**{**given, name: changes[name]}), atol=1e-4), name


def test_nesterov_without_momentum_or_with_dampening_does_what_torch_can() -> None:
    tensors = weights()
    for options in ({"nesterov": True}, {"nesterov": True, "momentum": 0.9, "dampening": 0.5}):
        optimizer = sgd.COMPONENT.build(tensors, **options)  # type: ignore[misc]
        give_gradients(tensors, 0)
        optimizer.step(0.1)
    assert all(tensor.isfinite().all() for tensor in tensors)


@pytest.mark.parametrize("module", MODULES)
def test_no_weights_and_no_gradients_are_no_step(module: Any) -> None:
    module.COMPONENT.build([]).step(0.1)
    tensors = weights()
    optimizer = module.COMPONENT.build(tensors)
    optimizer.step(0.1)
    assert all(torch.equal(a, b) for a, b in zip(tensors, weights(), strict=True))


@pytest.mark.parametrize("module", [adam, adamw, *FOREACH])
def test_weights_that_no_kernel_takes_fall_back(module: Any) -> None:
    complex_weight = torch.ones(2, dtype=torch.complex64, requires_grad=True)
    assert module.COMPONENT.build([complex_weight]).implementation.startswith("torch.optim.")


@pytest.mark.parametrize("module", OURS_ALONE)
def test_what_torch_does_not_have_goes_on_bit_for_bit_too(module: Any) -> None:
    options = {"weight_decay": 0.1}
    whole = weights()
    optimizer = module.COMPONENT.build(whole, **options)
    for step in range(3):
        give_gradients(whole, step, skip=1)
        optimizer.step(0.01)
    resumed = [tensor.detach().clone().requires_grad_() for tensor in whole]
    other = module.COMPONENT.build(resumed, **options)
    other.load({key: tensor.clone() for key, tensor in optimizer.state().items()})
    for step in range(3, 6):
        for tensors, each in ((whole, optimizer), (resumed, other)):
            give_gradients(tensors, step)
            each.step(0.01)
    assert all(torch.equal(a, b) for a, b in zip(whole, resumed, strict=True))
    assert all(torch.equal(value, other.state()[key]) for key, value in optimizer.state().items())


@pytest.mark.parametrize("options", [{}, {"betas": [0.5, 0.8], "weight_decay": 0.2}])
def test_lion_steps_along_the_sign_of_a_mix_and_goes_on_bit_for_bit(options: dict[str, Any]) -> None:
    keep, slow = options.get("betas", [0.9, 0.999])
    decay = options.get("weight_decay", 0.0)
    ours, expected = weights(), [tensor.detach().double() for tensor in weights()]
    momenta = [torch.zeros_like(tensor) for tensor in expected]
    optimizer = lion.COMPONENT.build(ours, **options)  # type: ignore[misc]
    for step in range(8):
        give_gradients(ours, step, skip=1 if step in (0, 3) else None)
        optimizer.step(0.01)
        for index, (tensor, source) in enumerate(zip(expected, ours, strict=True)):
            if source.grad is None:
                continue
            gradient = source.grad.double()
            mix = keep * momenta[index] + (1 - keep) * gradient
            tensor -= 0.01 * (mix.sign() + decay * tensor)
            momenta[index] = slow * momenta[index] + (1 - slow) * gradient
    for mine, its in zip(ours, expected, strict=True):
        torch.testing.assert_close(mine.detach().double(), its, rtol=1e-5, atol=1e-5)
    resumed = [tensor.detach().clone().requires_grad_() for tensor in ours]
    other = lion.COMPONENT.build(resumed, **options)  # type: ignore[misc]
    other.load({key: tensor.clone() for key, tensor in optimizer.state().items()})
    for tensors, each in ((ours, optimizer), (resumed, other)):
        give_gradients(tensors, 9)
        each.step(0.01)
    assert all(torch.equal(a, b) for a, b in zip(ours, resumed, strict=True))


@pytest.mark.parametrize("module", MODULES)
def test_each_lowers_a_plain_loss(module: Any) -> None:
    target = [tensor.detach() + 1.0 for tensor in weights()]
    tensors = weights()
    optimizer = module.COMPONENT.build(tensors)
    rate = {adadelta: 1.0, adagrad: 0.5, lion: 0.01, lamb: 0.02, lars: 0.02}.get(module, 0.05)

    def loss() -> Tensor:
        return torch.stack([((a - b) ** 2).mean() for a, b in zip(tensors, target, strict=True)]).sum()

    first = float(loss().detach())
    for _ in range(60):
        for tensor in tensors:
            tensor.grad = None
        loss().backward()
        optimizer.step(rate)
    assert float(loss().detach()) < 0.9 * first


def test_a_spread_that_rounding_made_negative_is_no_nan() -> None:
    weight = torch.zeros(64, requires_grad=True)
    optimizer = rmsprop.COMPONENT.build([weight], centered=True, alpha=0.0)  # type: ignore[misc]
    generator = torch.Generator().manual_seed(3)
    for _ in range(20):
        weight.grad = torch.randn(64, generator=generator) * 1e3
        optimizer.step(0.01)
    assert weight.isfinite().all()


@pytest.mark.parametrize("module", [adam, adamw, adamax, nadam, radam, lion])
@pytest.mark.parametrize("betas", [[1.0, 0.9], [0.9, 1.0], [-0.1, 0.9], [0.9]])
def test_means_that_never_forget_are_refused_by_name(module: Any, betas: list[float]) -> None:
    with pytest.raises(ValidationError, match="betas"):
        module.COMPONENT.parameters(betas=betas)


def test_the_momentum_of_nadam_is_known_after_any_number_of_steps() -> None:
    weight = torch.zeros(1, requires_grad=True)
    optimizer = nadam.COMPONENT.build([weight])  # type: ignore[misc]
    weight.grad = torch.ones(1)
    optimizer.step(0.1)
    optimizer.load({**optimizer.state(), "steps": torch.tensor([2_000_000])})
    optimizer.step(0.1)
    assert weight.isfinite().all()


def test_the_average_of_asgd_is_in_force_only_while_asked() -> None:
    ours, theirs = weights(), weights()
    optimizer = asgd.COMPONENT.build(ours, t0=2.0)  # type: ignore[misc]
    other = torch.optim.ASGD(theirs, lr=0.05, t0=2.0, foreach=False)
    for step in range(8):
        give_gradients(ours, step)
        give_gradients(theirs, step)
        optimizer.step(0.05)
        other.step()
    before = [each.detach().clone() for each in ours]
    with optimizer.averaged():
        for mine, its in zip(ours, theirs, strict=True):
            torch.testing.assert_close(mine.detach(), other.state[its]["ax"], rtol=1e-6, atol=1e-6)
        assert not torch.equal(ours[0], before[0])
    assert all(torch.equal(a, b) for a, b in zip(ours, before, strict=True))


@pytest.mark.parametrize(
    ("options", "name"),
    [({"etas": [1.1, 1.2]}, "etas"), ({"etas": [0.5, 0.9]}, "etas"), ({"step_sizes": [2.0, 1.0]}, "step_sizes")],
)
def test_rprop_refuses_steps_that_neither_shrink_nor_grow(options: dict[str, Any], name: str) -> None:
    with pytest.raises(UserProblem, match=name) as caught:
        rprop.COMPONENT.build(weights(), **options)  # type: ignore[misc]
    assert caught.value.path == f"trainer.optimizer.{name}"

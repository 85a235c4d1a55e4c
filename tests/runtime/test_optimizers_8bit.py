"""Optimizers of bitsandbytes: close to the plain ones, a state in 8 bits that goes on bit for bit, and its absence."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import pytest
import torch
from torch import Tensor

from declml.errors import UserProblem

NAMES = [
    "adagrad_8bit",
    "adam_8bit",
    "adamw_8bit",
    "lamb_8bit",
    "lars_8bit",
    "lion_8bit",
    "paged_adam",
    "paged_adam_8bit",
    "paged_adamw",
    "paged_adamw_8bit",
    "paged_lion",
    "paged_lion_8bit",
    "rmsprop_8bit",
    "sgd_8bit",
]


def build(name: str, tensors: list[Tensor], **options: Any) -> Any:
    return importlib.import_module(f"declml.components.optimizers.{name}").COMPONENT.build(tensors, **options)


def weights() -> list[Tensor]:
    chance = torch.Generator().manual_seed(0)
    return [torch.randn(shape, generator=chance).requires_grad_() for shape in ((80, 60), (7,))]


def give_gradients(tensors: list[Tensor], step: int) -> None:
    chance = torch.Generator().manual_seed(100 + step)
    for tensor in tensors:
        tensor.grad = torch.randn(tensor.shape, generator=chance)


@pytest.mark.parametrize("name", NAMES)
def test_without_the_package_the_problem_tells_how_to_install_it(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "bitsandbytes", None)
    with pytest.raises(UserProblem, match=f"The optimizer '{name}' must have bitsandbytes") as caught:
        build(name, weights())
    assert "declml[bitsandbytes]" in caught.value.hint


@pytest.mark.parametrize("name", NAMES)
def test_a_loaded_state_goes_on_bit_for_bit(name: str) -> None:
    pytest.importorskip("bitsandbytes")
    whole = weights()
    optimizer = build(name, whole)
    for step in range(3):
        give_gradients(whole, step)
        optimizer.step(0.01)
    assert not torch.equal(whole[0], weights()[0])
    state = {key: tensor.clone() for key, tensor in optimizer.state().items()}
    large = [each for key, each in state.items() if key.startswith("0.state")]
    assert all(each.dtype == (torch.uint8 if "8bit" in name else torch.float32) for each in large)
    resumed = [tensor.detach().clone().requires_grad_() for tensor in whole]
    other = build(name, resumed)
    other.load(state)
    for step in range(3, 6):
        for tensors, each in ((whole, optimizer), (resumed, other)):
            give_gradients(tensors, step)
            each.step(0.01)
    assert all(torch.equal(a, b) for a, b in zip(whole, resumed, strict=True))


@pytest.mark.parametrize("name", NAMES)
def test_every_declared_parameter_acts_and_defaults_agree(name: str) -> None:
    pytest.importorskip("bitsandbytes")
    changes = {
        "betas": [0.5, 0.6], "eps": 0.1, "weight_decay": 0.5, "alpha": 0.3, "momentum": 0.5, "max_unorm": 0.001,
    }  # fmt: skip

    def after(**options: Any) -> Tensor:
        tensors = weights()
        optimizer = build(name, tensors, **options)
        for step in range(4):
            give_gradients(tensors, step)
            optimizer.step(0.05)
        return torch.cat([each.detach().flatten() for each in tensors])

    parameters = importlib.import_module(f"declml.components.optimizers.{name}").COMPONENT.parameters()
    declared = parameters.model_dump()
    assert torch.equal(after(), after(**declared))
    for each in declared:
        assert not torch.allclose(after(), after(**{each: changes[each]}), atol=1e-4), each


@pytest.mark.parametrize(("name", "plain"), [("adam_8bit", "adam"), ("adamw_8bit", "adamw"), ("paged_lion", "lion")])
def test_the_numbers_are_nearly_those_of_the_plain_one(name: str, plain: str) -> None:
    pytest.importorskip("bitsandbytes")
    ours, theirs = weights(), weights()
    one, other = build(name, ours), build(plain, theirs)
    for step in range(5):
        for tensors, each in ((ours, one), (theirs, other)):
            give_gradients(tensors, step)
            each.step(0.01)
    moved = (theirs[0] - weights()[0]).detach().abs().mean()
    assert float((ours[0] - theirs[0]).detach().abs().mean()) < 0.1 * float(moved)


@pytest.mark.parametrize("name", NAMES)
def test_no_weights_and_no_gradients_are_no_step(name: str) -> None:
    pytest.importorskip("bitsandbytes")
    build(name, []).step(0.1)
    tensors = weights()
    build(name, tensors).step(0.1)
    assert all(torch.equal(a, b) for a, b in zip(tensors, weights(), strict=True))

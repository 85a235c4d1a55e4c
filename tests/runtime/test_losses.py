"""Losses: torch's own formulas as the reference, each parameter acts, and class weights that do not fit are named."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from pydantic import ValidationError
from torch import Tensor
from torch.nn import functional

from declml.components.losses import (
    binary_weighted_cross_entropy,
    huber,
    mean_absolute_error,
    mean_squared_error,
    root_mean_squared_error,
    softmax_cross_entropy,
)
from declml.errors import UserProblem
from declml_schema.declare import Component

FACTS = {"classes": ["low", "middle", "high"]}
COMPONENTS: list[Component] = [
    module.COMPONENT
    for module in (
        binary_weighted_cross_entropy,
        huber,
        mean_absolute_error,
        mean_squared_error,
        root_mean_squared_error,
        softmax_cross_entropy,
    )
]
# One value of each parameter that must change the loss. `weight` is not here: the caller applies it.
CHANGES: dict[str, dict[str, list[Any]]] = {
    "huber": {"delta": [0.1]},
    "binary_weighted_cross_entropy": {
        "positive_class_weight": [3.0],
        "robust_lambda": [0.2],
        "confidence_penalty": [0.5],
    },
    "softmax_cross_entropy": {
        "class_weights": [[1.0, 2.0, 3.0], {"high": 3.0, "low": 1.0, "middle": 2.0}],
        "robust_lambda": [0.2],
        "confidence_penalty": [0.5],
    },
}


def data(component: Component, dtype: torch.dtype = torch.float32) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(1)
    if component.features == ("category",):
        answers = torch.randn(40, 3, generator=generator, dtype=dtype)
        return answers, torch.randint(0, 3, (40,), generator=generator)
    answers = torch.randn(40, generator=generator, dtype=dtype)
    if component.features == ("binary",):
        return answers, (torch.rand(40, generator=generator) < 0.3).float()
    return answers, torch.randn(40, generator=generator)


def build(component: Component, **parameters: Any) -> Any:
    assert component.build is not None
    return component.build(FACTS, **parameters)


REFERENCES: dict[str, Any] = {
    "mean_squared_error": functional.mse_loss,
    "mean_absolute_error": functional.l1_loss,
    "root_mean_squared_error": lambda a, t: functional.mse_loss(a, t).sqrt(),
    "huber": functional.huber_loss,
    "binary_weighted_cross_entropy": functional.binary_cross_entropy_with_logits,
    "softmax_cross_entropy": functional.cross_entropy,
}


@pytest.mark.parametrize("component", COMPONENTS, ids=lambda each: each.name)
def test_the_defaults_are_torchs_own_loss(component: Component) -> None:
    answers, targets = data(component)
    torch.testing.assert_close(build(component)(answers, targets), REFERENCES[component.name](answers, targets))


@pytest.mark.parametrize("component", COMPONENTS, ids=lambda each: each.name)
def test_every_declared_parameter_acts(component: Component) -> None:
    declared = set(component.parameters.model_fields) - {"weight"}
    assert declared == set(CHANGES.get(component.name, {}))
    answers, targets = data(component)
    plain = float(build(component)(answers, targets))
    answers.requires_grad_()
    for name, values in CHANGES.get(component.name, {}).items():
        for value in values:
            component.parameters(**{name: value})  # the declaration takes it
            changed = build(component, **{name: value})(answers, targets)
            assert float(changed.detach()) != pytest.approx(plain, rel=1e-4), (name, value)
            assert torch.autograd.grad(changed, answers)[0].isfinite().all()


@pytest.mark.parametrize("component", COMPONENTS, ids=lambda each: each.name)
def test_declared_defaults_are_those_of_the_code(component: Component) -> None:
    answers, targets = data(component)
    defaults = component.parameters().model_dump()
    assert defaults.pop("weight") == 1.0
    assert float(build(component, **defaults)(answers, targets)) == float(build(component)(answers, targets))


@pytest.mark.parametrize(
    ("module", "values"),
    [
        (huber, {"delta": 0.0}),
        (mean_squared_error, {"weight": -1.0}),
        (binary_weighted_cross_entropy, {"positive_class_weight": 0.0}),
        (binary_weighted_cross_entropy, {"robust_lambda": 1.0}),
        (softmax_cross_entropy, {"confidence_penalty": -0.1}),
        (softmax_cross_entropy, {"class_weigths": [1.0]}),
    ],
)
def test_bad_values_are_refused_by_name(module: Any, values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=next(iter(values))):
        module.COMPONENT.parameters(**values)


@pytest.mark.parametrize("component", COMPONENTS, ids=lambda each: each.name)
def test_losses_take_double_and_half_and_go_back(component: Component) -> None:
    loss = build(component, **{name: values[0] for name, values in CHANGES.get(component.name, {}).items()})
    expected = float(loss(*data(component)))
    answers, targets = data(component)
    assert float(loss(answers.double(), targets)) == pytest.approx(expected, rel=1e-5)
    assert float(loss(answers, targets)) == expected


def test_a_perfect_batch_has_no_nan_gradient() -> None:
    answers = torch.ones(4, requires_grad=True)
    loss = build(root_mean_squared_error.COMPONENT)(answers, torch.ones(4))
    loss.backward()
    assert answers.grad is not None
    assert float(loss.detach()) == pytest.approx(0, abs=1e-10)
    assert torch.equal(answers.grad, torch.zeros(4))


def test_class_weights_are_a_weighted_mean() -> None:
    answers, targets = data(softmax_cross_entropy.COMPONENT)
    weights = [0.5, 1.0, 4.0]
    expected = functional.cross_entropy(answers, targets, weight=torch.tensor(weights))
    torch.testing.assert_close(
        build(softmax_cross_entropy.COMPONENT, class_weights=weights)(answers, targets), expected
    )
    by_name = build(softmax_cross_entropy.COMPONENT, class_weights={"high": 4.0, "low": 0.5, "middle": 1.0})
    torch.testing.assert_close(by_name(answers, targets), expected)


def test_a_batch_whose_classes_weigh_nothing_costs_nothing() -> None:
    loss = build(softmax_cross_entropy.COMPONENT, class_weights=[0.0, 1.0, 1.0])
    assert float(loss(torch.randn(5, 3), torch.zeros(5, dtype=torch.int64))) == 0.0


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([1.0, 2.0], "one number for each of the 3 classes; got 2"),
        ({"low": 1.0, "middle": 2.0}, "none for 'high'"),
        ({"low": 1.0, "middle": 2.0, "high": 1.0, "huge": 2.0}, "the unknown 'huge'"),
        ([1.0, -2.0, 1.0], ">= 0"),
        ([0.0, 0.0, 0.0], "not all of them 0"),
        ([1.0, math.inf, 1.0], ">= 0"),
    ],
)
def test_class_weights_that_do_not_fit_are_a_problem_with_the_classes(weights: Any, message: str) -> None:
    with pytest.raises(UserProblem) as caught:
        build(softmax_cross_entropy.COMPONENT, class_weights=weights)
    assert caught.value.code == "class-weights-mismatch"
    assert message in caught.value.message


@pytest.mark.parametrize("module", [binary_weighted_cross_entropy, softmax_cross_entropy])
def test_the_confidence_penalty_is_nothing_for_a_guess_and_all_for_certainty(module: Any) -> None:
    shape = (6, 3) if module is softmax_cross_entropy else (6,)
    targets = torch.zeros(6, dtype=torch.int64)
    guess, sure = torch.zeros(shape), torch.full(shape, -50.0)
    if len(shape) == 2:
        sure[:, 0] = 50.0
    plain, punished = build(module.COMPONENT), build(module.COMPONENT, confidence_penalty=0.5)
    assert float(punished(guess, targets) - plain(guess, targets)) == pytest.approx(0.0, abs=1e-6)
    assert float(punished(sure, targets) - plain(sure, targets)) == pytest.approx(0.5, abs=1e-6)

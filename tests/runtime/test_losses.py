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
    focal,
    huber,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    poly,
    root_mean_squared_error,
    root_mean_squared_percentage_error,
    sigmoid_cross_entropy,
    softmax_cross_entropy,
)
from declml.errors import UserProblem
from declml.run.components import Components
from declml.run.network import losses_of
from declml_schema.check import check
from declml_schema.declare import Component

FACTS = {"classes": ["low", "middle", "high"], "vocabulary": ["low", "middle", "high"]}
COMPONENTS: list[Component] = [
    focal.BINARY,
    focal.CATEGORY,
    *(
        module.COMPONENT
        for module in (
            binary_weighted_cross_entropy,
            huber,
            mean_absolute_error,
            mean_absolute_percentage_error,
            mean_squared_error,
            poly,
            root_mean_squared_error,
            root_mean_squared_percentage_error,
            sigmoid_cross_entropy,
        )
    ),
    softmax_cross_entropy.CATEGORY,
    softmax_cross_entropy.SHARES,
]
# One value of each parameter that must change the loss. `weight` is not here: the caller applies it.
CHANGES: dict[str, dict[str, list[Any]]] = {
    "huber": {"delta": [0.1]},
    "binary_weighted_cross_entropy": {
        "positive_class_weight": [3.0],
        "label_smoothing": [0.2],
        "robust_lambda": [0.2],
        "confidence_penalty": [0.5],
    },
    "softmax_cross_entropy": {
        "class_weights": [[1.0, 2.0, 3.0], {"high": 3.0, "low": 1.0, "middle": 2.0}],
        "label_smoothing": [0.2],
        "robust_lambda": [0.2],
        "confidence_penalty": [0.5],
    },
    "binary focal": {"alpha": [0.6], "gamma": [0.0, 0.5, 5.0]},
    "category focal": {
        "alpha": [0.6],
        "gamma": [0.0, 0.5, 5.0],
        "class_weights": [[1.0, 2.0, 3.0], {"high": 3.0, "low": 1.0, "middle": 2.0}],
    },
    "poly": {"epsilon": [-0.5, 3.0]},
    "sigmoid_cross_entropy": {"class_weights": [[1.0, 2.0, 3.0], {"high": 3.0, "low": 1.0, "middle": 2.0}]},
}
CHANGES["softmax_cross_entropy of shares"] = CHANGES["softmax_cross_entropy"]


def named(component: Component) -> str:
    if component is softmax_cross_entropy.SHARES:
        return "softmax_cross_entropy of shares"
    return f"{component.features[0]} focal" if component.name == "focal" else component.name


def data(component: Component, dtype: torch.dtype = torch.float32) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(1)
    if component is softmax_cross_entropy.CATEGORY or component.features == ("category", "category_distribution"):
        answers = torch.randn(40, 3, generator=generator, dtype=dtype)
        return answers, torch.randint(0, 3, (40,), generator=generator)
    if component.features == ("set",):
        answers = torch.randn(40, 3, generator=generator, dtype=dtype)
        return answers, (torch.rand(40, 3, generator=generator) < 0.3).to(torch.uint8)
    if component is softmax_cross_entropy.SHARES:
        answers = torch.randn(40, 3, generator=generator, dtype=dtype)
        return answers, torch.rand(40, 3, generator=generator).softmax(dim=1)
    answers = torch.randn(40, generator=generator, dtype=dtype)
    if component.features == ("binary",):
        return answers, (torch.rand(40, generator=generator) < 0.3).float()
    return answers, torch.randn(40, generator=generator)


def build(component: Component, **parameters: Any) -> Any:
    assert component.build is not None
    return component.build(FACTS, **parameters)


def plain_focal_binary(answers: Tensor, targets: Tensor) -> Tensor:
    """The formula of the paper, from probabilities."""
    total = torch.zeros(())
    for logit, target in zip(answers, targets, strict=True):
        positive = 1 / (1 + math.exp(-float(logit)))
        truth = positive if target else 1 - positive
        total -= (0.25 if target else 0.75) * (1 - truth) ** 2 * math.log(truth)
    return total / len(answers)


def plain_focal_category(answers: Tensor, targets: Tensor) -> Tensor:
    truth = answers.softmax(dim=1).gather(1, targets[:, None])[:, 0]
    return (-0.25 * (1 - truth) ** 2 * truth.log()).mean()


def plain_poly(answers: Tensor, targets: Tensor) -> Tensor:
    truth = answers.softmax(dim=1).gather(1, targets[:, None])[:, 0]
    return (1 - truth - truth.log()).mean()


REFERENCES: dict[str, Any] = {
    "binary focal": plain_focal_binary,
    "category focal": plain_focal_category,
    "poly": plain_poly,
    "mean_absolute_percentage_error": lambda a, t: ((a - t) / t).abs().mean(),
    "root_mean_squared_percentage_error": lambda a, t: (((a - t) / t) ** 2).mean().sqrt(),
    "mean_squared_error": functional.mse_loss,
    "mean_absolute_error": functional.l1_loss,
    "root_mean_squared_error": lambda a, t: functional.mse_loss(a, t).sqrt(),
    "huber": functional.huber_loss,
    "binary_weighted_cross_entropy": functional.binary_cross_entropy_with_logits,
    "softmax_cross_entropy": functional.cross_entropy,
    "softmax_cross_entropy of shares": functional.cross_entropy,
    "sigmoid_cross_entropy": lambda a, t: functional.binary_cross_entropy_with_logits(a, t.float()),
}


@pytest.mark.parametrize("component", COMPONENTS, ids=named)
def test_the_defaults_are_the_plain_formula(component: Component) -> None:
    answers, targets = data(component)
    torch.testing.assert_close(build(component)(answers, targets), REFERENCES[named(component)](answers, targets))


@pytest.mark.parametrize("component", COMPONENTS, ids=named)
def test_every_declared_parameter_acts(component: Component) -> None:
    # Similarities act only together with their temperature: see test_losses_of_classes.py.
    declared = {name for name in component.parameters.model_fields if name != "weight" and "similarities" not in name}
    assert declared == set(CHANGES.get(named(component), {}))
    answers, targets = data(component)
    plain = float(build(component)(answers, targets))
    answers.requires_grad_()
    for name, values in CHANGES.get(named(component), {}).items():
        for value in values:
            component.parameters(**{name: value})  # the declaration takes it
            changed = build(component, **{name: value})(answers, targets)
            assert float(changed.detach()) != pytest.approx(plain, rel=1e-4), (name, value)
            assert torch.autograd.grad(changed, answers)[0].isfinite().all()


@pytest.mark.parametrize("component", COMPONENTS, ids=named)
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
        (softmax_cross_entropy, {"label_smoothing": 1.0}),
        (binary_weighted_cross_entropy, {"label_smoothing": -0.1}),
        (poly, {"epsilon": -1.5}),
    ],
)
def test_bad_values_are_refused_by_name(module: Any, values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=next(iter(values))):
        (module.CATEGORY if module is softmax_cross_entropy else module.COMPONENT).parameters(**values)


@pytest.mark.parametrize("component", COMPONENTS, ids=named)
def test_losses_take_double_and_half_and_go_back(component: Component) -> None:
    loss = build(component, **{name: values[0] for name, values in CHANGES.get(named(component), {}).items()})
    expected = float(loss(*data(component)))
    answers, targets = data(component)
    assert float(loss(answers.double(), targets)) == pytest.approx(expected, rel=1e-5)
    assert float(loss(answers, targets)) == expected


@pytest.mark.parametrize("module", [root_mean_squared_error, root_mean_squared_percentage_error])
def test_a_perfect_batch_has_no_nan_gradient(module: Any) -> None:
    answers = torch.ones(4, requires_grad=True)
    loss = build(module.COMPONENT)(answers, torch.ones(4))
    loss.backward()
    assert answers.grad is not None
    assert float(loss.detach()) == pytest.approx(0, abs=1e-10)
    assert torch.equal(answers.grad, torch.zeros(4))


def test_class_weights_are_a_weighted_mean() -> None:
    answers, targets = data(softmax_cross_entropy.CATEGORY)
    weights = [0.5, 1.0, 4.0]
    expected = functional.cross_entropy(answers, targets, weight=torch.tensor(weights))
    torch.testing.assert_close(build(softmax_cross_entropy.CATEGORY, class_weights=weights)(answers, targets), expected)
    by_name = build(softmax_cross_entropy.CATEGORY, class_weights={"high": 4.0, "low": 0.5, "middle": 1.0})
    torch.testing.assert_close(by_name(answers, targets), expected)


@pytest.mark.parametrize("component", [softmax_cross_entropy.CATEGORY, focal.CATEGORY], ids=named)
def test_a_batch_whose_classes_weigh_nothing_costs_nothing(component: Component) -> None:
    loss = build(component, class_weights=[0.0, 1.0, 1.0])
    assert float(loss(torch.randn(5, 3), torch.zeros(5, dtype=torch.int64))) == 0.0


@pytest.mark.parametrize(
    ("component", "values"),
    [
        (focal.BINARY, {"alpha": 0.0}),
        (focal.BINARY, {"alpha": 1.0}),
        (focal.BINARY, {"gamma": -0.1}),
        (focal.BINARY, {"weight": -0.1}),
        (focal.CATEGORY, {"alpha": 0.0}),
        (focal.CATEGORY, {"gamma": -0.1}),
        (focal.CATEGORY, {"class_weights": "all"}),
    ],
)
def test_bad_values_of_the_focal_loss_are_refused_by_name(component: Component, values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=next(iter(values))):
        component.parameters(**values)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0])
@pytest.mark.parametrize("component", [focal.BINARY, focal.CATEGORY], ids=named)
def test_the_focal_loss_of_certain_answers_has_finite_gradients(component: Component, gamma: float) -> None:
    answers, targets = data(component)
    sign = functional.one_hot(targets.long(), 3).float() if answers.dim() == 2 else targets
    for scale in (200.0, -200.0):  # all rows right, all rows wrong
        sure = ((2 * sign - 1) * scale).requires_grad_()
        loss = build(component, gamma=gamma)(sure, targets)
        loss.backward()
        assert loss.isfinite()
        assert sure.grad is not None and sure.grad.isfinite().all()


def test_a_focal_loss_without_focus_is_cross_entropy_by_its_weights() -> None:
    answers, targets = data(focal.BINARY)
    ours = build(focal.BINARY, alpha=0.5, gamma=0.0)(answers, targets)
    torch.testing.assert_close(ours, functional.binary_cross_entropy_with_logits(answers, targets) / 2)
    answers, targets = data(focal.CATEGORY)
    weights = [0.5, 1.0, 4.0]
    ours = build(focal.CATEGORY, alpha=1.0, gamma=0.0, class_weights=weights)(answers, targets)
    torch.testing.assert_close(ours, functional.cross_entropy(answers, targets, weight=torch.tensor(weights)))


@pytest.mark.parametrize("weights", [None, [0.5, 1.0, 4.0]])
def test_label_smoothing_is_that_of_torch(weights: list[float] | None) -> None:
    answers, targets = data(softmax_cross_entropy.CATEGORY)
    ours = build(softmax_cross_entropy.CATEGORY, class_weights=weights, label_smoothing=0.3)(answers, targets)
    tensor = None if weights is None else torch.tensor(weights)
    torch.testing.assert_close(ours, functional.cross_entropy(answers, targets, weight=tensor, label_smoothing=0.3))
    logits, truths = data(binary_weighted_cross_entropy.COMPONENT)
    smoothed = build(binary_weighted_cross_entropy.COMPONENT, label_smoothing=0.3)(logits, truths)
    both = torch.stack([torch.zeros_like(logits), logits], dim=1)  # a binary is a category of two
    torch.testing.assert_close(smoothed, functional.cross_entropy(both, truths.long(), label_smoothing=0.3))


UNITS: list[tuple[dict[str, Any], Any]] = [
    ({"shift": 0.0, "scale": 1.0, "normalization": None}, lambda x: x),
    ({"shift": 50.0, "scale": 7.0, "normalization": "zscore"}, lambda x: 50 + 7 * x),
    ({"shift": 0.0, "scale": 1.0, "normalization": "log1p"}, lambda x: x.exp() - 1),
]


@pytest.mark.parametrize(("facts", "unit"), UNITS)
def test_parts_of_the_target_are_told_in_its_own_unit(facts: dict[str, Any], unit: Any) -> None:
    answers, targets = (each.double() + 3 for each in data(mean_absolute_percentage_error.COMPONENT))
    parts = (unit(answers) - unit(targets)) / unit(targets)
    absolute = mean_absolute_percentage_error.MeanAbsolutePercentageError(facts)
    squared = root_mean_squared_percentage_error.RootMeanSquaredPercentageError(facts)
    torch.testing.assert_close(absolute(answers, targets), parts.abs().mean())
    torch.testing.assert_close(squared(answers, targets), parts.square().mean().sqrt())


@pytest.mark.parametrize("module", [mean_absolute_percentage_error, root_mean_squared_percentage_error])
@pytest.mark.parametrize("normalization", ["zscore", "log1p"])
def test_targets_of_zero_and_wild_answers_cost_much_but_stay_finite(module: Any, normalization: str) -> None:
    facts = {"shift": 0.0, "scale": 1.0, "normalization": normalization}
    for answer in (1.0, 30.0 if normalization == "log1p" else 1e9):
        answers = torch.full((4,), answer, requires_grad=True)
        loss = module.COMPONENT.build(facts)(answers, torch.zeros(4))
        loss.backward()
        assert 1e5 < float(loss.detach()) < math.inf
        assert answers.grad is not None and answers.grad.isfinite().all()


@pytest.mark.parametrize("component", [softmax_cross_entropy.CATEGORY, focal.CATEGORY], ids=named)
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
def test_class_weights_that_do_not_fit_are_a_problem_with_the_classes(
    component: Component, weights: Any, message: str
) -> None:
    with pytest.raises(UserProblem) as caught:
        build(component, class_weights=weights)
    assert caught.value.code == "class-weights-mismatch"
    assert message in caught.value.message


@pytest.mark.parametrize("component", [binary_weighted_cross_entropy.COMPONENT, softmax_cross_entropy.CATEGORY])
def test_the_confidence_penalty_is_nothing_for_a_guess_and_all_for_certainty(component: Component) -> None:
    shape = (6, 3) if component is softmax_cross_entropy.CATEGORY else (6,)
    targets = torch.zeros(6, dtype=torch.int64)
    guess, sure = torch.zeros(shape), torch.full(shape, -50.0)
    if len(shape) == 2:
        sure[:, 0] = 50.0
    plain, punished = build(component), build(component, confidence_penalty=0.5)
    assert float(punished(guess, targets) - plain(guess, targets)) == pytest.approx(0.0, abs=1e-6)
    assert float(punished(sure, targets) - plain(sure, targets)) == pytest.approx(0.5, abs=1e-6)


def test_a_plan_tells_its_loss_how_the_targets_were_scaled() -> None:
    config = (
        "input_features: [{name: a, type: number}]\n"
        "output_features: [{name: price, type: number, preprocessing: {normalization: log1p},"
        " loss: {type: mean_absolute_percentage_error}}]\n"
    )
    plan = check(config).plan
    assert plan is not None
    loss, _ = losses_of(plan, {"price": {"shift": 0.0, "scale": 1.0}}, Components())["price"]
    answers, targets = torch.tensor([110.0, 45.0]).log1p(), torch.tensor([100.0, 50.0]).log1p()
    assert float(loss(answers, targets)) == pytest.approx(0.1, rel=1e-5)


def test_shares_of_a_single_class_cost_what_the_class_itself_does() -> None:
    answers, targets = data(softmax_cross_entropy.CATEGORY)
    shares = functional.one_hot(targets, 3).float()
    for values in ({}, {"class_weights": [0.5, 1.0, 4.0]}, {"label_smoothing": 0.2}):
        expected = build(softmax_cross_entropy.CATEGORY, **values)(answers, targets)
        torch.testing.assert_close(build(softmax_cross_entropy.SHARES, **values)(answers, shares), expected)


def test_shares_that_were_scaled_are_a_problem() -> None:
    with pytest.raises(UserProblem, match="normalization must be null"):
        softmax_cross_entropy.SoftmaxCrossEntropy({"vector_size": 3, "normalization": "zscore"})


def test_parts_of_a_vector_are_told_in_the_unit_of_each_place() -> None:
    facts = {"shift": [1.0, 100.0], "scale": [2.0, 10.0]}
    answers, targets = torch.tensor([[0.5, -1.0]]), torch.tensor([[1.0, 1.0]])  # 2 and 90 for 3 and 110
    loss = mean_absolute_percentage_error.MeanAbsolutePercentageError(facts)(answers, targets)
    assert float(loss) == pytest.approx((1 / 3 + 20 / 110) / 2)

"""Losses over classes that have an order, an unknown, or probabilities of 0, and losses that compare rows."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from torch import Tensor
from torch.nn import functional

from declml.components.answer_scale import answers_for, class_probabilities, ranks_of
from declml.components.losses import (
    corn,
    entmax15,
    entropic_open_set,
    focal,
    nt_xent,
    objectosphere,
    poly,
    softmax_cross_entropy,
    sparsemax,
)
from declml.components.sparse_probabilities import entmax15_losses, sparsemax_losses
from declml.errors import UserProblem
from declml.evaluation.calibration import fit_temperature
from declml_schema.declare import Component

FACTS = {"classes": ["3", "1", "2"], "vector_size": 3}
OF_CLASSES: list[Component] = [
    corn.COMPONENT,
    entmax15.COMPONENT,
    entropic_open_set.COMPONENT,
    focal.CATEGORY,
    objectosphere.COMPONENT,
    poly.COMPONENT,
    sparsemax.COMPONENT,
]
CHANGES: dict[str, dict[str, Any]] = {
    "corn": {"order": ["1", "2", "3"][::-1]},
    "entropic_open_set": {"background_class": "2"},
    "objectosphere": {"background_class": "2", "xi": 1.0, "zeta": 0.5},
    "nt_xent": {"temperature": 0.5},
}


def data(component: Component) -> tuple[Tensor, Tensor]:
    chance = torch.Generator().manual_seed(1)
    if component is nt_xent.COMPONENT:
        return torch.randn(40, 3, generator=chance), torch.randn(40, 3, generator=chance)
    width = 2 if component is corn.COMPONENT else 3
    return torch.randn(40, width, generator=chance), torch.randint(0, 3, (40,), generator=chance)


def build(component: Component, **parameters: Any) -> Any:
    assert component.build is not None
    return component.build(FACTS, **parameters)


@pytest.mark.parametrize("component", [*OF_CLASSES, nt_xent.COMPONENT], ids=lambda each: each.name)
def test_every_parameter_acts_and_defaults_are_those_of_the_code(component: Component) -> None:
    answers, targets = data(component)
    defaults = component.parameters().model_dump()
    assert defaults.pop("weight") == 1.0
    plain = float(build(component)(answers, targets))
    assert float(build(component, **defaults)(answers, targets)) == plain
    if component in (focal.CATEGORY, poly.COMPONENT):
        return  # see test_losses.py
    assert CHANGES.get(component.name, {}).keys() == defaults.keys()
    for name, value in CHANGES.get(component.name, {}).items():
        component.parameters(**{name: value})
        changed = build(component, **{name: value})(answers.requires_grad_(), targets)
        assert float(changed.detach()) != pytest.approx(plain, rel=1e-4), name
        assert torch.autograd.grad(changed, answers)[0].isfinite().all()


@pytest.mark.parametrize("component", OF_CLASSES, ids=lambda each: each.name)
def test_shares_of_a_single_class_cost_what_the_class_itself_does(component: Component) -> None:
    answers, targets = data(component)
    loss = build(component, **CHANGES.get(component.name, {}))
    torch.testing.assert_close(loss(answers, functional.one_hot(targets, 3).float()), loss(answers, targets))
    assert float(loss(answers.double(), targets)) == pytest.approx(float(loss(answers, targets)), rel=1e-5)


@pytest.mark.parametrize("component", OF_CLASSES, ids=lambda each: each.name)
def test_shares_cost_the_mean_of_what_their_classes_do(component: Component) -> None:
    answers, _ = data(component)
    if component in (corn.COMPONENT, sparsemax.COMPONENT, entmax15.COMPONENT):
        return  # a mean over steps, and losses that are 0 where the shares themselves are answered
    loss = build(component, **CHANGES.get(component.name, {}))
    shares = torch.tensor([0.2, 0.3, 0.5])
    mixed = sum(share * loss(answers, torch.full((40,), place)) for place, share in enumerate(shares))
    torch.testing.assert_close(loss(answers, shares.expand(40, 3)), mixed)


@pytest.mark.parametrize(
    ("component", "values"),
    [
        (corn.COMPONENT, {"order": ["1"]}),
        (objectosphere.COMPONENT, {"xi": -1.0}),
        (objectosphere.COMPONENT, {"zeta": -0.1}),
        (nt_xent.COMPONENT, {"temperature": 0.0}),
        (sparsemax.COMPONENT, {"weight": -1.0}),
        (softmax_cross_entropy.CATEGORY, {"class_similarities_temperature": -1.0}),
        (entropic_open_set.COMPONENT, {"background_class": 0.5}),
    ],
)
def test_bad_values_are_refused_by_name(component: Component, values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=next(iter(values))):
        component.parameters(**values)


# --- classes with an order -------------------------------------------------------------------------------------------


def test_corn_asks_of_each_rank_reached_whether_the_row_is_above() -> None:
    answers, targets = data(corn.COMPONENT)
    ranks = torch.tensor([2, 0, 1])[targets]  # the classes are 3, 1, 2
    surprises: list[Tensor] = []
    for row, rank in zip(answers, ranks, strict=True):
        for step in range(2):
            if rank >= step:
                above = row[step].sigmoid()
                surprises.append(-(above if rank > step else 1 - above).log())
    torch.testing.assert_close(build(corn.COMPONENT)(answers, targets), torch.stack(surprises).mean())


def test_the_probabilities_of_corn_are_products_of_steps_in_the_order_of_the_classes() -> None:
    facts = {**FACTS, "link": {"name": "corn", "ranks": ranks_of(["3", "1", "2"], None)}}
    assert answers_for(facts) == 2 and answers_for(FACTS) == 3
    answers = np.array([[0.3, -0.8], [50.0, -50.0], [-800.0, 3.0]])
    first, second = (1 / (1 + np.exp(-answers.clip(-700)))).T
    expected = np.stack([first * second, 1 - first, first * (1 - second)], axis=1)
    assert class_probabilities(answers, facts) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("classes", "order", "message"),
    [
        (["low", "high"], None, "order must name the classes from the lowest"),
        (["low", "nan"], None, "order must name the classes from the lowest"),
        (["low", "high"], ["low", "hihg"], "none for 'high'"),
        (["low", "high"], ["low", "high", "huge"], "the unknown 'huge'"),
        (["low", "high"], ["low", "high", "low"], "a name twice"),
    ],
)
def test_classes_without_an_order_are_a_problem(classes: list[str], order: list[str] | None, message: str) -> None:
    with pytest.raises(UserProblem, match=message):
        ranks_of(classes, order)
    assert ranks_of(["10", "9", "-1.5"], None) == [2, 1, 0]
    assert ranks_of(["high", "low"], ["low", "high"]) == [1, 0]


# --- probabilities that are exactly 0 --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["sparsemax", "entmax15"])
def test_sparse_losses_are_nothing_at_the_truth_and_their_gradient_is_what_the_answer_lacks(name: str) -> None:
    losses = {"sparsemax": sparsemax_losses, "entmax15": entmax15_losses}[name]
    chance = torch.Generator().manual_seed(4)
    scores = (3 * torch.randn(50, 6, generator=chance, dtype=torch.float64)).requires_grad_()
    facts = {"classes": list("abcdef"), "link": {"name": name}}
    answer = torch.from_numpy(class_probabilities(scores.detach().numpy(), facts))
    assert (answer == 0).any() and answer.sum(1).allclose(torch.ones(50, dtype=torch.float64))
    truth = functional.one_hot(torch.randint(0, 6, (50,), generator=chance), 6).double()
    (gradient,) = torch.autograd.grad(losses(scores, truth).sum(), scores)
    torch.testing.assert_close(gradient, answer - truth)
    # The value is the one whose slope that gradient is.
    assert torch.autograd.gradcheck(lambda each: losses(each, truth), (scores,), atol=1e-6)
    assert float(losses(scores.detach(), answer).max()) == pytest.approx(0, abs=1e-12)
    far = 1e4 * scores.detach().float()
    assert losses(far, truth.float()).isfinite().all()


def test_sparse_answers_on_two_classes_have_their_closed_form() -> None:
    scores = np.array([[0.4, 0.0], [3.0, 0.0]])
    facts: dict[str, Any] = {"classes": ["a", "b"], "link": {"name": "sparsemax"}}
    assert class_probabilities(scores, facts) == pytest.approx(np.array([[0.7, 0.3], [1.0, 0.0]]))


@pytest.mark.parametrize("component", [sparsemax.COMPONENT, entmax15.COMPONENT, corn.COMPONENT], ids=lambda c: c.name)
def test_a_temperature_is_the_one_at_which_the_own_loss_is_lowest(component: Component) -> None:
    answers, targets = data(component)
    ranks = torch.tensor([2, 0, 1])[targets]
    # Answers that know something: those that do not would be divided by as much as may be.
    steps = (
        torch.stack([ranks > 0, ranks > 1], dim=1) if component is corn.COMPONENT else functional.one_hot(targets, 3)
    )
    answers = answers + steps
    loss = build(component)
    best = fit_temperature(4 * answers, targets, surprise=loss)
    around = [float(loss(4 * answers.double() / (best * factor), targets)) for factor in (0.98, 1.0, 1.02)]
    assert min(around) == around[1]


# --- what is unknown -------------------------------------------------------------------------------------------------


def test_open_set_losses_ask_equal_probabilities_of_the_background() -> None:
    answers, targets = data(entropic_open_set.COMPONENT)
    known = targets != 2  # "2" is the class of id 2
    logs = answers.log_softmax(dim=1)
    expected = torch.where(known, -logs.gather(1, targets[:, None])[:, 0], -logs.mean(dim=1))
    by_name = build(entropic_open_set.COMPONENT, background_class="2")(answers, targets)
    torch.testing.assert_close(by_name, expected.mean())
    norms = (answers - answers.mean(dim=1, keepdim=True)).norm(dim=1)
    extra = torch.where(known, (2.0 - norms).clamp_min(0).square(), norms.square())
    sphere = build(objectosphere.COMPONENT, background_class="2", xi=2.0, zeta=0.3)(answers, targets)
    torch.testing.assert_close(sphere, (expected + 0.3 * extra).mean())
    without = build(entropic_open_set.COMPONENT)(answers, targets)
    torch.testing.assert_close(without, functional.cross_entropy(answers, targets))


@pytest.mark.parametrize("background", ["no", 0])
def test_the_background_of_a_binary_has_one_half_as_its_target(background: Any) -> None:
    answers, targets = torch.tensor([0.3, -1.0, 2.0]), torch.tensor([1.0, 0.0, 0.0])
    soft = torch.tensor([1.0, 0.5, 0.5])
    facts = {"false": "no", "true": "yes"}
    loss = entropic_open_set.EntropicOpenSet(facts, background_class=background)
    torch.testing.assert_close(loss(answers, targets), functional.binary_cross_entropy_with_logits(answers, soft))
    sphere = objectosphere.Objectosphere(facts, background_class=background, zeta=0.0)
    torch.testing.assert_close(sphere(answers, targets), loss(answers, targets))


@pytest.mark.parametrize("background", ["other", 7, -1])
def test_a_background_that_is_no_class_is_a_problem_with_the_classes(background: Any) -> None:
    with pytest.raises(UserProblem, match="background_class must be a class") as caught:
        build(entropic_open_set.COMPONENT, background_class=background)
    assert "'3', '1', '2'" in caught.value.hint


# --- classes that are alike, and rows that are compared --------------------------------------------------------------


def test_similar_classes_share_a_label() -> None:
    answers, targets = data(focal.CATEGORY)
    matrix = [[1.0, 0.5, 0.0], [0.5, 1.0, 0.0], [0.0, 0.0, 1.0]]
    labels = (torch.tensor(matrix) / 0.3).softmax(dim=1)
    expected = functional.cross_entropy(answers, labels[targets])
    named = {"3": {"1": 0.5}, "1": {"3": 0.5}}
    for similarities in (matrix, named):
        loss = build(
            softmax_cross_entropy.CATEGORY, class_similarities=similarities, class_similarities_temperature=0.3
        )
        torch.testing.assert_close(loss(answers, targets), expected)
        torch.testing.assert_close(loss(answers, functional.one_hot(targets, 3).float()), expected)


@pytest.mark.parametrize(
    ("similarities", "temperature", "message"),
    [
        ([[1.0, 0.0], [0.0, 1.0]], 1.0, "3 rows of 3 numbers, one for each class; got 2 rows of 2"),
        ([[1.0, 0.0, math.nan]] * 3, 1.0, "must be finite"),
        ({"3": {"4": 1.0}}, 1.0, "got '4'"),
        ({"3": {"1": 1.0}}, 0.0, "must be greater than 0"),
    ],
)
def test_similarities_that_do_not_fit_are_a_problem(similarities: Any, temperature: float, message: str) -> None:
    with pytest.raises(UserProblem, match=message):
        build(
            softmax_cross_entropy.CATEGORY,
            class_similarities=similarities,
            class_similarities_temperature=temperature,
        )


def test_nt_xent_is_least_where_answers_point_where_their_targets_do() -> None:
    answers, targets = data(nt_xent.COMPONENT)
    views = functional.normalize(torch.cat([answers, targets]), dim=1)
    total = torch.zeros(())
    for place in range(80):
        similar = (views @ views[place] / 0.07).exp()
        total -= (similar[(place + 40) % 80] / (similar.sum() - similar[place])).log()
    torch.testing.assert_close(build(nt_xent.COMPONENT)(answers, targets), total / 80)
    assert build(nt_xent.COMPONENT)(7 * targets, targets) < build(nt_xent.COMPONENT)(answers, targets)
    assert float(build(nt_xent.COMPONENT)(answers[:1], targets[:1])) == pytest.approx(0, abs=1e-6)


def test_nt_xent_of_many_rows_compares_them_in_blocks() -> None:
    chance = torch.Generator().manual_seed(1)
    answers, targets = torch.randn(2048, 3, generator=chance), torch.randn(2048, 3, generator=chance)
    loss = build(nt_xent.COMPONENT)
    halves = (loss(answers[:1024], targets[:1024]) + loss(answers[1024:], targets[1024:])) / 2
    torch.testing.assert_close(loss(answers, targets), halves)

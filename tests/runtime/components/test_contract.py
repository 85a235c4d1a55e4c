"""What every encoder, combiner and decoder promises once it is built: a new one joins by being declared."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from declml.errors import UserProblem

from .contract_cases import ROWS, Case
from .contract_seen import observe, told
from .contract_values import alternatives, context, kinds

OF_ONE_MIND = {"entity_1", "entity_2", "main_sequence_feature", "encoder", "smoothing", "folds"}
"""Parameters that name other parts of a config: see test_combiners.py and test_sequence_combiners.py; or that act where
the data are read: see test_target_encoder.py."""


def test_defaults_build_and_shapes_hold(case: Case) -> None:
    module: Any = case.build()
    answers = told(module(*case.inputs()))
    if case.component.kind == "encoder":
        assert answers.shape == (ROWS, sum(module.widths))
    elif case.component.kind == "combiner":
        submodels = getattr(module, "submodels", None)
        assert answers.shape == ((ROWS, module.width) if submodels is None else (ROWS, submodels, module.width))
    else:
        assert answers.shape == ((ROWS,) if case.feature in ("number", "binary") else (ROWS, 3))
    assert answers.dtype == torch.float32
    assert answers.isfinite().all()


def test_the_same_seed_gives_the_same_module(case: Case) -> None:
    assert observe(case).same(observe(case))


def test_every_parameter_acts(case: Case) -> None:
    for name in case.component.parameters.model_fields.keys() - OF_ONE_MIND - case.aside:
        given = context(case, name)
        before = observe(case, **given)
        changed: list[bool] = []
        for value in alternatives(case, name):
            try:
                changed.append(not before.same(observe(case, **{**given, name: value})))
            except UserProblem:
                continue  # a number of layers that the small pretrained model does not have
        assert any(changed), f"{name} changes nothing"


def test_every_named_value_gives_finite_answers(case: Case) -> None:
    for name, declared in case.schema.items():
        if any("enum" in kind for kind in kinds(declared)):
            for value in alternatives(case, name):
                seen = observe(case, **{**context(case, name), name: value})
                assert seen.answers.isfinite().all(), (name, value)
                assert seen.answers_in_training.isfinite().all(), (name, value)


def test_a_parameter_that_a_rule_calls_ignored_changes_nothing(case: Case) -> None:
    for rule in case.component.rules:
        if rule.kind != "ignored-unless":
            continue
        outside = [
            value
            for value in [case.parameters()[rule.other], *alternatives(case, rule.other)]
            if value not in rule.values
        ]
        assert outside, rule
        before = observe(case, **{rule.other: outside[0]})
        for value in alternatives(case, rule.parameter):
            assert before.same(observe(case, **{rule.other: outside[0], rule.parameter: value})), (rule, value)


def test_weights_survive_saving(case: Case) -> None:
    trained, fresh = case.build(seed=3).eval(), case.build(seed=4).eval()
    fresh.load_state_dict(trained.state_dict(), strict=True)
    assert torch.equal(told(trained(*case.inputs())), told(fresh(*case.inputs())))


def test_gradients_reach_every_trainable_weight(case: Case) -> None:
    given = {"trainable": True} if "trainable" in case.component.parameters.model_fields else {}
    module = case.build(**given)
    answers = told(module(*case.inputs()))
    if not any(weight.requires_grad for weight in module.parameters()):
        assert not answers.requires_grad
        return
    (answers * torch.randn(answers.shape, generator=torch.Generator().manual_seed(1))).sum().backward()
    for name, weight in module.named_parameters():
        assert weight.requires_grad, name
        assert weight.grad is not None, name
        assert weight.grad.isfinite().all(), name
        # Attention does not depend on a constant added to all keys: that gradient is zero by its nature.
        assert weight.grad.abs().max() > 0 or name.endswith("key.bias"), name


def test_a_few_steps_lower_the_loss(case: Case) -> None:
    # Chance would hide what a few steps do.
    module = case.build(**{"dropout": 0.0} if "dropout" in case.component.parameters.model_fields else {})
    answers = told(module(*case.inputs()))
    head = nn.Linear(answers.flatten(1).shape[1], 1) if answers.dim() > 1 else nn.Identity()
    weights = [each for each in (*module.parameters(), *head.parameters()) if each.requires_grad]
    targets = torch.randn(ROWS, generator=torch.Generator().manual_seed(2))
    losses: list[float] = []
    for _ in range(12):
        seen = told(module(*case.inputs()))
        loss = (head(seen.flatten(1) if seen.dim() > 1 else seen).reshape(ROWS) - targets).square().mean()
        losses.append(loss.item())
        gradients = torch.autograd.grad(loss, weights)
        # Steps of one length: sums over tokens and single values differ in scale by orders of magnitude.
        size = 0.02 / torch.stack([gradient.norm() for gradient in gradients]).norm()
        for weight, gradient in zip(weights, gradients, strict=True):
            weight.data -= size * gradient
    assert losses[-1] < losses[0]


def test_figures_are_told_without_memory(case: Case) -> None:
    with torch.device("meta"):
        told: Any = case.build()
    built: Any = case.build()
    assert all(weight.is_meta for weight in told.parameters())
    assert {name: weight.shape for name, weight in told.named_parameters()} == {
        name: weight.shape for name, weight in built.named_parameters()
    }
    if case.component.kind == "encoder":
        assert list(told.widths) == list(built.widths)

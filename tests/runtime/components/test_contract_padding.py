"""What every encoder promises of groups of features, of padding and of texts without tokens."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from .contract_cases import RAGGED, ROWS, WORDS, Case, member
from .contract_seen import told
from .contract_values import varied


@pytest.mark.parametrize("training", [False, True], ids=["evaluation", "training"])
def test_a_group_of_two_is_two_groups_of_one(case: Case, training: bool) -> None:
    if case.component.fusion is None:
        return
    members = [member("first"), member("second one.", WORDS - 1)]
    keys = {case.component.fusion(case.parameters(), each.facts) for each in members}
    assert len(keys) == 1
    (values,) = case.inputs(features=2)
    for given in varied(case):
        group: Any = case.build(members=members, **given).train(training)
        alone = [case.build(members=[each], **given).train(training) for each in members]
        assert len(group.widths) == 2
        # As they start, each feature from a seed of its own; then with other weights, copied to each one's own module.
        for _ in range(2):
            shares = values.chunk(2, dim=1)
            apart = torch.cat([each(share) for each, share in zip(alone, shares, strict=True)], dim=1)
            torch.testing.assert_close(group(values), apart, atol=1e-6, rtol=1e-5, msg=f"{given}")
            change(group)
            share_out(group, alone)


def change(module: nn.Module) -> None:
    chance = torch.Generator().manual_seed(8)
    for weight in module.parameters():
        weight.data += torch.randn(weight.shape, generator=chance)


def share_out(group: nn.Module, alone: list[nn.Module]) -> None:
    """Copy a group's weights to modules of one feature each: their first axis holds one feature after the other."""
    for name, weight in group.named_parameters():
        parts = [each.get_parameter(name) for each in alone]
        for part, share in zip(parts, weight.data.split([len(each) for each in parts]), strict=True):
            part.data.copy_(share)


@pytest.mark.parametrize("training", [False, True], ids=["evaluation", "training"])
def test_padding_changes_nothing(case: Case, training: bool) -> None:
    if case.component.kind != "encoder" or case.feature not in RAGGED:
        return
    values, lengths = case.inputs()
    still = {name: 0.0 for name in case.component.parameters.model_fields if "dropout" in name or "pdrop" in name}
    widened = torch.cat([values, torch.full((ROWS, 5), 3)], dim=1)
    for row, length in enumerate(lengths):
        widened[row, length:] = 4  # padding may hold any id: only the lengths count
    for given in varied(case):
        module = case.build(**{**still, **given}).train(training)
        answers = told(module(values, lengths))
        torch.testing.assert_close(told(module(widened, lengths)), answers, atol=1e-5, rtol=1e-4, msg=f"{given}")


def test_texts_without_tokens_give_finite_answers(case: Case) -> None:
    if case.component.kind != "encoder" or case.feature not in RAGGED:
        return
    values, lengths = case.inputs()
    for given in varied(case):
        module = case.build(**given)
        some = told(module.eval()(values, lengths * (torch.arange(ROWS) > 2)))
        whole = told(module(values, lengths))
        assert some.isfinite().all(), given
        torch.testing.assert_close(some[3:], whole[3:], atol=1e-5, rtol=1e-4)
        none = told(module(values[:, :0], torch.zeros(ROWS, dtype=torch.int64)))
        torch.testing.assert_close(none, some[:1].expand_as(none), atol=1e-5, rtol=1e-4)

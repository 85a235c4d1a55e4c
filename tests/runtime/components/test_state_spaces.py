"""The scans of the state spaces against their definition, token by token, with gradients; across the parts' borders."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from declml.components.encoders.selective_scan import head_scan, selective_scan


def by_hand(kept: Tensor, added: Tensor, out_of: Tensor) -> Tensor:
    """Return ``C_t h_t`` of ``h_t = kept_t h_(t-1) + added_t``: ``(batch, token, width, state)`` each."""
    state = torch.zeros_like(added[:, 0])
    answers: list[Tensor] = []
    for token in range(added.shape[1]):
        state = kept[:, token] * state + added[:, token]
        answers.append((state * out_of[:, token].unsqueeze(1)).sum(-1))
    return torch.stack(answers, dim=1)


@pytest.mark.parametrize("tokens", [1, 5, 32, 70])
def test_the_selective_scan_is_its_definition(tokens: int) -> None:
    torch.manual_seed(tokens)
    steps = torch.rand(3, tokens, 4, dtype=torch.float64)
    parts = [torch.randn(3, tokens, 5, dtype=torch.float64) for _ in range(2)]
    values = torch.randn(3, tokens, 4, dtype=torch.float64)
    decays = -torch.rand(4, 5, dtype=torch.float64)
    leaves = [each.requires_grad_() for each in (steps, decays, *parts, values)]
    found = selective_scan(*leaves)
    kept = (steps.unsqueeze(-1) * decays).exp()
    added = (steps * values).unsqueeze(-1) * parts[0].unsqueeze(2)
    wanted = by_hand(kept, added, parts[1])
    torch.testing.assert_close(found, wanted)
    weights = torch.randn_like(wanted)
    ours = torch.autograd.grad((found * weights).sum(), leaves)
    theirs = torch.autograd.grad((wanted * weights).sum(), leaves)
    for one, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize("tokens", [1, 7, 64, 150])
def test_the_scan_of_heads_is_its_definition(tokens: int) -> None:
    torch.manual_seed(tokens)
    decays = -torch.rand(2, tokens, 3, dtype=torch.float64)
    into, out_of = (torch.randn(2, tokens, 5, dtype=torch.float64) for _ in range(2))
    values = torch.randn(2, tokens, 3, 4, dtype=torch.float64)
    state = torch.zeros(2, 3, 4, 5, dtype=torch.float64)
    wanted: list[Tensor] = []
    for token in range(tokens):
        state = decays[:, token].exp()[..., None, None] * state + values[:, token].unsqueeze(-1) * into[:, token].view(
            2, 1, 1, 5
        )
        wanted.append((state * out_of[:, token].view(2, 1, 1, 5)).sum(-1))
    torch.testing.assert_close(head_scan(decays, into, out_of, values), torch.stack(wanted, dim=1))

"""Selective state spaces: states that decay and take in tokens at rates that the tokens themselves choose.

Gu and Dao: Mamba (2023, arXiv:2312.00752), algorithm 2; Dao and Gu: Transformers are SSMs (2024, arXiv:2405.21060),
section 6. Plain PyTorch: the first is a scan token by token over large products, which on a CPU takes several times
what an lstm does; the second is a few matrix products for each 64 tokens.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

_SCANNED_TOGETHER = 32  # tokens whose states are in memory at once in training
_MULTIPLIED_TOGETHER = 64  # tokens


def selective_scan(steps: Tensor, decays: Tensor, into: Tensor, out_of: Tensor, values: Tensor) -> Tensor:
    """Return ``y_t = C_t h_t`` of ``h_t = exp(step_t * decay) h_(t-1) + step_t B_t x_t``.

    ``steps`` and ``values`` are ``(batch, token, width)``, ``decays`` ``(width, state)`` and negative, ``into`` and
    ``out_of`` (B and C) ``(batch, token, state)``; the answer is ``(batch, token, width)``. In training the states of
    each 32 tokens are made again for the gradient, so that memory holds those of 32 tokens and not of all.
    """
    state = values.new_zeros(len(values), *decays.shape)
    answers: list[Tensor] = []
    parts = zip(
        *(each.split(_SCANNED_TOGETHER, dim=1) for each in (steps, into, out_of, values)),
        strict=True,
    )
    is_long = values.shape[1] > _SCANNED_TOGETHER and values.requires_grad
    for step, taken, read, own in parts:
        if is_long:
            answer, state = checkpoint(_scan_part, state, step, decays, taken, read, own, use_reentrant=False)  # pyright: ignore[reportGeneralTypeIssues] - torch does not say what it returns
        else:
            answer, state = _scan_part(state, step, decays, taken, read, own)
        answers.append(answer)
    return torch.cat(answers, dim=1)


def _scan_part(
    state: Tensor, steps: Tensor, decays: Tensor, into: Tensor, out_of: Tensor, values: Tensor
) -> tuple[Tensor, Tensor]:
    """Return the answers of some tokens and the state behind the last."""
    steps = steps.transpose(0, 1)  # (token, batch, width): each token's numbers side by side in memory
    kept = (steps.unsqueeze(-1) * decays).exp()  # (token, batch, width, state)
    added = (steps * values.transpose(0, 1)).unsqueeze(-1) * into.transpose(0, 1).unsqueeze(2)
    states: Tensor = _Scan.apply(kept, added, state)  # pyright: ignore[reportAssignmentType, reportUnknownMemberType] - torch types no autograd function
    return torch.einsum("tbws,bts->btw", states, out_of), states[-1]


class _Scan(torch.autograd.Function):
    """``h_t = kept_t * h_(t-1) + added_t`` for all tokens: ``(token, ...)`` -> the same, with one pass each way."""

    @staticmethod
    def forward(ctx: Any, *tensors: Tensor) -> Tensor:
        kept, added, start = tensors
        states = torch.empty_like(added)
        state = start
        for token in range(len(added)):
            state = torch.addcmul(added[token], kept[token], state, out=states[token])
        ctx.save_for_backward(kept, states, start)
        return states

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        kept, states, start = ctx.saved_tensors
        (gradients,) = grads
        found = torch.empty_like(states)
        carried = torch.zeros_like(start)
        for token in range(len(states) - 1, -1, -1):
            torch.add(gradients[token], carried, out=found[token])
            carried = kept[token] * found[token]
        of_kept = torch.empty_like(found)
        torch.mul(found[1:], states[:-1], out=of_kept[1:])
        torch.mul(found[0], start, out=of_kept[0])
        return of_kept, found, carried


def head_scan(decays: Tensor, into: Tensor, out_of: Tensor, values: Tensor) -> Tensor:
    """Return ``y_t = C_t h_t`` of ``h_t = exp(decay_t) h_(t-1) + B_t x_t``, one decay for each head.

    ``decays`` is ``(batch, token, head)`` and not positive, ``into`` and ``out_of`` (B and C) are ``(batch, token,
    state)``, ``values`` ``(batch, token, head, width)``; the answer has the shape of ``values``.
    """
    batch, _, heads, width = values.shape
    state = values.new_zeros(batch, heads, into.shape[-1], width)
    answers: list[Tensor] = []
    for decay, taken, read, own in zip(
        *(each.split(_MULTIPLIED_TOGETHER, dim=1) for each in (decays, into, out_of, values)), strict=True
    ):
        total = decay.cumsum(1).transpose(1, 2)  # (batch, head, token)
        count = total.shape[-1]
        later = torch.ones(count, count, dtype=torch.bool, device=own.device).triu(1)
        kept = (total.unsqueeze(-1) - total.unsqueeze(-2)).masked_fill(later, float("-inf")).exp()
        alike = read @ taken.transpose(1, 2)  # (batch, token, token)
        mine = own.transpose(1, 2)  # (batch, head, token, width)
        inside = (kept * alike.unsqueeze(1)) @ mine
        before = total.exp().unsqueeze(-1) * (read.unsqueeze(1) @ state)
        answers.append((inside + before).transpose(1, 2))
        left = (total[..., -1:] - total).exp().unsqueeze(-1)  # (batch, head, token, 1)
        state = total[..., -1:, None].exp() * state + taken.transpose(1, 2).unsqueeze(1) @ (left * mine)
    return torch.cat(answers, dim=1)


class CausalConvolution(nn.Module):
    """A convolution of each value alone over the tokens up to each: ``(batch, token, width)`` -> the same."""

    def __init__(self, width: int, size: int) -> None:
        super().__init__()
        self.convolution = nn.Conv1d(width, width, size, groups=width, padding=size - 1)

    def forward(self, hidden: Tensor) -> Tensor:
        """As above."""
        return self.convolution(hidden.transpose(1, 2))[..., : hidden.shape[1]].transpose(1, 2)

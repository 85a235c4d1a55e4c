"""The blocks of ``mamba``, ``mamba2`` and ``jamba``, and what a config may say of all three."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeAlias

import torch
from torch import Tensor, nn

from declml.components.dense_stack import Linear
from declml.components.dropout import Dropout
from declml.components.encoders.selective_scan import CausalConvolution, head_scan, selective_scan
from declml.components.encoders.sequence_parts import TokenParameters
from declml.components.layer_list import MOST_LAYERS
from declml.components.token_states import PLANNED_REDUCTIONS, ReduceOutput
from declml_schema.declare import parameter

MakeLinear: TypeAlias = Callable[[int, int], Linear]

_SHORTEST, _LONGEST = 0.001, 0.1  # the steps as they start, in the papers' unit
_STATE = 64  # of a head of mamba2


class StateSpaceParameters(TokenParameters):
    """What a config may say of an encoder of selective state spaces."""

    d_model: int = parameter(
        256, "The width of each token's vector between the layers; wider learns more.", ge=1, unit="values", common=True
    )
    n_layers: int = parameter(
        4, "How many layers stand on each other; more follow longer thoughts and cost as much each.", ge=1,
        le=MOST_LAYERS, common=True,
    )  # fmt: skip
    d_conv: int = parameter(4, "How many tokens up to its own each token is mixed with first.", ge=1, unit="tokens")
    expand_factor: int = parameter(2, "How many times as wide a layer is inside.", ge=1, le=16)
    dropout: float = parameter(
        0.1, "The share of values set to zero at random in training, in the token vectors and behind each layer.", ge=0,
        lt=1, common=True,
    )  # fmt: skip
    reduce_output: ReduceOutput = parameter(
        "mean",
        "How the vectors of all tokens become one; last has read the whole text, mean sees it more evenly.",
        planned=PLANNED_REDUCTIONS,
        common=True,
    )


class MambaBlock(nn.Module):
    """One layer of Mamba, added to what came in: ``(batch, token, width)`` -> the same."""

    def __init__(self, width: int, *, state: int, conv: int, expand: int, dropout: float, linear: MakeLinear) -> None:
        super().__init__()
        inner, rank = width * expand, math.ceil(width / 16)
        self._shares = [rank, state, state]
        self.norm = nn.RMSNorm(width)
        self.enter = linear(width, 2 * inner)
        self.convolution = CausalConvolution(inner, conv)
        self.choose = nn.Linear(inner, sum(self._shares), bias=False)
        self.steps = nn.Linear(rank, inner)
        self.steps.bias.data.copy_(_first_steps(inner))
        self.log_decays = nn.Parameter(torch.arange(1.0, state + 1).log().repeat(inner, 1))
        self.past = nn.Parameter(torch.ones(inner))
        self.leave = linear(inner, width)
        self.dropout = Dropout(dropout)

    def forward(self, hidden: Tensor) -> Tensor:
        """As above."""
        values, gates = self.enter(self.norm(hidden)).chunk(2, dim=-1)
        values = nn.functional.silu(self.convolution(values))
        ranks, into, out_of = self.choose(values).split(self._shares, dim=-1)
        steps = nn.functional.softplus(self.steps(ranks))
        answers = selective_scan(steps, -self.log_decays.exp(), into, out_of, values) + self.past * values
        return hidden + self.dropout(self.leave(answers * nn.functional.silu(gates)))


class Mamba2Block(nn.Module):
    """One layer of Mamba 2, added to what came in: ``(batch, token, width)`` -> the same."""

    def __init__(self, width: int, *, heads: int, conv: int, expand: int, dropout: float, linear: MakeLinear) -> None:
        super().__init__()
        inner = width * expand
        self._heads = heads
        self._shares = [inner, inner + 2 * _STATE, heads]
        self._inner_shares = [inner, _STATE, _STATE]
        self.norm = nn.RMSNorm(width)
        self.enter = linear(width, sum(self._shares))
        self.convolution = CausalConvolution(inner + 2 * _STATE, conv)
        self.first_steps = nn.Parameter(_first_steps(heads))
        self.log_decays = nn.Parameter(torch.empty(heads).uniform_(1, 16).log())
        self.past = nn.Parameter(torch.ones(heads))
        self.after = nn.RMSNorm(inner)
        self.leave = linear(inner, width)
        self.dropout = Dropout(dropout)

    def forward(self, hidden: Tensor) -> Tensor:
        """As above."""
        gates, mixed, steps = self.enter(self.norm(hidden)).split(self._shares, dim=-1)
        mixed = nn.functional.silu(self.convolution(mixed))
        values, into, out_of = mixed.split(self._inner_shares, dim=-1)
        values = values.unflatten(-1, (self._heads, -1))  # (batch, token, head, width)
        steps = nn.functional.softplus(steps + self.first_steps)
        answers = head_scan(-self.log_decays.exp() * steps, into, out_of, values * steps.unsqueeze(-1))
        answers = (answers + self.past.unsqueeze(-1) * values).flatten(-2)
        return hidden + self.dropout(self.leave(self.after(answers * nn.functional.silu(gates))))


def _first_steps(count: int) -> Tensor:
    """Return biases whose softplus is spread from the shortest to the longest step on a log scale."""
    steps = torch.exp(torch.rand(count) * math.log(_LONGEST / _SHORTEST) + math.log(_SHORTEST))
    return steps + torch.log(-torch.expm1(-steps))

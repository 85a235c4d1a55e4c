"""Recurrent cells read step by step: functions and a dropout inside the cell that torch's fused layers do not have."""

from __future__ import annotations

from typing import Literal, TypeAlias

import torch
from torch import Tensor, nn

from declml.components.activations import PLANNED_ACTIVATIONS, Activation, activation_layer
from declml.components.dropout import Dropout
from declml_schema.declare import Parameters, Rule, parameter

CellType: TypeAlias = Literal["rnn", "lstm", "gru"]

GATES: dict[CellType, int] = {"rnn": 1, "lstm": 4, "gru": 3}
"""How many linear maps of the state's width a cell has."""


class CellParameters(Parameters):
    """What a config may say of the inside of a recurrent cell."""

    activation: Activation | None = parameter(
        "tanh",
        "The function of a cell's new values; any but tanh, or relu in an rnn, reads token by token, which is slower,"
        " most of all on a GPU.",
        planned=PLANNED_ACTIVATIONS,
    )
    recurrent_activation: Activation | None = parameter(
        "sigmoid",
        "The function of the gates of an lstm or a gru; any but sigmoid reads token by token, which is slower, most of"
        " all on a GPU.",
        planned=PLANNED_ACTIVATIONS,
    )
    recurrent_dropout: float = parameter(
        0.0,
        "The share of the state's values that a row does without in training, the same ones at all tokens; training is"
        " slower with it, most of all on a GPU.",
        ge=0,
        lt=1,
    )


GATES_RULE = Rule("ignored-unless", "recurrent_activation", "cell_type", ("lstm", "gru"), "An rnn has no gates.")


class Cell(nn.Module):
    """One direction of one recurrent layer: torch's own where it has the functions, else a loop over the tokens.

    The dropout is that of Gal and Ghahramani (2016, arXiv:1512.05287): a row does without the same values of the state
    at every step. The weights are those of torch's layer either way. On a CPU the loop took 1.0 to 1.3 times as long
    (``tests/benchmarks/recurrent_cells.py``).
    Shape: ``(batch, token, in)`` -> ``(batch, token, state)``.
    """

    def __init__(
        self,
        cell_type: CellType,
        *,
        activation: Activation | None,
        recurrent_activation: Activation | None,
        recurrent_dropout: float,
    ) -> None:
        super().__init__()
        self._type: CellType = cell_type
        self._has_fused = activation == "tanh" or (cell_type == "rnn" and activation == "relu")
        self.activation = self.recurrent_activation = None
        if cell_type != "rnn" and recurrent_activation != "sigmoid":
            self._has_fused = False
        if not self._has_fused or recurrent_dropout:
            self.activation = activation_layer(activation)
            self.recurrent_activation = None if cell_type == "rnn" else activation_layer(recurrent_activation)
        self.dropout = Dropout(recurrent_dropout)

    def forward(self, layer: nn.RNNBase, hidden: Tensor) -> Tensor:
        """As above, with the weights of a ``layer`` of one direction."""
        if self._has_fused and not (self.training and self.dropout.share):
            return layer(hidden)[0]
        return self._step_by_step(layer, hidden)

    def _step_by_step(self, layer: nn.RNNBase, hidden: Tensor) -> Tensor:
        assert self.activation is not None
        weights = dict(layer.named_parameters())
        entering = nn.functional.linear(hidden, weights["weight_ih_l0"], weights.get("bias_ih_l0"))
        carry, bias = weights["weight_hh_l0"], weights.get("bias_hh_l0")
        state = hidden.new_zeros(len(hidden), layer.hidden_size)
        memory = state  # of an lstm: what its output gate lets out becomes the state
        kept = self.dropout(torch.ones_like(state)) if self.training and self.dropout.share else None
        states: list[Tensor] = []
        for entered in entering.unbind(1):  # (batch, gates * state)
            carried = nn.functional.linear(state if kept is None else state * kept, carry, bias)
            if self._type == "rnn":
                state = self.activation(entered + carried)
            elif self._type == "lstm":
                state, memory = self._lstm(entered + carried, memory)
            else:
                state = self._gru(entered, carried, state)
            states.append(state)
        return torch.stack(states, dim=1)

    def _lstm(self, gates: Tensor, memory: Tensor) -> tuple[Tensor, Tensor]:
        assert self.activation is not None and self.recurrent_activation is not None
        enter, keep, new, leave = gates.chunk(4, dim=-1)
        memory = self.recurrent_activation(keep) * memory + self.recurrent_activation(enter) * self.activation(new)
        return self.recurrent_activation(leave) * self.activation(memory), memory

    def _gru(self, entered: Tensor, carried: Tensor, state: Tensor) -> Tensor:
        assert self.activation is not None and self.recurrent_activation is not None
        reset, keep, new = entered.chunk(3, dim=-1)
        carried_reset, carried_keep, carried_new = carried.chunk(3, dim=-1)
        keep = self.recurrent_activation(keep + carried_keep)
        new = self.activation(new + self.recurrent_activation(reset + carried_reset) * carried_new)
        return keep * state + (1 - keep) * new

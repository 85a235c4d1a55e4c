"""Recurrent cells read step by step: the same as torch's where both can, Keras's where only they can."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from declml.components.encoders.recurrent_cells import Cell, CellType

MAKE: dict[CellType, Any] = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}


def layer_and_tokens(cell_type: CellType, **given: Any) -> tuple[Any, Tensor]:
    torch.manual_seed(2)
    return MAKE[cell_type](3, 4, batch_first=True, **given), torch.randn(5, 6, 3)


def cell(cell_type: CellType, **given: Any) -> Cell:
    return Cell(
        cell_type,
        **{"activation": "tanh", "recurrent_activation": "sigmoid", "recurrent_dropout": 0.0, **given},
    )


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("cell_type", MAKE)
def test_the_loop_over_tokens_is_torchs_layer(cell_type: CellType, bias: bool) -> None:
    layer, tokens = layer_and_tokens(cell_type, bias=bias)
    # A share this small drops nothing of so few values, and asks for the loop all the same.
    loop = cell(cell_type, recurrent_dropout=1e-9).train()
    torch.testing.assert_close(loop(layer, tokens), layer(tokens)[0])
    assert torch.equal(loop.eval()(layer, tokens), layer(tokens)[0])


def test_an_rnn_has_relu_in_torch_too() -> None:
    layer, tokens = layer_and_tokens("rnn", nonlinearity="relu")
    loop = cell("rnn", activation="relu", recurrent_dropout=1e-9).train()
    torch.testing.assert_close(loop(layer, tokens), cell("rnn", activation="relu")(layer, tokens))


def test_functions_stand_where_keras_has_them() -> None:
    lstm, tokens = layer_and_tokens("lstm")
    answers = cell("lstm", activation="relu", recurrent_activation="hardsigmoid")(lstm, tokens)
    state = memory = torch.zeros(5, 4)
    for index, token in enumerate(tokens.unbind(1)):
        gates = (token @ lstm.weight_ih_l0.T + state @ lstm.weight_hh_l0.T + lstm.bias_ih_l0 + lstm.bias_hh_l0).chunk(
            4, dim=1
        )
        enter, keep, leave = (nn.functional.hardsigmoid(gates[gate]) for gate in (0, 1, 3))
        memory = keep * memory + enter * gates[2].relu()
        state = leave * memory.relu()
        torch.testing.assert_close(answers[:, index], state)


@pytest.mark.parametrize("cell_type", MAKE)
def test_dropped_values_of_the_state_stay_dropped(cell_type: CellType) -> None:
    layer, tokens = layer_and_tokens(cell_type)
    loop = cell(cell_type, recurrent_dropout=0.5).train()
    torch.default_generator.manual_seed(8)
    answers = loop(layer, tokens)
    torch.default_generator.manual_seed(8)
    kept = loop.dropout(torch.ones(5, 4))
    assert set(kept.unique().tolist()) == {0.0, 2.0}
    for row in range(5):
        masked, _ = layer_and_tokens(cell_type)
        # A value of the state that is dropped at every step is one whose weights are 0, and a kept one's are doubled.
        masked.weight_hh_l0.data *= kept[row]
        torch.testing.assert_close(answers[row], masked(tokens[row : row + 1])[0][0])

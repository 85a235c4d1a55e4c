"""What the loop of a recurrent cell costs against torch's fused layer, forwards and backwards, by turns (A B A B ...).

By hand: ``python tests/benchmarks/recurrent_cells.py --rows 128 --tokens 50 --width 256``, and ``--device cuda`` where
there is one. A cell reads token by token where a config sets ``recurrent_dropout``, or an ``activation`` or
``recurrent_activation`` other than those of torch's layer. All sides have the same weights; that the loop gives the
answers of the fused layer is checked before anything is measured.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import cast, get_args

import torch
from side_by_side import Comparison, in_turns, tell_json
from torch import Tensor, nn

from declml.components.activations import Activation
from declml.components.encoders.recurrent_cells import Cell, CellType

LAYERS: dict[CellType, type[nn.RNNBase]] = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}


def cell(cell_type: CellType, *, activation: Activation = "tanh", recurrent_dropout: float = 0.0) -> Cell:
    return Cell(
        cell_type,
        activation=activation,
        recurrent_activation="sigmoid",
        recurrent_dropout=recurrent_dropout,
    )


def pass_of(read: Callable[[Tensor], Tensor], layer: nn.Module, values: Tensor) -> Callable[[], float]:
    """Return what takes the milliseconds of one pass forwards and backwards: on a CPU those of the processor."""
    clock = time.perf_counter if values.is_cuda else time.process_time

    def measure() -> float:
        layer.zero_grad()
        began = clock()
        read(values).square().mean().backward()
        if values.is_cuda:
            torch.cuda.synchronize()
        return 1000 * (clock() - began)

    return measure


def compare(cell_type: CellType, options: argparse.Namespace) -> Comparison:
    torch.manual_seed(1)
    layer = LAYERS[cell_type](options.width, options.width, batch_first=True).to(options.device)
    values = torch.randn(options.rows, options.tokens, options.width, device=options.device)
    dropped = cell(cell_type, recurrent_dropout=0.1).to(options.device)
    other = cell(cell_type, activation="elu").to(options.device)
    check(cell_type, layer, values)
    return in_turns(
        f"{cell_type}, {options.rows} rows of {options.tokens} tokens, width {options.width}, {options.device}",
        "ms",
        {
            "torch's fused layer": pass_of(lambda each: layer(each)[0], layer, values),
            "recurrent_dropout: 0.1": pass_of(lambda each: dropped(layer, each), layer, values),
            "activation: elu": pass_of(lambda each: other(layer, each), layer, values),
        },
        rounds=options.rounds,
    )


def check(cell_type: CellType, layer: nn.RNNBase, values: Tensor) -> None:
    """Refuse to measure a loop that does something else than the fused layer."""
    # A dropout that leaves out next to nothing makes the cell read token by token.
    looping = cell(cell_type, recurrent_dropout=1e-9).to(values.device).train()
    torch.testing.assert_close(looping(layer, values), layer(values)[0], atol=1e-4, rtol=1e-3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=128)
    parser.add_argument("--tokens", type=int, default=50)
    parser.add_argument("--width", type=int, default=256)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=20)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    comparisons = [compare(cast("CellType", each), options) for each in get_args(CellType)]
    tell_json(comparisons, "torch", threads=options.threads, device=options.device)


if __name__ == "__main__":
    main()

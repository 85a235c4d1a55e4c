"""What dropout costs on a CPU: ours against torch's, forwards and backwards, by turns (A B A B ...).

By hand: ``python tests/benchmarks/dropout.py``. The values are those of a layer of the default network: 512 rows, 8
networks, 128 wide.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor, nn

from declml.components.dropout import Dropout

SHARE = 0.1


def seconds(layer: Callable[[Tensor], Tensor], values: Tensor) -> float:
    """Return the CPU seconds of one pass forwards and backwards."""
    began = time.process_time()
    layer(values).sum().backward()
    return time.process_time() - began


def main() -> None:
    """Print the median of each side and of the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=50)
    rounds = parser.parse_args().rounds
    torch.set_num_threads(1)
    values = torch.randn(512, 8, 128, requires_grad=True)
    pairs = [(seconds(nn.Dropout(SHARE), values), seconds(Dropout(SHARE), values)) for _ in range(rounds)]
    theirs, ours = (statistics.median(side) * 1e3 for side in zip(*pairs, strict=True))
    ratio = statistics.median(first / second for first, second in pairs)
    print(f"torch {theirs:.2f} ms  ours {ours:.2f} ms  torch / ours {ratio:.2f}")


if __name__ == "__main__":
    main()

"""Encoders that do not train give each row the same answer in every epoch: compute it once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from declml.contracts import TokenStates
from declml.model.assemble import Network


class RowSource(Protocol):
    """Rows of one group: their number, how many tokens each has, and those of some rows as the encoder takes them."""

    @property
    def rows(self) -> int:
        """The number of rows."""
        ...

    def lengths(self) -> Tensor | None:
        """Return the tokens of each row, ``(row,)``."""
        ...

    def take(self, rows: Tensor) -> tuple[Tensor, Tensor | None]:
        """Return the values of ``rows`` and their lengths."""
        ...


def encoder_hash(network: Network, group: int) -> str:
    """Return the SHA-256 of a group's encoder: its structure and all of its weights."""
    encoder = network.encoders[group]
    digest = hashlib.sha256(repr(encoder).encode())
    for name, tensor in sorted(encoder.state_dict().items()):
        if isinstance(tensor, Tensor):
            flat = tensor.detach().cpu().contiguous().reshape(-1)
            digest.update(name.encode())
            digest.update(flat.view(torch.uint8).numpy().tobytes() if flat.numel() else b"")
    return digest.hexdigest()


@torch.no_grad()
def encode_rows(
    network: Network, group: int, source: RowSource, *, batch_size: int, progress: Callable[[int, int], None]
) -> np.ndarray:
    """Return the encoded values of all rows, float32 ``(row, width)``; rows of like length are computed together."""
    encoder = network.encoders[group]
    was_training = encoder.training
    encoder.eval()
    device = next((each.device for each in encoder.parameters()), torch.device("cpu"))
    lengths = source.lengths()
    order = torch.arange(source.rows) if lengths is None else torch.argsort(lengths.cpu(), descending=True, stable=True)
    answer: np.ndarray | None = None
    done = 0
    for rows in order.split(batch_size):
        values, sizes = source.take(rows)
        states = network.encode(group, values.to(device), None if sizes is None else sizes.to(device))
        assert not isinstance(states, TokenStates), "one that keeps tokens does not count as frozen"
        encoded = states.float().cpu()
        if answer is None:
            answer = np.empty((source.rows, encoded.shape[1]), dtype=np.float32)
        answer[rows.numpy()] = encoded.numpy()
        done += len(rows)
        progress(done, source.rows)
    encoder.train(was_training)
    return answer if answer is not None else np.empty((0, 0), dtype=np.float32)

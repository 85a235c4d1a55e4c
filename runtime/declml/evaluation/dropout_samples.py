"""How uncertain answers are, told by how they differ with dropout on (Gal and Ghahramani, 2016)."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import nn

from declml.contracts import Model, Rows
from declml.evaluation.evaluate import Answers, OutputSpec, Predictions, predict


def drops(module: nn.Module) -> bool:
    """Return whether any layer of ``module`` sets values to zero in training, so that samples can differ."""
    return bool(_dropping(module))


def spread(
    model: Model,
    batches: Rows,
    output: OutputSpec,
    predictions: Predictions,
    *,
    samples: int,
    batch_size: int,
    seed: int,
) -> np.ndarray:
    """Return how far the probability of each row's answer strays, ``(row,)`` float64: its standard deviation.

    Each of ``samples`` passes draws its own dropout from ``seed``; ``predictions`` are those without any. All else is
    as in an evaluation, and the random state of the caller is left as it was.
    """
    plain = predictions.outputs[output.name]
    assert isinstance(plain, Answers), "only answers of classes have a probability"
    best = None if plain.scores.ndim == 1 else plain.scores.argmax(dim=1).numpy()
    total, squares = np.zeros(predictions.rows), np.zeros(predictions.rows)
    devices = {weight.device.index or 0 for weight in model.module.parameters() if weight.device.type == "cuda"}
    with torch.random.fork_rng(devices=sorted(devices)), _dropping_always(model.module):
        torch.manual_seed(seed)
        for _ in range(samples):
            answers: Any = predict(model, batches, [output], batch_size=batch_size).outputs[output.name]
            scores = answers.scores.numpy()
            chosen = scores if best is None else scores[np.arange(len(best)), best]
            total += chosen
            squares += chosen**2
    return np.sqrt(np.maximum(squares / samples - (total / samples) ** 2, 0))


def _dropping(module: nn.Module) -> Sequence[nn.Module]:
    """Return the layers that drop values: torch's own and those of our own, which tell the share as ``share``."""
    return [
        part
        for part in module.modules()
        if "Dropout" in type(part).__name__ and float(getattr(part, "p", getattr(part, "share", 0.0))) > 0
    ]


@contextmanager
def _dropping_always(module: nn.Module) -> Generator[None]:
    """Let the layers that drop values do so whatever mode the network is in."""
    parts = _dropping(module)
    handles = [part.register_forward_pre_hook(_into_training) for part in parts]
    handles += [part.register_forward_hook(_out_of_training) for part in parts]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _into_training(part: nn.Module, _inputs: Any) -> None:
    part.training = True


def _out_of_training(part: nn.Module, _inputs: Any, _answer: Any) -> None:
    part.training = False

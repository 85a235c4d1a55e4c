"""The training loss as it goes: kept on the device, read only when someone looks, the same however often."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from declml.errors import UserProblem

_CAPACITY = 512  # batches between forced reads: a read waits for the device


class LossLedger:
    """Adds up the losses of batches, weighted by their rows, without waiting for the device at each step.

    Losses lie in a buffer on the device until `read` fetches them in one go. They are added one by one in the order of
    the batches, so that the sums do not depend on when that happened: a watched or resumed run has the same bits.
    """

    def __init__(self, outputs: Sequence[str], weights: Sequence[float], device: torch.device) -> None:
        self._outputs = list(outputs)
        self._weights = list(weights)
        self._buffer = torch.zeros((_CAPACITY, len(self._outputs)), device=device)
        self._slots = [list(row.unbind()) for row in self._buffer.unbind()]
        self._pending: list[tuple[int, int]] = []  # (step, rows) of each slot in use
        self._sums = [0.0] * len(self._outputs)
        self._rows = 0
        self._recent_sum = 0.0
        self._recent_rows = 0

    def add(self, losses: Sequence[Tensor], *, rows: int, step: int) -> None:
        """Take each output's loss, scalars on the device, of a batch of ``rows`` rows in optimizer step ``step``."""
        if len(self._pending) == _CAPACITY:
            self.read()
        for slot, loss in zip(self._slots[len(self._pending)], losses, strict=True):
            slot.copy_(loss.detach())
        self._pending.append((step, rows))

    def read(self) -> None:
        """Fetch what lies on the device. Raises `UserProblem` naming the first step whose loss is not finite."""
        if not self._pending:
            return
        values = self._buffer[: len(self._pending)].tolist()
        pending, self._pending = self._pending, []
        for (step, rows), losses in zip(pending, values, strict=True):
            for output, loss in zip(self._outputs, losses, strict=True):
                if not math.isfinite(loss):
                    raise loss_not_finite(f"The training loss of '{output}'", f"{loss} at step {step}")
            for index, loss in enumerate(losses):
                self._sums[index] += loss * rows
            self._rows += rows
            self._recent_sum += rows * sum(loss * weight for loss, weight in zip(losses, self._weights, strict=True))
            self._recent_rows += rows

    def recent(self) -> float:
        """Return the mean weighted loss since the last call, after a `read`."""
        mean = self._recent_sum / self._recent_rows if self._recent_rows else math.nan
        self._recent_sum, self._recent_rows = 0.0, 0
        return mean

    def means(self) -> dict[str, dict[str, float]]:
        """Return output -> ``loss`` -> mean since the last `reset`, ``combined`` the weighted sum, after a `read`."""
        means = [total / self._rows if self._rows else math.nan for total in self._sums]
        combined = sum(mean * weight for mean, weight in zip(means, self._weights, strict=True))
        return {
            "combined": {"loss": combined},
            **{output: {"loss": mean} for output, mean in zip(self._outputs, means, strict=True)},
        }

    def reset(self) -> None:
        """Begin a new mean."""
        self._sums = [0.0] * len(self._outputs)
        self._rows = 0

    def state(self) -> dict[str, Any]:
        """Return what `load` needs, after a `read`: JSON data."""
        return {"sums": self._sums, "rows": self._rows}

    def load(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state` returned."""
        self._sums, self._rows = list(state["sums"]), state["rows"]


def loss_not_finite(subject: str, got: str) -> UserProblem:
    """Return the problem of a training that diverged, with the ways out."""
    return UserProblem(
        "loss-not-finite",
        f"{subject} must be a finite number; got {got}.",
        path="trainer.learning_rate",
        hint=(
            "Lower trainer.learning_rate, set trainer.gradient_clipping.clipglobalnorm, or look for infinite and very "
            "large values in the data."
        ),
    )

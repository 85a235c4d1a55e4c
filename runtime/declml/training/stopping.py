"""Which evaluation was the best so far, and when to stop waiting for a better one."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal


@dataclass(slots=True)
class Best:
    """The best value of one metric so far. ``step`` is None until a number was seen; nan is never the best.

    Of two equal values the one with the lower ``loss`` is better: on few rows an accuracy stands still while the
    model learns.
    """

    goal: Literal["maximize", "minimize"]
    value: float = math.nan
    step: int | None = None
    rounds_since: int = 0
    loss: float = math.inf

    def offer(self, value: float, step: int, *, loss: float = math.inf) -> bool:
        """Take the value of one more evaluation, with the loss of the same rows, and return whether it is the best so
        far.
        """
        better = value > self.value if self.goal == "maximize" else value < self.value
        if better or (self.step is None and not math.isnan(value)) or (value == self.value and loss < self.loss):
            self.value, self.step, self.rounds_since, self.loss = value, step, 0, loss
            return True
        self.rounds_since += 1
        return False

    def state(self) -> dict[str, Any]:
        """Return what `load` needs: JSON data."""
        return asdict(self)

    def load(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state` returned."""
        self.value, self.step = state["value"], state["step"]
        self.rounds_since, self.loss = state["rounds_since"], state["loss"]

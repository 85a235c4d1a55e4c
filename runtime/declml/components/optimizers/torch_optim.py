"""Any optimizer of `torch.optim` behind our contract: where torch has not the kernels that we call ourselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor


class TorchOptim:
    """The optimizer ``torch.optim.<name>`` with ``options``. Making one takes seconds: it loads torch._dynamo."""

    def __init__(self, weights: Sequence[Tensor], name: str, options: Mapping[str, Any]) -> None:
        self.implementation = f"torch.optim.{name}"
        self._weights = list(weights)
        self._optimizer: torch.optim.Optimizer = getattr(torch.optim, name)(self._weights, lr=0.0, **options)

    def step(self, learning_rate: float) -> None:
        """Take one step along the gradients in ``.grad``."""
        for group in self._optimizer.param_groups:
            group["lr"] = learning_rate
        self._optimizer.step()

    def state(self) -> dict[str, Tensor]:
        """Return the tensors of torch's own state, by the place of the weight and their name there."""
        known = self._optimizer.state
        return {
            f"{index}.{name}": value
            for index, weight in enumerate(self._weights)
            if weight in known
            for name, value in known[weight].items()
            if isinstance(value, Tensor)
        }

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Go on from what `state` returned."""
        by_place: dict[int, dict[str, Tensor]] = {}
        for key, value in state.items():
            place, name = key.split(".", 1)
            by_place.setdefault(int(place), {})[name] = value
        own = self._optimizer.state_dict()
        self._optimizer.load_state_dict({"state": by_place, "param_groups": own["param_groups"]})

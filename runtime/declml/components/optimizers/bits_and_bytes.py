"""Optimizers of the package bitsandbytes behind our contract: state in 8 bits, or in memory that can leave the GPU."""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, TypeAlias

import torch
from pydantic import Field
from torch import Tensor

from declml.errors import UserProblem

FACTS = {"package": "bitsandbytes"}

Moving: TypeAlias = Annotated[float, Field(gt=0, lt=1)]
"""A momentum: bitsandbytes has none of 0."""


class BitsAndBytes:
    """The optimizer ``bitsandbytes.optim.<cls>`` with ``options``, called ``name`` in a config.

    A weight of fewer than 4,096 numbers keeps its state in 32 bits: so few gain nothing. Raises `UserProblem` at once
    where the package is not installed, so that no training begins in vain.
    """

    def __init__(self, weights: Sequence[Tensor], name: str, cls: str, options: Mapping[str, Any]) -> None:
        if importlib.util.find_spec("bitsandbytes") is None:
            raise UserProblem(
                "missing-extra",
                f"The optimizer '{name}' must have bitsandbytes to run; got an environment without that package.",
                path="trainer.optimizer.type",
                hint="Install it with: pip install 'declml[bitsandbytes]'",
            )
        self.implementation = f"bitsandbytes {cls}"
        self._weights = list(weights)
        with warnings.catch_warnings():  # it tells of what it does otherwise on a CPU, each time it is loaded
            warnings.simplefilter("ignore")
            import bitsandbytes  # here, because it takes seconds

            make = getattr(bitsandbytes.optim, cls)
            self._optimizer: Any = make(self._weights, lr=0.0, **options) if self._weights else None

    def step(self, learning_rate: float) -> None:
        """Take one step along the gradients in ``.grad``; a weight without one stays as it is."""
        if self._optimizer is None:
            return
        for group in self._optimizer.param_groups:
            group["lr"] = learning_rate
        with warnings.catch_warnings():  # on a CPU there is nothing to page out to, which is no news at every step
            warnings.simplefilter("ignore")
            self._optimizer.step()

    def state(self) -> dict[str, Tensor]:
        """Return everything needed to go on bit for bit, by the place of the weight and the name there."""
        known: Mapping[Tensor, Mapping[str, Any]] = {} if self._optimizer is None else self._optimizer.state
        return {
            f"{place}.{name}": value if isinstance(value, Tensor) else torch.tensor(value)
            for place, weight in enumerate(self._weights)
            if weight in known
            for name, value in known[weight].items()
        }

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Go on from what `state` returned."""
        if self._optimizer is None:
            return
        if not self._optimizer.initialized:
            self._optimizer.check_overrides()
            self._optimizer.to_gpu()
            self._optimizer.initialized = True
        for key, value in state.items():
            place, name = key.split(".", 1)
            weight = self._weights[int(place)]
            counted = name == "step"
            self._optimizer.state[weight][name] = int(value) if counted else value.to(weight.device).clone()

"""The loss of one step as a function of the weights alone, for optimizers that look at it several times."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from declml.training.random_state import random_state, restore_random_state


class Looks:
    """Calls ``first`` and then ``again`` for the loss, each time with the random numbers of the first time.

    What the first look left in the buffers of ``module``, such as the running statistics of a norm, stays: weights
    that are only tried must not be among what they remember.
    """

    def __init__(
        self, module: nn.Module, device: torch.device, first: Callable[[], Tensor], again: Callable[[], Tensor]
    ) -> None:
        self._first, self._again = first, again
        self._buffers = list(module.buffers())
        self._device = device
        self._random: dict[str, Tensor] | None = None
        self._kept: list[Tensor] = []

    def __call__(self) -> Tensor:
        """Return the loss of the step's rows, a scalar; its gradients are in ``.grad``."""
        if self._random is None:
            self._random = random_state(self._device)
            loss = self._first()
            self._kept = [each.clone() for each in self._buffers]
            return loss
        restore_random_state(self._random, self._device)
        loss = self._again()
        put_back(self._buffers, self._kept)
        return loss


@torch.no_grad()
def put_back(buffers: list[Tensor], kept: list[Tensor]) -> None:
    """Give ``buffers`` the values that they had."""
    for buffer, value in zip(buffers, kept, strict=True):
        buffer.copy_(value)

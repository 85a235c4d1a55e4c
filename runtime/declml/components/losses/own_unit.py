"""From the scale of a decoder of numbers back to their own unit, as tensors with gradients."""

from __future__ import annotations

import torch
from torch import Tensor

from declml.contracts import Facts

# A target is a 32-bit float on the decoder's scale: below this part of the scale, its own size is rounding.
_PRECISION = 1e-6
_LARGEST_LOG = 40.0


class OwnUnit:
    """Answers or targets ``(batch,)`` or ``(batch, size)`` on the decoder's scale -> the same in the column's unit.

    Reads ``shift``, ``scale`` and ``normalization`` of the facts: numbers, or a list for the places of a vector.
    """

    def __init__(self, facts: Facts) -> None:
        self._log = facts.get("normalization") == "log1p"
        self._shift = torch.tensor(facts.get("shift", 0.0), dtype=torch.float64)
        self._scale = torch.tensor(facts.get("scale", 1.0), dtype=torch.float64)

    def smallest(self, like: Tensor) -> Tensor:
        """Return the size, in the column's unit, from which a target can be told from 0."""
        return (_PRECISION * (self._shift.abs() + self._scale)).to(like)

    def __call__(self, values: Tensor) -> Tensor:
        """Return ``values`` in the unit of the column."""
        if self._log:
            return values.clamp_max(_LARGEST_LOG).expm1()  # exp of a wild answer would be infinite
        return values * self._scale.to(values) + self._shift.to(values)

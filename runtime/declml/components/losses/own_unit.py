"""From the scale of a number's decoder back to the number's own unit, as tensors with gradients."""

from __future__ import annotations

from torch import Tensor

from declml.contracts import Facts

# A target is a 32-bit float on the decoder's scale: below this part of the scale, its own size is rounding.
_PRECISION = 1e-6
_LARGEST_LOG = 40.0


class OwnUnit:
    """Answers or targets ``(batch,)`` on the scale of the decoder -> the same in the unit of the column.

    Reads ``shift``, ``scale`` and ``normalization`` of the facts. ``smallest`` is the size, in that unit, that a
    target can be told from 0.
    """

    def __init__(self, facts: Facts) -> None:
        self._log = facts.get("normalization") == "log1p"
        self._shift = float(facts.get("shift", 0.0))
        self._scale = float(facts.get("scale", 1.0))
        self.smallest = _PRECISION * (abs(self._shift) + self._scale)

    def __call__(self, values: Tensor) -> Tensor:
        """Return ``values`` in the unit of the column."""
        if self._log:
            return values.clamp_max(_LARGEST_LOG).expm1()  # exp of a wild answer would be infinite
        return values * self._scale + self._shift

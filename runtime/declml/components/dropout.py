"""Dropout whose random numbers are cheap on a CPU."""

from __future__ import annotations

import torch
from torch import Tensor, nn

_STEPS = 1 << 16
_DRAWN_TOGETHER = 4  # numbers of 16 bits in one of 64


class Dropout(nn.Module):
    """Set a share of the values to zero at random in training and scale up the rest (Srivastava et al., 2014).

    On a CPU each value takes 16 random bits, so that the share is a multiple of 1/65,536, where torch draws a whole
    number for each (``tests/benchmarks/dropout.py``). Elsewhere it is torch's own.
    Shape: any -> the same.
    """

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share
        self._dropped = round(share * _STEPS)

    def forward(self, values: Tensor) -> Tensor:
        """As above."""
        if not self.training or self.share == 0:
            return values
        if values.device.type != "cpu":
            return nn.functional.dropout(values, self.share)
        return values * self._mask(values)

    def _mask(self, values: Tensor) -> Tensor:
        """Return 0 or the scale for each value."""
        count = values.numel()
        drawn = torch.empty(-(-count // _DRAWN_TOGETHER), dtype=torch.int64).random_(-(1 << 63), None)
        lots = drawn.view(torch.int16)[:count].view(values.shape)
        kept = lots >= self._dropped - _STEPS // 2
        return kept.to(values.dtype).mul_(_STEPS / max(1, _STEPS - self._dropped))

    def extra_repr(self) -> str:
        """Return what torch prints between the brackets."""
        return f"{self.share}"

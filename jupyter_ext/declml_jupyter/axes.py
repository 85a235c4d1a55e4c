"""Scales and ticks of a small chart: from values to places on a picture, and round numbers beside it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scale:
    """Maps values from ``low`` to ``high`` onto pixels from ``start`` to ``end``."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Return the pixel of a value."""
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)


def spread(values: Sequence[float], *, margin: float = 0.05) -> tuple[float, float]:
    """Return the ends of an axis that shows all values, with a margin on both sides; never an empty range."""
    low, high = min(values), max(values)
    if low == high:
        pad = abs(low) * 0.1 or 1.0
        return low - pad, high + pad
    pad = (high - low) * margin
    return low - pad, high + pad


def ticks(low: float, high: float, *, most: int = 5, whole: bool = False) -> list[float]:
    """Return at most ``most`` round values between the ends; with ``whole`` only whole numbers."""
    step = _step((high - low) / most, whole=whole)
    while high - low > step * most:
        step = _step(step * 1.1, whole=whole)
    first = math.ceil(low / step)
    return [round(index * step, 12) for index in range(first, math.floor(high / step) + 1)]


def _step(least: float, *, whole: bool) -> float:
    """Return the next number of the form 1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(least))
    step = next((factor * power for factor in (1, 2, 5, 10) if factor * power >= least * (1 - 1e-9)), 10 * power)
    return max(1.0, step) if whole else step


def tick_text(value: float, step: float) -> str:
    """Return a tick's number with as many digits as its neighbours need."""
    if value != 0 and (abs(value) >= 100_000 or abs(value) < 0.0001):
        return f"{value:.3g}"
    digits = max(0, -math.floor(math.log10(step))) if step < 1 else 0
    return f"{value:,.{digits}f}"

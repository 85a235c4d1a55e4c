"""From values to places on the paper, and the round values that an axis names."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

_TICKS = 6


@dataclass(frozen=True, slots=True)
class Scale:
    """Values from ``low`` to ``high`` -> places from ``start`` to ``end``."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Return the place of a value; what lies outside is put at the nearer end."""
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)

    @classmethod
    def over(cls, values: Sequence[float], bounds: tuple[float, float] | None, start: float, end: float) -> Scale:
        """Return the scale that shows all ``values`` with some air around them, or exactly the ``bounds``."""
        if bounds is not None:
            return cls(*bounds, start, end)
        low, high = min(values, default=0.0), max(values, default=1.0)
        air = (high - low) * 0.04 or abs(high) * 0.1 or 1.0
        return cls(low - air, high + air, start, end)


def ticks(low: float, high: float) -> list[float]:
    """Return about six round values from ``low`` to ``high``: multiples of 1, 2 or 5 times a power of ten."""
    raw = (high - low) / _TICKS
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(each * power for each in (1.0, 2.0, 5.0, 10.0) if each * power >= raw * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [each * step for each in range(first, last + 1)]


def label(value: float) -> str:
    """Return a value as an axis writes it: short, with the digits that count."""
    if value == 0:
        return "0"
    if abs(value) >= 1e6 or abs(value) < 1e-4:
        return f"{value:.3g}"
    return f"{value:,.6g}" if abs(value) >= 1000 else f"{value:.6g}"

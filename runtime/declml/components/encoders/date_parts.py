"""What the encoders of dates share: the nine numbers of a date, and its parts as points on a circle."""

from __future__ import annotations

import math

import torch
from torch import Tensor

NUMBERS = 9
"""A date is its scaled time, then month, day, weekday, day of the year, hour, minute, second and second of the day."""

PERIODS = (12, 31, 7, 366, 24, 60, 60, 86_400)
"""How many values each part has; they count from 1, and 0 means that there is no date."""


def waves(parts: Tensor, periods: Tensor) -> Tensor:
    """Return sine and cosine of each part, zeros where there is none: ``(..., part)`` -> ``(..., 2 * part)``.

    The last value of a part is as near to the first as to the one before: December stands beside January.
    """
    turns = (parts - 1) / periods * (2 * math.pi)
    there = parts > 0
    return torch.cat([turns.sin() * there, turns.cos() * there], dim=-1)

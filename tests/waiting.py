"""Waits for what another process or thread does: on a condition, with a deadline."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
DEADLINE_SECONDS = 120.0


def until(look: Callable[[], T], *, seconds: float = DEADLINE_SECONDS) -> T:
    """Return the first true answer of ``look``; none in time is an `AssertionError`."""
    deadline = time.monotonic() + seconds
    while not (answer := look()):
        assert time.monotonic() < deadline, f"nothing came in {seconds:g} seconds"
        time.sleep(0.01)
    return answer

"""The stages of the data half of a run as they go: timed, told as events, and kept with why they ran."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from declml.contracts import Emit


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of the chain as it went: whether it was there already, why, how long it took, and what came of it."""

    name: str
    cached: bool
    reason: str
    seconds: float
    facts: Mapping[str, Any] = field(default_factory=dict[str, Any])


class Stages:
    """Times the stages of one chain and tells them as events."""

    def __init__(self, emit: Emit) -> None:
        self.emit = emit
        self.done: list[Stage] = []
        self._began = 0.0

    def start(self, name: str, label: str) -> None:
        """Tell that a stage begins."""
        self._began = time.monotonic()
        self.emit("stage_started", stage=name, label=label)

    def finish(self, name: str, *, cached: bool, reason: str, facts: Mapping[str, Any]) -> None:
        """Tell that the stage is done."""
        stage = Stage(name, cached, reason, round(time.monotonic() - self._began, 3), facts)
        self.done.append(stage)
        self.emit("stage_finished", stage=name, cached=cached, reason=reason, seconds=stage.seconds, facts=dict(facts))

"""What the loop is told and what it answers: plain values, and the three calls it makes outwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from declml.contracts import Decides, Emit, Schedule, Scores
from declml.training.balancing import Balancing
from declml.training.course import Growth
from declml.training.gradients import Clipping
from declml.training.precision import Precision
from declml.training.schedule import Plateau, Steps
from declml.training.soup import Soup


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How to train.

    - ``steps``: from `declml.training.schedule.count_steps`; ``schedule`` is built for them, warm-up included.
    - ``growth``: when batches grow; None keeps ``batch_size``.
    - ``l1``, ``l2``: penalties on all trainable weights.
    - ``splits``: evaluated at each evaluation, in this order; where ``training`` is not among them, its scores are the
      mean training loss since the last evaluation. Empty, that loss is all there is.
    - ``decides``: the metric, on ``deciding_split``, that picks the weights to keep; None keeps the last.
    - ``patience``: stop after so many evaluations without a better one; None never does.
    - ``balancing``: how the losses of several outputs are weighed; None leaves them as the config weighs them.
    - ``soup``: which evaluated weights are averaged in the end; None keeps the best ones alone.
    - ``seed``: the root of the order of rows and of the random numbers in the model.
    - ``compile``: whether the network is compiled by torch.compile.
    - ``checkpoint_seconds``: the most time that a killed run can lose; it changes no number.
    """

    steps: Steps
    batch_size: int
    learning_rate: float
    schedule: Schedule
    seed: int
    plateau: Plateau | None = None
    growth: Growth | None = None
    clipping: Clipping = field(default_factory=Clipping)
    l1: float = 0.0
    l2: float = 0.0
    splits: tuple[str, ...] = ("validation",)
    decides: Decides | None = None
    deciding_split: str = "validation"
    patience: int | None = None
    precision: Precision = field(default_factory=Precision)
    balancing: Balancing | None = None
    soup: Soup | None = None
    shuffle: bool = True
    compile: bool = False
    checkpoint_seconds: float = 30.0


def _nothing(_step: int) -> None:
    return None


@dataclass(frozen=True, slots=True)
class Hooks:
    """The loop's calls outwards.

    ``evaluate(split)`` must draw no random numbers and leave the module in its mode. ``emit(kind, **fields)`` writes an
    event.
    ``stop()`` is asked after each step and returns whether to end now, leaving a checkpoint to resume from.
    ``stepped(step)`` is told of each step that was taken, by its number from 1.
    """

    evaluate: Callable[[str], Scores]
    emit: Emit
    stop: Callable[[], bool]
    stepped: Callable[[int], None] = _nothing


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a training ended. ``step`` and ``epoch`` were taken in all; ``best_epoch`` is None where no metric decided.

    The best weights are in force, unless ``reason`` is ``interrupted``: then the latest are.
    """

    step: int
    epoch: int
    best_epoch: int | None
    best_step: int | None
    best_value: float | None
    reason: Literal["epochs", "train_steps", "early_stop", "interrupted"]
    seconds: float

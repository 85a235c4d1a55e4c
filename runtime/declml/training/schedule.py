"""The learning rate over time: how many steps there are, warm-up around any schedule, and reductions on a plateau."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from declml.contracts import Schedule
from declml.training.stopping import Best


@dataclass(frozen=True, slots=True)
class Steps:
    """How long a training is: optimizer steps per epoch and at most, and after which of them the model is evaluated.

    ``batches_per_epoch`` are cut into groups of ``accumulate``, one optimizer step each. ``every`` is the distance
    between evaluations; None evaluates at ``marks``, steps within each epoch. ``is_limited`` is whether ``total`` was
    given as such, and not as a number of epochs.
    """

    per_epoch: int
    total: int
    batches_per_epoch: int
    accumulate: int
    every: int | None
    marks: frozenset[int]
    is_limited: bool = False

    @property
    def epochs(self) -> int:
        """Return the number of epochs at most, a started one included."""
        return math.ceil(self.total / self.per_epoch)

    @property
    def per_evaluation(self) -> int:
        """Return the steps between two evaluations, rounded up."""
        return self.every or math.ceil(self.per_epoch / len(self.marks))

    def epoch_of(self, step: int) -> int:
        """Return the epoch, from 1, that step number ``step``, from 1, belongs to."""
        return (step - 1) // self.per_epoch + 1 if step else 1

    def evaluates_after(self, step: int) -> bool:
        """Return whether an evaluation follows step number ``step``, counted from 1; one always follows the last."""
        if step == 0:
            return False
        if step >= self.total:
            return True
        if self.every is not None:
            return step % self.every == 0
        return (step - 1) % self.per_epoch + 1 in self.marks

    def with_batches(self, batches_per_epoch: int, *, epochs: int, total: int) -> Steps:
        """Return the steps of ``epochs`` with so many batches each, or ``total`` where they are limited."""
        per_epoch = math.ceil(batches_per_epoch / self.accumulate)
        every = self.every
        if every is not None:
            # At most an epoch, or a number of whole ones.
            every = min(every, per_epoch) if every < self.per_epoch else every // self.per_epoch * per_epoch
        return replace(
            self,
            per_epoch=per_epoch,
            total=total if self.is_limited else per_epoch * epochs,
            batches_per_epoch=batches_per_epoch,
            every=every,
            marks=_marks(per_epoch, len(self.marks)),
        )


def count_steps(
    batches_per_epoch: int,
    *,
    epochs: int,
    train_steps: int | None = None,
    accumulate: int = 1,
    evaluations_per_epoch: int = 0,
    steps_per_evaluation: int = 0,
    epochs_per_evaluation: int = 1,
) -> Steps:
    """Return the steps of a training over ``batches_per_epoch`` batches.

    ``train_steps``, where given, decides instead of ``epochs``. Of the last three, ``steps_per_evaluation`` comes
    first; it is at most an epoch. Where neither it nor ``evaluations_per_epoch`` is given, an evaluation follows every
    so many epochs.
    """
    if batches_per_epoch < 1:
        raise ValueError(f"batches_per_epoch must be >= 1; got {batches_per_epoch}")
    per_epoch = math.ceil(batches_per_epoch / accumulate)
    every = min(steps_per_evaluation, per_epoch)
    if not every and not evaluations_per_epoch and epochs_per_evaluation > 1:
        every = per_epoch * epochs_per_evaluation
    return Steps(
        per_epoch=per_epoch,
        total=per_epoch * epochs if train_steps is None else train_steps,
        batches_per_epoch=batches_per_epoch,
        accumulate=accumulate,
        every=every or None,
        marks=_marks(per_epoch, evaluations_per_epoch),
        is_limited=train_steps is not None,
    )


def _marks(per_epoch: int, evaluations: int) -> frozenset[int]:
    """Return the steps of an epoch, from 1, that evaluations follow: the last one where none are asked for."""
    number = min(max(1, evaluations), per_epoch)
    return frozenset(math.ceil(per_epoch * place / number) for place in range(1, number + 1))


def warmup_steps(steps: Steps, *, fraction: float = 0.0, evaluations: int = 0) -> int:
    """Return the length of a warm-up: a fraction of all steps or a number of evaluations, whichever is longer."""
    return min(steps.total, max(round(fraction * steps.total), evaluations * steps.per_evaluation))


def warm_up(schedule: Schedule, steps: int) -> Schedule:
    """Return ``schedule`` begun after ``steps`` steps in which the factor rises in a straight line to its begin."""
    if steps <= 0:
        return schedule
    top = schedule(0)

    def factor(step: int) -> float:
        return top * (step + 1) / (steps + 1) if step < steps else schedule(step - steps)

    return factor


@dataclass(frozen=True, slots=True, kw_only=True)
class Plateau:
    """When to lower the learning rate: at most ``reductions`` times, by the factor ``rate``.

    It is lowered after ``patience`` evaluations of ``metric`` of ``output`` on ``split`` without a better value.
    """

    reductions: int
    patience: int = 10
    rate: float = 0.1
    split: str = "training"
    output: str = "combined"
    metric: str = "loss"
    goal: Literal["maximize", "minimize"] = "minimize"


class PlateauWatch:
    """Follows one metric and knows the factor that reductions so far put on the learning rate."""

    def __init__(self, plateau: Plateau) -> None:
        self.plateau = plateau
        self._best = Best(plateau.goal)
        self._reduced = 0

    @property
    def factor(self) -> float:
        """Return the factor on the learning rate now in force."""
        return self.plateau.rate**self._reduced

    def offer(self, value: float, step: int) -> bool:
        """Take the metric of one more evaluation and return whether the rate was lowered."""
        self._best.offer(value, step)
        if self._best.rounds_since < self.plateau.patience or self._reduced >= self.plateau.reductions:
            return False
        self._reduced += 1
        self._best.rounds_since = 0
        return True

    def state(self) -> dict[str, Any]:
        """Return what `load` needs: JSON data."""
        return {"best": self._best.state(), "reduced": self._reduced}

    def load(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state` returned."""
        self._best.load(state["best"])
        self._reduced = state["reduced"]

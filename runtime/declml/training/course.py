"""Where a training is: the epoch and batches of a step, though batches may grow from one epoch to the next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from declml.training.schedule import Plateau, Steps


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """When batches grow: as `Plateau` says, its ``rate`` the factor > 1, and to ``largest`` rows at most."""

    watch: Plateau
    largest: int


@dataclass(frozen=True, slots=True)
class Place:
    """What a step takes: ``count`` batches of ``batch_size`` rows, from batch ``first`` of ``epoch`` on, from 0."""

    epoch: int
    first: int
    count: int
    batch_size: int


@dataclass(frozen=True, slots=True)
class _Part:
    """The steps from ``begin`` on, the first one of ``epoch``, both from 0, until the next part."""

    begin: int
    epoch: int
    batch_size: int
    steps: Steps


class Course:
    """The steps of a training. ``batches`` counts the batches of an epoch at a number of rows."""

    def __init__(self, steps: Steps, batch_size: int, batches: Callable[[int], int]) -> None:
        self._whole = steps
        self._batches = batches
        self._parts = [_Part(0, 0, batch_size, steps)]

    @property
    def total(self) -> int:
        """The number of steps at most."""
        return self._parts[-1].begin + self._parts[-1].steps.total

    @property
    def batch_size(self) -> int:
        """The rows of the batches from the next epoch on."""
        return self._parts[-1].batch_size

    @property
    def ends_with_an_epoch(self) -> bool:
        """Whether the last step is the last one of its epoch."""
        last = self._parts[-1].steps
        return last.total % last.per_epoch == 0

    def place(self, step: int) -> Place:
        """Return what the step after ``step`` others takes."""
        part = self._part(step)
        epoch, inside = divmod(step - part.begin, part.steps.per_epoch)
        first = inside * part.steps.accumulate
        # The last step of an epoch gets what is left of its batches.
        count = min(part.steps.accumulate, part.steps.batches_per_epoch - first)
        return Place(part.epoch + epoch, first, count, part.batch_size)

    def epoch_of(self, step: int) -> int:
        """Return the epoch, from 1, that step number ``step``, from 1, belongs to."""
        part = self._part(max(0, step - 1))
        return part.epoch + part.steps.epoch_of(step - part.begin)

    def evaluates_after(self, step: int) -> bool:
        """Return whether an evaluation follows step number ``step``, counted from 1; one always follows the last."""
        part = self._part(max(0, step - 1))
        return part.steps.evaluates_after(step - part.begin) or step >= self.total

    def scheduled(self, step: int) -> int:
        """Return the step of a training of the first batches that ``step`` stands for, both from 0.

        A learning rate that falls with the epochs falls as fast when these have fewer steps.
        """
        if self._whole.is_limited:
            return step
        part = self._part(step)
        inside = (step - part.begin) * self._whole.per_epoch // part.steps.per_epoch
        return part.epoch * self._whole.per_epoch + inside

    def grow(self, step: int, batch_size: int) -> int | None:
        """Take batches of ``batch_size`` rows from the first epoch on that has no step yet, after ``step`` steps.

        Returns that epoch, from 1, or None where the training ends before it.
        """
        part = self._part(max(0, step - 1))
        epochs = -(-(step - part.begin) // part.steps.per_epoch)
        begin = part.begin + epochs * part.steps.per_epoch
        if begin >= self.total:
            return None
        self._add(begin, part.epoch + epochs, batch_size)
        return part.epoch + epochs + 1

    def _add(self, begin: int, epoch: int, batch_size: int) -> None:
        steps = self._whole.with_batches(
            self._batches(batch_size), epochs=self._whole.epochs - epoch, total=self._whole.total - begin
        )
        self._parts = [each for each in self._parts if each.begin < begin]
        self._parts.append(_Part(begin, epoch, batch_size, steps))

    def _part(self, step: int) -> _Part:
        return next(each for each in reversed(self._parts) if each.begin <= step)

    def state(self) -> list[list[int]]:
        """Return what `load` needs: JSON data."""
        return [[each.begin, each.epoch, each.batch_size] for each in self._parts[1:]]

    def load(self, state: Sequence[Any]) -> None:
        """Go on from what `state` returned."""
        for begin, epoch, batch_size in state:
            self._add(begin, epoch, batch_size)

"""One optimizer step: forward, backward, penalties, limits, update. Knows no epoch, no file and no event."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from functools import partial
from typing import Any

import torch
from torch import Tensor

from declml.contracts import Batch, Guided, Loss, Model, Optimizer, answers_of
from declml.training.balancing import Balance
from declml.training.compiled import Compiled
from declml.training.gradients import clip, penalize, penalty, scale
from declml.training.looks import Looks, put_back
from declml.training.random_state import random_state, restore_random_state
from declml.training.settings import Settings


class Stepper:
    """Takes optimizer steps on a model, reading nothing back from the device.

    ``take`` hands the unweighted loss of each output, in the order of ``outputs``, and the batch's rows to ``record``.
    """

    def __init__(self, model: Model, optimizer: Optimizer, settings: Settings, device: torch.device) -> None:
        self.outputs = list(model.losses)
        self.loss_weights = [weight for _, weight in model.losses.values()]
        self.weights: list[Tensor] = [each for each in model.module.parameters() if each.requires_grad]
        self._module = model.module
        self._guided = [each for each in model.module.modules() if isinstance(each, Guided)]
        self._losses = [(name, loss, weight) for name, (loss, weight) in model.losses.items()]
        self._optimizer = optimizer
        self._settings = settings
        self._device = device
        self._compiled = Compiled(model.module, device) if settings.compile else None
        self._answers: Callable[[Batch], Mapping[str, Any]] = (
            partial(answers_of, model.module) if self._compiled is None else self._compiled.answers
        )
        self._minimize: Callable[[float, Callable[[], Tensor]], None] | None = getattr(optimizer, "minimize", None)
        self._balance: Balance | None = None
        if settings.balancing is not None and len(self._losses) > 1:
            self._balance = Balance(settings.balancing, self.weights, len(self._losses), device)
        self._clips = settings.clipping != type(settings.clipping)()
        dtype = settings.precision.dtype
        self._autocast: Callable[[], Any] = (
            nullcontext if dtype is None else (lambda: torch.autocast(device.type, dtype=dtype))
        )
        self._scaler = _Scaler(self.weights, device) if settings.precision.scaled else None

    def prepare(self, batch: Batch) -> None:
        """Compile for batches like this one, where that is asked for: no weight changes, and no random number is drawn.

        A `UserProblem` where it cannot be done.
        """
        if self._compiled is None:
            return
        buffers = list(self._module.buffers())
        kept, random = [each.clone() for each in buffers], random_state(self._device)
        with self._compiled.compiling(batch) as answer:
            with self._autocast():
                answers = answer()
            values = [loss(*each) for loss, each in self._pairs(batch, answers)]
            sum(values[1:], start=values[0]).backward()
        self._forget()
        put_back(buffers, kept)
        restore_random_state(random, self._device)

    def take(
        self,
        batches: Iterator[Batch],
        count: int,
        learning_rate: float,
        record: Callable[[Sequence[Tensor], int], None],
        *,
        step: int,
        batch_size: int | None = None,
    ) -> None:
        """Take step number ``step``, from 1, on the next ``count`` batches, as if they were one batch of their rows.

        ``batch_size`` is their size where it is no more that of the settings.
        """
        if self._minimize is not None:
            self._minimize(learning_rate, self._looks([next(batches) for _ in range(count)], record))
            self._end(step)
            return
        whole = count * (batch_size or self._settings.batch_size)
        rows = 0
        for _ in range(count):
            batch = next(batches)
            loss, losses = self._forward(batch)
            if count > 1:
                loss = loss * (batch.rows / whole)
            if self._scaler is not None:
                loss = self._scaler.scale(loss)
            loss.backward()
            record(losses, batch.rows)
            rows += batch.rows
        if self._scaler is not None:
            self._scaler.unscale()
        if count > 1 and rows != whole:
            scale(self._grads(), whole / rows)
        if self._settings.l1 or self._settings.l2:
            penalize(self.weights, l1=self._settings.l1, l2=self._settings.l2)
        for each in self._guided:
            each.before_step()
        if self._clips and (grads := self._grads()):
            clip(grads, self._settings.clipping)
        if self._scaler is None:
            self._optimizer.step(learning_rate)
        else:
            self._scaler.step(lambda: self._optimizer.step(learning_rate))
        self._end(step)

    def _end(self, step: int) -> None:
        for each in self._guided:
            each.after_step(step, self._settings.steps.total)
        self._forget()

    def _forget(self) -> None:
        for weight in self.weights:
            weight.grad = None

    def _looks(self, batches: Sequence[Batch], record: Callable[[Sequence[Tensor], int], None]) -> Callable[[], Tensor]:
        """Return the loss of ``batches`` as a function of the weights: the same numbers each time they are the same.

        Each look drops the same values, and only the first is told and moves running statistics.
        """
        return Looks(self._module, self._device, lambda: self._pass(batches, record), lambda: self._pass(batches, None))

    def _pass(self, batches: Sequence[Batch], record: Callable[[Sequence[Tensor], int], None] | None) -> Tensor:
        """Leave the gradients of the loss of ``batches``, penalties included, and return it."""
        self._forget()
        whole = sum(batch.rows for batch in batches)
        total = torch.zeros((), device=self._device)
        for batch in batches:
            loss, losses = self._forward(batch)
            loss = loss * (batch.rows / whole) if len(batches) > 1 else loss
            loss.backward()
            total += loss.detach()
            if record is not None:
                record(losses, batch.rows)
        if self._settings.l1 or self._settings.l2:
            penalize(self.weights, l1=self._settings.l1, l2=self._settings.l2)
            total += penalty(self.weights, l1=self._settings.l1, l2=self._settings.l2)
        return total

    def _forward(self, batch: Batch) -> tuple[Tensor, list[Tensor]]:
        with self._autocast():
            answers = self._answers(batch)
        return self._losses_of(batch, answers)

    def _losses_of(self, batch: Batch, answers: Mapping[str, Any]) -> tuple[Tensor, list[Tensor]]:
        losses: list[Tensor] = []
        weighed: list[Tensor] = []
        for (loss, pair), (_, _, weight) in zip(self._pairs(batch, answers), self._losses, strict=True):
            value = loss(*pair)
            losses.append(value)
            weighed.append(value if weight == 1 else value * weight)
        if not weighed:
            raise ValueError("a model must have at least one loss")
        if self._balance is not None:
            return self._balance.total(weighed), losses
        return sum(weighed[1:], start=weighed[0]), losses

    def _pairs(self, batch: Batch, answers: Mapping[str, Any]) -> Iterator[tuple[Loss, tuple[Tensor, Tensor]]]:
        """Yield each loss with the answers and targets that it compares, in the order of the outputs."""
        for name, loss, _ in self._losses:
            answer = answers[name]
            if self._settings.precision.dtype is not None:
                answer = answer.float()  # a loss in 16 bits would lose the small differences that training lives on
            yield loss, (answer, for_each_answer(batch.targets[name], answer))

    def _grads(self) -> list[Tensor]:
        return [weight.grad for weight in self.weights if weight.grad is not None]

    def state(self) -> dict[str, Any]:
        """Return what `load` needs beyond weights and optimizer: JSON data."""
        state = {} if self._scaler is None else {"scaler": self._scaler.state()}
        return state if self._balance is None else {**state, "balance": self._balance.state()}

    def load(self, state: dict[str, Any]) -> None:
        """Go on from what `state` returned."""
        if self._scaler is not None and "scaler" in state:
            self._scaler.load(state["scaler"])
        if self._balance is not None and "balance" in state:
            self._balance.load(state["balance"])


def for_each_answer(targets: Tensor, answers: Tensor) -> Tensor:
    """Return the target of each answer: a network of several submodels gives several answers to each row."""
    times = len(answers) // len(targets)
    return targets if times == 1 else targets.repeat_interleave(times, dim=0)


class _Scaler:
    """Keeps float16 gradients from vanishing: torch's own scaler, told that the list of weights is an optimizer."""

    def __init__(self, weights: list[Tensor], device: torch.device) -> None:
        self._scaler = torch.amp.GradScaler(device.type)
        self._face = _OptimizerFace(weights)
        self.scale = self._scaler.scale

    def unscale(self) -> None:
        self._scaler.unscale_(self._face)  # pyright: ignore[reportArgumentType] - it reads param_groups and no more

    def step(self, step: Callable[[], None]) -> None:
        self._face.step = step
        self._scaler.step(self._face)  # pyright: ignore[reportArgumentType] - it calls step() where all gradients are finite
        self._scaler.update()

    def state(self) -> dict[str, Any]:
        return self._scaler.state_dict()

    def load(self, state: dict[str, Any]) -> None:
        self._scaler.load_state_dict(state)


class _OptimizerFace:
    """The part of a torch optimizer that `torch.amp.GradScaler` touches."""

    def __init__(self, weights: list[Tensor]) -> None:
        self.param_groups: list[dict[str, Any]] = [{"params": weights}]
        self.step: Callable[[], None] = _nothing


def _nothing() -> None:
    return None

"""The training loop: epochs of batches, evaluations, checkpoints, early stopping, and news of all that.

It can be killed at any moment: the next call goes on from the latest checkpoint and ends with the same bits.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, Literal, TypeAlias

import torch
from torch import Tensor

from declml.contracts import Batch, Batches, Model, Optimizer, Scores
from declml.errors import UserProblem
from declml.training import checkpoints
from declml.training.course import Course
from declml.training.determinism import derive_seed
from declml.training.gradients import all_finite
from declml.training.ledger import LossLedger, loss_not_finite
from declml.training.schedule import PlateauWatch
from declml.training.settings import Hooks, Outcome, Settings
from declml.training.soup import Pot, sentence
from declml.training.step import Stepper
from declml.training.stopping import Best

_NEWS_SECONDS = 0.25  # between `step` events
_QUIET_SECONDS = (
    2.0  # a checkpoint at an evaluation waits this long after the last one, so that short epochs stay short
)

Reason: TypeAlias = Literal["epochs", "train_steps", "early_stop", "interrupted"]


def train(
    model: Model,
    batches: Batches,
    optimizer: Optimizer,
    settings: Settings,
    hooks: Hooks,
    *,
    folder: Path,
    resume: bool = False,
) -> Outcome:
    """Train ``model`` and leave its best weights in force.

    ``optimizer`` is built over the parameters that require a gradient. ``folder`` gets ``latest.safetensors``, to go on
    from, and ``best.safetensors``, all weights of the best evaluation. With ``resume`` the run goes on from the latest
    file where there is one: model, optimizer, batches and settings must be those of the first call.

    Raises `UserProblem`: ``loss-not-finite``, ``disk-full``, ``cannot-write``, ``checkpoint-corrupt``,
    ``checkpoint-does-not-fit``. The last good checkpoint is then in ``folder``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    return _Training(model, batches, optimizer, settings, hooks, folder).run(resume=resume)


class _Training:
    """One run of the loop: everything that a checkpoint must hold, and the clocks that it must not."""

    def __init__(
        self,
        model: Model,
        batches: Batches,
        optimizer: Optimizer,
        settings: Settings,
        hooks: Hooks,
        folder: Path,
    ) -> None:
        self._module = model.module
        self._batches = batches
        self._optimizer = optimizer
        self._settings = settings
        self._course = Course(settings.steps, settings.batch_size, batches.steps)
        self._hooks = hooks
        self._folder = folder
        self._device = checkpoints.device_of(model.module)
        self._stepper = Stepper(model, optimizer, settings, self._device)
        self._ledger = LossLedger(self._stepper.outputs, self._stepper.loss_weights, self._device)
        self._best = None if settings.decides is None else Best(settings.decides.goal)
        self._plateau = PlateauWatch(settings.plateau) if settings.plateau and settings.plateau.reductions else None
        self._growth = PlateauWatch(settings.growth.watch) if settings.growth else None
        self._pot: Pot | None = None
        if settings.soup is not None and settings.decides is not None:
            self._pot = Pot(settings.soup, settings.decides.goal, folder, model.module)
        self._step = 0
        self._evaluated = 0  # the step of the last evaluation: a run cut between step and evaluation makes up for it
        self._kept: dict[str, Tensor] | None = None  # the best weights, until they are written
        self._begin = self._saved_at = self._told_at = time.perf_counter()
        self._told_step = 0

    # --- the course of a run ------------------------------------------------------------------------------------------

    def run(self, *, resume: bool) -> Outcome:
        if resume and (self._folder / checkpoints.LATEST).exists():
            self._load()
        else:
            torch.manual_seed(derive_seed(self._settings.seed, "training"))
        self._told_step = self._step
        self._tell_start()
        self._module.train()
        try:
            reason = self._go_on()
            self._ledger.read()
            self._save()
        except UserProblem:
            self._keep_best_on_disk()
            raise
        if reason != "interrupted":
            self._put_best_in_force()
        return self._finish(reason)

    def _go_on(self) -> Reason:
        stream = self._stream(self._step)
        while True:
            # Stopping comes before an evaluation, which can be long; the resumed run starts with it.
            if self._step and self._hooks.stop():
                return "interrupted"
            if self._course.evaluates_after(self._step) and self._evaluated != self._step:
                self._evaluate()
            if self._is_patience_over():
                return "early_stop"
            if self._step >= self._course.total:
                return "epochs" if self._course.ends_with_an_epoch else "train_steps"
            self._take_step(stream)
            self._look_at_the_clock()

    def _take_step(self, stream: Iterator[Batch]) -> None:
        step = self._step
        place = self._course.place(step)
        self._stepper.take(
            stream, place.count, self._rate(step), self._record, step=step + 1, batch_size=place.batch_size
        )
        self._step = step + 1
        self._hooks.stepped(self._step)

    def _record(self, losses: Sequence[Tensor], rows: int) -> None:
        self._ledger.add(losses, rows=rows, step=self._step + 1)

    def _rate(self, step: int) -> float:
        rate = self._settings.learning_rate * self._settings.schedule(self._course.scheduled(step))
        return rate if self._plateau is None else rate * self._plateau.factor

    def _stream(self, step: int) -> Iterator[Batch]:
        """Yield the batches of all epochs, from optimizer step ``step`` on."""
        settings, told, size = self._settings, -1, 0
        while True:
            place = self._course.place(step)
            if place.epoch == told:
                raise RuntimeError(f"batches must yield as many an epoch as they said; got fewer of {place.batch_size}")
            if settings.compile and place.batch_size != size:
                # The first batch of the first epoch, which does not depend on where a run was cut.
                first = self._batches.epoch(place.batch_size, seed=self._order(0))
                self._stepper.prepare(next(first))
            size = place.batch_size
            yield from self._batches.epoch(place.batch_size, seed=self._order(place.epoch), first_step=place.first)
            # Only now is it certain how large the batches of the next epoch are.
            step, told = self._step, place.epoch

    def _order(self, epoch: int) -> int | None:
        return derive_seed(self._settings.seed, "epoch", epoch) if self._settings.shuffle else None

    # --- evaluation ---------------------------------------------------------------------------------------------------

    def _evaluate(self) -> None:
        self._ledger.read()
        scores = {"training": Scores(self._ledger.means())}
        with self._answering():
            for split in self._settings.splits:
                scores[split] = self._hooks.evaluate(split)
            improved = self._judge(scores)
        for split, each in scores.items():
            self._hooks.emit(
                "metrics",
                split=split,
                epoch=self._epoch(),
                step=self._step,
                values=each.values,
                seconds=each.seconds,
                best=improved,
            )
        self._ledger.reset()
        self._evaluated = self._step
        if time.perf_counter() - self._saved_at >= min(_QUIET_SECONDS, self._settings.checkpoint_seconds):
            self._save()

    def _answering(self) -> AbstractContextManager[None]:
        """Return the context in which the optimizer's answer is in force, where that is not what it trains at."""
        averaged: Callable[[], AbstractContextManager[None]] | None = getattr(self._optimizer, "averaged", None)
        return nullcontext() if averaged is None else averaged()

    def _judge(self, scores: Mapping[str, Scores]) -> bool:
        """Show the scores to what watches them and return whether these weights are the best so far."""
        improved = False
        decides = self._settings.decides
        if self._best is not None and decides is not None:
            value = _look_up(scores, self._settings.deciding_split, decides.output, decides.metric)
            loss = scores[self._settings.deciding_split].values.get("combined", {}).get("loss", math.inf)
            improved = self._best.offer(value, self._step, loss=loss)
            if self._pot is not None:
                self._pot.offer(value, self._step)
            if improved:
                self._kept = {
                    name: tensor.detach().clone() for name, tensor in checkpoints.changing_weights(self._module).items()
                }
        if self._plateau is not None:
            watched = self._plateau.plateau
            value = _look_up(scores, watched.split, watched.output, watched.metric)
            if self._plateau.offer(value, self._step):
                message = f"No better {watched.metric}: the learning rate is now {self._rate(self._step):.3g}."
                self._hooks.emit("log", level="info", message=message)
        if self._growth is not None:
            self._grow(self._growth, scores)
        return improved

    def _grow(self, growth: PlateauWatch, scores: Mapping[str, Scores]) -> None:
        """Let batches grow from the next epoch on, where what is watched got no better."""
        watched, settings = growth.plateau, self._settings.growth
        value = _look_up(scores, watched.split, watched.output, watched.metric)
        assert settings is not None
        wanted = max(int(self._course.batch_size * watched.rate), self._course.batch_size + 1)
        size = min(wanted, settings.largest, self._batches.rows)
        if size > self._course.batch_size and growth.offer(value, self._step):
            epoch = self._course.grow(self._step, size)
            if epoch is not None:
                message = f"No better {watched.metric}: batches have {size} rows from epoch {epoch} on."
                self._hooks.emit("log", level="info", message=message)

    def _is_patience_over(self) -> bool:
        patience = self._settings.patience
        return self._best is not None and patience is not None and self._best.rounds_since >= patience

    # --- news ---------------------------------------------------------------------------------------------------------

    def _look_at_the_clock(self) -> None:
        """Tell the news and write a checkpoint where it is time: this reads numbers and changes none."""
        now = time.perf_counter()
        if now - self._told_at >= _NEWS_SECONDS:
            self._ledger.read()
            speed = (self._step - self._told_step) / (now - self._told_at)
            self._hooks.emit(
                "step",
                epoch=self._epoch(),
                step=self._step,
                loss=self._ledger.recent(),
                learning_rate=self._rate(self._step - 1),
                steps_per_second=speed,
                eta_seconds=(self._course.total - self._step) / speed,
            )
            self._told_at, self._told_step = now, self._step
        if now - self._saved_at >= self._settings.checkpoint_seconds:
            self._save()

    def _tell_start(self) -> None:
        decides = self._settings.decides
        self._hooks.emit(
            "training_started",
            epochs=self._settings.steps.epochs,
            steps_per_epoch=self._settings.steps.per_epoch,
            total_steps=self._course.total,
            batch_size=self._settings.batch_size,
            parameters=sum(each.numel() for each in self._stepper.weights),
            frozen_parameters=sum(each.numel() for each in self._module.parameters() if not each.requires_grad),
            device=str(self._device),
            threads=torch.get_num_threads(),
            optimizer=self._optimizer.implementation,
            decides={}
            if decides is None
            else {"output": decides.output, "metric": decides.metric, "goal": decides.goal},
        )
        if self._settings.precision.note:
            self._hooks.emit("log", level="warning", message=self._settings.precision.note)

    def _finish(self, reason: Reason) -> Outcome:
        best_step = self._best.step if self._best is not None else None
        outcome = Outcome(
            step=self._step,
            epoch=self._epoch(),
            best_epoch=None if best_step is None else self._course.epoch_of(best_step),
            best_step=best_step,
            best_value=None if self._best is None or best_step is None else self._best.value,
            reason=reason,
            seconds=time.perf_counter() - self._begin,
        )
        if reason != "interrupted" and self._best is not None and best_step is None:
            message = "The deciding metric was never a number, so the last weights are kept."
            self._hooks.emit("log", level="warning", message=message)
        self._hooks.emit(
            "training_finished",
            step=outcome.step,
            epoch=outcome.epoch,
            best_epoch=outcome.best_epoch,
            reason=reason,
            seconds=outcome.seconds,
        )
        return outcome

    def _epoch(self) -> int:
        return self._course.epoch_of(self._step)

    # --- checkpoints --------------------------------------------------------------------------------------------------

    def _save(self) -> None:
        """Write the best weights where they are new, then the state: a crash between the two repeats the rest."""
        self._ledger.read()
        if not all_finite(self._stepper.weights):
            raise loss_not_finite("The weights", f"values that are not, after step {self._step}")
        self._keep_best_on_disk()
        state = {
            "format": 1,
            "step": self._step,
            "epoch": self._epoch(),
            "evaluated": self._evaluated,
            "batch_size": self._settings.batch_size,
            "steps_per_epoch": self._settings.steps.per_epoch,
            "accumulate": self._settings.steps.accumulate,
            "ledger": self._ledger.state(),
            "best": None if self._best is None else self._best.state(),
            "plateau": None if self._plateau is None else self._plateau.state(),
            "course": self._course.state(),
            "growth": None if self._growth is None else self._growth.state(),
            "stepper": self._stepper.state(),
            "soup": None if self._pot is None else self._pot.state(),
        }
        checkpoints.save_latest(self._folder, self._module, self._optimizer, state)
        self._saved_at = time.perf_counter()
        is_best = self._best is not None and self._best.step == self._step
        self._hooks.emit("checkpoint", step=self._step, best=is_best)

    def _keep_best_on_disk(self) -> None:
        if self._kept is not None and self._best is not None and self._best.step is not None:
            place: dict[str, Any] = {"step": self._best.step, "epoch": self._course.epoch_of(self._best.step)}
            checkpoints.save_best(self._folder, self._module, self._kept, {**place, "value": self._best.value})
            self._kept = None

    def _load(self) -> None:
        state = checkpoints.load_latest(self._folder, self._module, self._optimizer)
        for name, value in (
            ("batch_size", self._settings.batch_size),
            ("steps_per_epoch", self._settings.steps.per_epoch),
            ("accumulate", self._settings.steps.accumulate),
        ):
            if state[name] != value:
                raise checkpoints.does_not_fit(f"one with {name} {state[name]}, where it is now {value}")
        self._step, self._evaluated = state["step"], state["evaluated"]
        self._ledger.load(state["ledger"])
        self._course.load(state.get("course", ()))
        if self._growth is not None and state.get("growth") is not None:
            self._growth.load(state["growth"])
        self._stepper.load(state["stepper"])
        if self._pot is not None and state.get("soup") is not None:
            self._pot.load(state["soup"])
        if self._best is not None and state["best"] is not None:
            self._best.load(state["best"])
        if self._plateau is not None and state["plateau"] is not None:
            self._plateau.load(state["plateau"])

    def _put_best_in_force(self) -> None:
        if self._best is not None and self._best.step is not None:
            checkpoints.load_best(self._folder, self._module)
            self._serve()
        elif (average := getattr(self._optimizer, "average", None)) is not None:
            average()

    def _serve(self) -> None:
        """Put the average of the best weights in force, where one is asked for."""
        decides, best = self._settings.decides, self._best
        if self._pot is None or decides is None or best is None:
            return
        split = self._settings.deciding_split

        def judge() -> float:
            return _look_up({split: self._hooks.evaluate(split)}, split, decides.output, decides.metric)

        served = self._pot.serve(judge)
        if served is not None:
            self._hooks.emit("log", level="info", message=sentence(served, decides.metric, best.value))


def _look_up(scores: Mapping[str, Scores], split: str, output: str, metric: str) -> float:
    """Return one score. One that was not taken raises: a nan in its place would hide the mistake."""
    try:
        return float(scores[split].values[output][metric])
    except KeyError:
        there = sorted(
            f"{name} of {each} on {where}" for where, s in scores.items() for each, m in s.values.items() for name in m
        )
        raise UserProblem(
            "metric-not-evaluated",
            f"The deciding metric must be among those evaluated; got {metric} of {output} on {split}.",
            path="trainer.validation_metric",
            hint=f"There are: {', '.join(there) or 'none'}.",
        ) from None

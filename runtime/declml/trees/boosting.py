"""The rounds of a boosting: trees, evaluations, checkpoints, early stopping, and news of all that.

It can be killed at any moment: the next call grows the same trees again up to the latest checkpoint, goes on from there
and ends with the same bits.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np

from declml.contracts import Scores
from declml.training.checkpoints import does_not_fit
from declml.training.settings import Hooks, Outcome
from declml.training.stopping import Best
from declml.trees.checkpoint import BoostingState, read_state
from declml.trees.forest import Forest, model_text
from declml.trees.library import lightgbm, listen, refusals_told
from declml.trees.rows import FollowedRows
from declml.trees.settings import BoostingSettings

_NEWS_SECONDS = 0.25  # between `step` events
_QUIET_SECONDS = 2.0  # a checkpoint at an evaluation waits this long after the last one


def boost(
    forest: Forest,
    rows: Mapping[str, FollowedRows],
    settings: BoostingSettings,
    hooks: Hooks,
    *,
    folder: Path,
    resume: bool = False,
) -> Outcome:
    """Grow the trees of ``forest`` on ``rows["training"]`` and leave those of the best round in it.

    ``hooks.evaluate(split)`` reads the answers of ``rows[split]``. ``folder`` gets ``latest.json``, to go on from. With
    ``resume`` the run goes on from there: rows and settings must be those of the first call.

    Raises `UserProblem`: ``missing-package``, ``trees-refused``, ``disk-full``, ``cannot-write``,
    ``checkpoint-corrupt``, ``checkpoint-does-not-fit``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    listen(lambda level, text: hooks.emit("log", level=level, message=text))
    with refusals_told():
        return _Boosting(forest, rows, settings, hooks, folder).run(resume=resume)


class _Boosting:
    """One boosting: the booster, and everything that a checkpoint must hold."""

    def __init__(
        self,
        forest: Forest,
        rows: Mapping[str, FollowedRows],
        settings: BoostingSettings,
        hooks: Hooks,
        folder: Path,
    ) -> None:
        self._forest = forest
        self._rows = rows
        self._settings = settings
        self._hooks = hooks
        self._folder = folder
        self._booster: Any = lightgbm().Booster(params=dict(settings.parameters), train_set=self._dataset())
        self._best = None if settings.decides is None else Best(settings.decides.goal)
        self._round = 0
        self._evaluated = 0
        self._kept_iterations: int | None = None
        self._kept_model: str | None = None  # the trees of the best round, where later rounds change them
        self._begin = self._saved_at = self._told_at = time.perf_counter()
        self._told_round = 0

    def _dataset(self) -> Any:
        training, settings = self._rows["training"], self._settings
        target = training.targets[self._forest.output].cpu().numpy()
        weights = settings.class_weights
        return lightgbm().Dataset(
            training.matrix,
            label=target.astype(np.float32),
            weight=None if weights is None else np.asarray(weights, dtype=np.float32)[target.astype(np.int64)],
            categorical_feature=self._forest.categorical,
            params=dict(settings.parameters),
        )

    # --- the course of a run ------------------------------------------------------------------------------------------

    def run(self, *, resume: bool) -> Outcome:
        state = read_state(self._folder) if resume else None
        self._tell_start()
        if state is not None and not self._grow_again(state):
            return self._finish("interrupted", state.round)
        reason = self._go_on()
        self._save()
        if reason != "interrupted":
            self._forest.put(self._kept_text())
        return self._finish(reason, self._round)

    def _grow_again(self, state: BoostingState) -> bool:
        """Grow the trees of a checkpoint again; return whether it was done, and not interrupted."""
        message = f"Growing the trees of the first {state.round:,} rounds again."
        self._hooks.emit("log", level="info", message=message)
        while self._round < state.round:
            if self._hooks.stop():
                return False
            self._take_round()
            if self._is_due():
                # In the same steps as before: a sum in other steps has other last bits.
                self._follow()
            self._look_at_the_clock(save=False)
        if self._text() != state.model:
            raise does_not_fit("other trees than this machine grows from the same plan and rows")
        self._evaluated = state.evaluated
        self._kept_iterations, self._kept_model = state.kept_iterations, state.kept_model
        if self._best is not None and state.best is not None:
            self._best.load(state.best)
        return True

    def _go_on(self) -> Literal["epochs", "early_stop", "interrupted"]:
        settings = self._settings
        while True:
            # Stopping comes before an evaluation, which can be long; the resumed run starts with it.
            if self._round and self._hooks.stop():
                return "interrupted"
            if self._is_due() and self._evaluated != self._round:
                self._evaluate()
            if (
                self._best is not None
                and settings.patience is not None
                and self._best.rounds_since >= settings.patience
            ):
                return "early_stop"
            if self._round >= settings.rounds:
                return "epochs"
            self._take_round()
            self._look_at_the_clock(save=True)

    def _take_round(self) -> None:
        self._booster.update()
        self._round += 1

    def _is_due(self) -> bool:
        settings = self._settings
        return self._round > 0 and (self._round % settings.rounds_per_evaluation == 0 or self._round == settings.rounds)

    # --- evaluation ---------------------------------------------------------------------------------------------------

    def _follow(self) -> None:
        for split in self._settings.splits:
            self._rows[split].follow(self._booster, additive=self._settings.additive)

    def _evaluate(self) -> None:
        settings = self._settings
        self._follow()
        scores = {"training": Scores(self._training_loss())}
        for split in settings.splits:
            scores[split] = self._hooks.evaluate(split)
        improved = self._judge(scores)
        for split, each in scores.items():
            self._hooks.emit(
                "metrics",
                split=split,
                epoch=self._round,
                step=self._round,
                values=each.values,
                seconds=each.seconds,
                best=improved,
            )
        self._evaluated = self._round
        if time.perf_counter() - self._saved_at >= min(_QUIET_SECONDS, settings.checkpoint_seconds):
            self._save()

    def _judge(self, scores: Mapping[str, Scores]) -> bool:
        """Return whether these trees are the best so far, and note how many they are."""
        decides = self._settings.decides
        if self._best is None or decides is None:
            return False
        values = scores[self._settings.deciding_split].values
        loss = values.get("combined", {}).get("loss", math.inf)
        improved = self._best.offer(float(values[decides.output][decides.metric]), self._round, loss=loss)
        if improved:
            self._kept_iterations = self._booster.current_iteration()
            self._kept_model = None if self._settings.additive else self._text()
        return improved

    def _training_loss(self) -> dict[str, dict[str, float]]:
        """Return LightGBM's loss on the training rows as the loss of the output: it costs no evaluation."""
        settings = self._settings
        loss = float(self._booster.eval_train()[0][2])
        if settings.mean_loss and settings.class_weights is not None:
            target = self._rows["training"].targets[self._forest.output].long().cpu().numpy()
            loss *= float(np.asarray(settings.class_weights)[target].mean())
        if settings.squared:
            loss = math.sqrt(loss)
        return {"combined": {"loss": loss * settings.loss_weight}, self._forest.output: {"loss": loss}}

    # --- news ---------------------------------------------------------------------------------------------------------

    def _look_at_the_clock(self, *, save: bool) -> None:
        """Tell the news and write a checkpoint where it is time: this reads numbers and changes none."""
        now = time.perf_counter()
        if now - self._told_at >= _NEWS_SECONDS:
            speed = (self._round - self._told_round) / (now - self._told_at)
            self._hooks.emit(
                "step",
                epoch=self._round,
                step=self._round,
                loss=self._training_loss()["combined"]["loss"],
                learning_rate=self._settings.parameters["learning_rate"],
                steps_per_second=speed,
                eta_seconds=(self._settings.rounds - self._round) / speed,
            )
            self._told_at, self._told_round = now, self._round
        if save and now - self._saved_at >= self._settings.checkpoint_seconds:
            self._save()

    def _tell_start(self) -> None:
        decides, settings = self._settings.decides, self._settings
        self._hooks.emit(
            "training_started",
            epochs=settings.rounds,
            steps_per_epoch=1,
            total_steps=settings.rounds,
            batch_size=self._rows["training"].rows,
            parameters=0,
            frozen_parameters=0,
            device="cpu",
            threads=settings.parameters["num_threads"],
            optimizer=f"lightgbm {settings.parameters['boosting']}",
            decides={}
            if decides is None
            else {"output": decides.output, "metric": decides.metric, "goal": decides.goal},
        )

    def _finish(self, reason: Literal["epochs", "early_stop", "interrupted"], rounds: int) -> Outcome:
        best = self._best.step if self._best is not None else None
        if reason != "interrupted" and self._best is not None and best is None:
            message = "The deciding metric was never a number, so all trees are kept."
            self._hooks.emit("log", level="warning", message=message)
        outcome = Outcome(
            step=rounds,
            epoch=rounds,
            best_epoch=best,
            best_step=best,
            best_value=None if self._best is None or best is None else self._best.value,
            reason=reason,
            seconds=time.perf_counter() - self._begin,
        )
        self._hooks.emit(
            "training_finished",
            step=outcome.step,
            epoch=outcome.epoch,
            best_epoch=outcome.best_epoch,
            reason=reason,
            seconds=outcome.seconds,
        )
        return outcome

    # --- trees as text ------------------------------------------------------------------------------------------------

    def _text(self) -> str:
        return model_text(self._booster, iterations=self._booster.current_iteration())

    def _kept_text(self) -> str:
        if self._kept_model is not None:
            return self._kept_model
        if self._kept_iterations is None:
            return self._text()
        return model_text(self._booster, iterations=self._kept_iterations)

    def _save(self) -> None:
        state = BoostingState(
            round=self._round,
            evaluated=self._evaluated,
            best=None if self._best is None else self._best.state(),
            kept_iterations=self._kept_iterations,
            kept_model=self._kept_model,
            model=self._text(),
        )
        state.write(self._folder)
        self._saved_at = time.perf_counter()
        is_best = self._best is not None and self._best.step == self._round
        self._hooks.emit("checkpoint", step=self._round, best=is_best)

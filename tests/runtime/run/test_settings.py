"""The `auto` values and defaults of the trainer section, as the loop gets them."""

from __future__ import annotations

from typing import Any

import pytest

from declml.errors import UserProblem
from declml.run.components import Components
from declml.run.settings import batch_size_of, decides_of, settings_of, steps_of
from declml.training.precision import Precision
from declml_schema.check import check
from declml_schema.plan import Plan

HEAD = "input_features: [{name: a, type: number}]\noutput_features: [{name: y, type: binary}%s]\n"


def plan(trainer: str = "", *, more: str = "") -> Plan:
    made = check(HEAD % more + trainer).plan
    assert made is not None
    return made


def settings(trainer: str, *, validation: int = 10) -> Any:
    made = plan(trainer)
    return settings_of(
        made,
        Components(),
        steps=steps_of(made.trainer, 10),
        batch_size=32,
        rows={"training": 320, "validation": validation, "test": 0},
        precision=Precision(),
    )


@pytest.mark.parametrize(
    ("rows", "size"), [(1, 16), (1_600, 16), (1_601, 32), (5_600, 64), (34_000, 512), (10_000_000, 512)]
)
def test_the_automatic_batch_size_makes_about_a_hundred_batches(rows: int, size: int) -> None:
    assert batch_size_of(plan().trainer, rows) == size


def test_one_output_decides_by_its_own_metric_and_several_by_the_loss_of_all() -> None:
    one, several = plan(), plan(more=", {name: z, type: number}")
    assert decides_of(one, Components()).metric == "roc_auc"
    assert (decides_of(several, Components()).output, decides_of(several, Components()).goal) == (
        "combined",
        "minimize",
    )


def test_without_validation_rows_nothing_decides() -> None:
    assert settings("", validation=0).decides is None
    assert settings("", validation=0).splits == ()


@pytest.mark.parametrize(
    ("trainer", "rates"),
    [
        ("trainer: {epochs: 2, learning_rate: 0.1}", [1, 1, 1]),
        ("trainer: {epochs: 2, learning_rate_scheduler: {decay: linear}}", [1, 0.95, 0.9]),
        ("trainer: {epochs: 2, learning_rate_scheduler: {warmup_fraction: 0.5}}", [1 / 11, 2 / 11, 3 / 11]),
    ],
)
def test_the_schedule_follows_its_section(trainer: str, rates: list[float]) -> None:
    schedule = settings(trainer).schedule
    assert [schedule(step) for step in range(3)] == pytest.approx(rates)


def test_regularization_and_clipping_reach_the_loop() -> None:
    found = settings(
        "trainer: {regularization_type: l1_l2, regularization_lambda: 0.5, gradient_clipping: {clipvalue: 2.0}}"
    )
    assert (found.l1, found.l2, found.clipping.value, found.clipping.global_norm) == (0.5, 0.5, 2.0, 0.5)
    assert settings("trainer: {gradient_clipping: null, early_stop: -1}").clipping.global_norm is None
    assert settings("trainer: {early_stop: -1}").patience is None


def test_a_plateau_is_judged_by_the_goal_of_its_own_metric() -> None:
    scheduler = "reduce_on_plateau: 1, reduce_eval_split: validation, reduce_eval_metric: log_loss"
    made = settings(f"trainer: {{validation_metric: roc_auc, learning_rate_scheduler: {{{scheduler}}}}}")
    assert (made.decides.metric, made.decides.goal) == ("roc_auc", "maximize")
    assert (made.plateau.metric, made.plateau.goal) == ("log_loss", "minimize")


def test_a_plateau_of_the_training_loss_acts_without_validation_rows() -> None:
    made = settings("trainer: {learning_rate_scheduler: {reduce_on_plateau: 1}}", validation=0)
    assert (made.plateau.split, made.plateau.output, made.plateau.metric) == ("training", "combined", "loss")


def test_a_plateau_of_what_is_never_evaluated_is_refused() -> None:
    scheduler = "learning_rate_scheduler: {reduce_on_plateau: 1, reduce_eval_split: validation}"
    with pytest.raises(UserProblem, match="reduce_on_plateau must watch a metric that is evaluated"):
        settings(f"trainer: {{{scheduler}}}", validation=0)


def test_a_plateau_of_a_metric_that_the_combined_loss_does_not_have_is_refused() -> None:
    scheduler = "reduce_on_plateau: 1, reduce_eval_split: validation, reduce_eval_metric: r2"
    outputs = plan(f"trainer: {{learning_rate_scheduler: {{{scheduler}}}}}", more=", {name: z, type: number}")
    with pytest.raises(UserProblem, match="reduce_eval_metric must be loss where the loss of all outputs decides"):
        settings_of(
            outputs,
            Components(),
            steps=steps_of(outputs.trainer, 10),
            batch_size=32,
            rows={"training": 320, "validation": 10, "test": 0},
            precision=Precision(),
        )

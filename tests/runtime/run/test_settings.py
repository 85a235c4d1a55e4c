"""The `auto` values and defaults of the trainer section, as the loop gets them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from declml.errors import UserProblem
from declml.run.automatic import EVALUATIONS, automatic, sized
from declml.run.components import Components
from declml.run.settings import decides_of, settings_of, steps_of
from declml.training.precision import Precision
from declml_schema.check import check
from declml_schema.plan import Plan

HEAD = "input_features: [{name: a, type: number}]\noutput_features: [{name: y, type: binary}%s]\n"


def plan(trainer: str = "", *, more: str = "", head: str = HEAD, rows: int = 320) -> Plan:
    """Return a plan whose trainer has every `auto` decided."""
    made = check((head % more if "%s" in head else head) + trainer).plan
    assert made is not None
    return replace(made, trainer=automatic(made, Components(), rows))


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


TEXT = (
    "input_features: [{name: a, type: number}, {name: t, type: text%s}]\noutput_features: [{name: y, type: binary}]\n"
)
BERT = ", encoder: {type: bert, trainable: true}"


@pytest.mark.parametrize(
    ("rows", "size"), [(1, 256), (32_768, 256), (32_769, 512), (131_072, 512), (131_073, 1024), (10_000_000, 1024)]
)
def test_the_automatic_batch_of_a_table_grows_with_its_rows(rows: int, size: int) -> None:
    assert plan(rows=rows).trainer["batch_size"] == size


@pytest.mark.parametrize(("rows", "size"), [(1, 16), (2_049, 32), (5_600, 64), (10_000_000, 512)])
def test_texts_come_in_smaller_batches(rows: int, size: int) -> None:
    assert plan(head=TEXT, rows=rows).trainer["batch_size"] == size


def test_the_automatic_rate_is_that_of_the_most_delicate_encoder_that_trains() -> None:
    assert plan().trainer["learning_rate"] == 0.002
    assert plan(head=TEXT).trainer["learning_rate"] == 0.001
    assert plan(head=TEXT, more=BERT).trainer["learning_rate"] == 0.00002
    assert plan(head=TEXT, more=BERT.replace("true", "false")).trainer["learning_rate"] == 0.002
    assert plan("trainer: {learning_rate: 0.5}", head=TEXT, more=BERT).trainer["learning_rate"] == 0.5


@pytest.mark.parametrize(("batch", "rate"), [(64, 0.002), (256, 0.002), (512, 0.004), (1024, 0.008), (8192, 0.008)])
def test_the_automatic_rate_of_a_table_grows_with_its_batch(batch: int, rate: float) -> None:
    assert plan(f"trainer: {{batch_size: {batch}}}").trainer["learning_rate"] == rate
    assert plan(f"trainer: {{batch_size: {batch}}}", head=TEXT).trainer["learning_rate"] == 0.001


def test_the_automatic_rate_fits_the_automatic_batch() -> None:
    assert plan(rows=200_000).trainer["learning_rate"] == 0.008


@pytest.mark.parametrize("rows", [30, 300, 3_000, 30_000, 300_000])
def test_a_table_is_trained_for_thousands_of_steps_and_evaluated_at_most_so_often(rows: int) -> None:
    trainer = plan(rows=rows).trainer
    steps = steps_of(trainer, -(-rows // trainer["batch_size"]))
    assert 1_600 <= steps.total * trainer["batch_size"] / 256 <= 7_200
    evaluations = sum(steps.evaluates_after(step) for step in range(1, steps.total + 1))
    assert min(6, trainer["epochs"]) <= evaluations <= EVALUATIONS
    assert 5 <= trainer["early_stop"] <= evaluations


def test_declared_epochs_are_evaluated_one_by_one() -> None:
    steps = steps_of(plan("trainer: {epochs: 300}", rows=30).trainer, 1)
    assert steps.total == 300
    assert all(steps.evaluates_after(step) for step in range(1, 301))


@pytest.mark.parametrize(
    ("rows", "epochs", "patience"), [(300_000, 30, 5), (30, 9, 5), (30, 300, 100), (2_560, 300, 50), (2_560, 60, 20)]
)
def test_declared_epochs_have_ludwigs_patience_or_a_longer_one_where_they_are_short(
    rows: int, epochs: int, patience: int
) -> None:
    assert plan(f"trainer: {{epochs: {epochs}, batch_size: 256}}", rows=rows).trainer["early_stop"] == patience


def test_declared_steps_have_a_third_of_their_evaluations() -> None:
    trainer = plan("trainer: {train_steps: 1800, batch_size: 256}", rows=2_560).trainer
    steps = steps_of(trainer, 10)
    evaluations = sum(steps.evaluates_after(step) for step in range(1, 1_801))
    assert trainer["early_stop"] == evaluations // 3 > 5


def test_an_output_of_classes_is_decided_by_the_loss_which_tells_more_than_hits() -> None:
    made = plan(head=HEAD.replace("binary", "category"))
    assert (decides_of(made, Components()).metric, decides_of(made, Components()).goal) == ("loss", "minimize")


def test_long_texts_and_pretrained_encoders_take_few_epochs() -> None:
    assert plan(head=TEXT).trainer["epochs"] == 20
    assert plan(head=TEXT, more=BERT).trainer["epochs"] == 5


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
        ("trainer: {epochs: 2, learning_rate_scheduler: {decay: null, warmup_fraction: 0.0}}", [1, 1, 1]),
        ("trainer: {epochs: 2, learning_rate_scheduler: {decay: linear, warmup_fraction: 0.0}}", [1, 0.95, 0.9]),
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
    assert (found.l1, found.l2, found.clipping.value, found.clipping.global_norm) == (0.5, 0.5, 2.0, 1.0)
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


@pytest.mark.parametrize(
    ("trainer", "expected"),
    [
        ("{}", (256, 1)),
        ("{batch_size: 32, gradient_accumulation_steps: 3}", (32, 3)),
        ("{max_batch_size: 100}", (100, 1)),
        ("{effective_batch_size: 128, batch_size: 32}", (32, 4)),
        ("{effective_batch_size: 128, gradient_accumulation_steps: 2}", (64, 2)),
        ("{effective_batch_size: 1024}", (256, 4)),
        ("{effective_batch_size: 64}", (64, 1)),
    ],
)
def test_the_rows_of_a_step_are_batches_times_their_rows(trainer: str, expected: tuple[int, int]) -> None:
    decided = plan(f"trainer: {trainer}").trainer
    assert (decided["batch_size"], decided["gradient_accumulation_steps"]) == expected


@pytest.mark.parametrize(
    "trainer",
    [
        "{effective_batch_size: 100, batch_size: 32}",
        "{effective_batch_size: 100, batch_size: 32, gradient_accumulation_steps: 2}",
        "{effective_batch_size: 7, gradient_accumulation_steps: 2}",
    ],
)
def test_rows_of_a_step_that_do_not_fit_are_a_problem(trainer: str) -> None:
    with pytest.raises(UserProblem, match="effective_batch_size must be batch_size times"):
        plan(f"trainer: {trainer}")


def test_losses_are_balanced_as_the_trainer_says() -> None:
    assert settings("trainer: {}").balancing is None
    balancing = settings(
        "trainer: {loss_balancing: pareto_mtl, loss_balancing_preference_vector: [2.0],"
        " loss_balancing_tchebycheff_weight: 0.25}"
    ).balancing
    assert (balancing.strategy, balancing.preferences, balancing.worst) == ("pareto_mtl", (2.0,), 0.25)
    with pytest.raises(UserProblem, match="for each of the 1 outputs"):
        settings("trainer: {loss_balancing: pareto_mtl, loss_balancing_preference_vector: [0.5, 0.5]}")


def test_a_soup_needs_evaluations() -> None:
    soup = settings("trainer: {model_soup: greedy, model_soup_top_k: 2}").soup
    assert (soup.kind, soup.most) == ("greedy", 2)
    assert settings("trainer: {}").soup is None
    with pytest.raises(UserProblem, match="model_soup must have evaluations"):
        settings("trainer: {model_soup: uniform, skip_all_evaluation: true}")


@pytest.mark.parametrize(
    ("rows", "more", "size", "added"),
    [(320, "", 320, 1), (8_193, "", 4_097, 2), (100_000, ", max_batch_size: 1000", 1_000, 100)],
)
def test_optimizers_that_measure_their_steps_take_all_rows_in_each(rows: int, more: str, size: int, added: int) -> None:
    for name in ("lbfgs", "rprop"):
        trainer = plan(f"trainer: {{optimizer: {{type: {name}}}{more}}}\n", rows=rows).trainer
        assert (trainer["batch_size"], trainer["gradient_accumulation_steps"]) == (size, added)
        assert trainer["learning_rate"] == 1.0 or name == "rprop"
    given = plan("trainer: {optimizer: {type: lbfgs}, batch_size: 64, learning_rate: 0.5}\n", rows=rows).trainer
    assert (given["batch_size"], given["gradient_accumulation_steps"], given["learning_rate"]) == (64, 1, 0.5)
    added_up = plan("trainer: {optimizer: {type: lbfgs}, gradient_accumulation_steps: 2}\n", rows=rows).trainer
    assert added_up["gradient_accumulation_steps"] == 2
    assert added_up["batch_size"] == -(-rows // 2)


GROWING = "increase_batch_size_on_plateau: 2, increase_batch_size_eval_metric: accuracy"


def test_what_batches_grow_by_is_evaluated() -> None:
    grown = settings(f"trainer: {{{GROWING}, increase_batch_size_on_plateau_patience: 3, max_batch_size: 99}}\n")
    assert grown.growth.largest == 99
    watch = grown.growth.watch
    assert (watch.reductions, watch.patience, watch.rate) == (2, 3, 2.0)
    assert (watch.split, watch.output, watch.metric, watch.goal) == ("training", "y", "accuracy", "maximize")
    assert grown.splits == ("training", "validation")
    assert settings("trainer: {epochs: 2}\n").growth is None
    plain = settings("trainer: {increase_batch_size_on_plateau: 1}\n")
    assert (plain.growth.watch.output, plain.growth.watch.metric) == ("combined", "loss")
    assert plain.splits == ("validation",)


def test_a_plateau_on_rows_that_are_not_there_is_refused() -> None:
    with pytest.raises(UserProblem, match="the split test, which has none"):
        settings(f"trainer: {{{GROWING}, increase_batch_size_eval_split: test}}\n")
    with pytest.raises(UserProblem, match="increase_batch_size_on_plateau must watch a metric") as caught:
        settings(f"trainer: {{{GROWING}}}\n", validation=0)
    assert caught.value.path == "trainer.increase_batch_size_on_plateau"
    lowered = "{reduce_on_plateau: 1, reduce_eval_metric: accuracy, reduce_eval_split: training}"
    assert settings(f"trainer: {{learning_rate_scheduler: {lowered}}}\n").splits == ("training", "validation")


@pytest.mark.parametrize(
    ("trainer", "expected"),
    [
        ("", ("combined", "loss", "minimize")),
        ("validation_metric: r2", ("n", "r2", "maximize")),
        ("validation_metric: roc_auc", ("y", "roc_auc", "maximize")),
        ("validation_metric: mean_absolute_error", ("n", "mean_absolute_error", "minimize")),
        ("validation_metric: loss", ("combined", "loss", "minimize")),
        ("validation_field: combined, validation_metric: loss", ("combined", "loss", "minimize")),
        ("validation_field: n, validation_metric: loss", ("n", "loss", "minimize")),
        ("validation_field: n", ("n", "mean_absolute_error", "minimize")),
        ("validation_field: c, validation_metric: accuracy", ("c", "accuracy", "maximize")),
        ("validation_metric: accuracy", ("y", "accuracy", "maximize")),
    ],
)
def test_any_metric_of_any_output_decides_by_its_name(trainer: str, expected: tuple[str, str, str]) -> None:
    head = (
        "input_features: [{name: a, type: number}]\n"
        "output_features: [{name: 'y', type: binary}, {name: 'n', type: number}, {name: c, type: category}]\n"
    )
    decides = decides_of(plan(f"trainer: {{{trainer}}}\n", head=head), Components())
    assert (decides.output, decides.metric, decides.goal) == expected


@pytest.mark.parametrize(
    ("rows", "submodels", "width"), [(1, 8, 128), (8_192, 8, 128), (8_193, 4, 128), (32_768, 4, 128), (32_769, 2, 256)]
)
def test_many_rows_get_fewer_and_wider_networks(rows: int, submodels: int, width: int) -> None:
    parameters = sized(plan(), Components(), rows).combiner.parameters
    assert (parameters["num_submodels"], parameters["output_size"]) == (submodels, width)


def test_what_a_config_says_of_its_networks_stays() -> None:
    parameters = sized(plan("combiner: {type: tabm, num_submodels: 5}\n"), Components(), 100_000).combiner.parameters
    assert (parameters["num_submodels"], parameters["output_size"]) == (5, 256)


def test_another_combiner_does_not_depend_on_the_rows() -> None:
    made = plan("combiner: {type: concat}\n")
    assert sized(made, Components(), 1_000_000) is made


def test_networks_that_fit_many_rows_are_trained_for_more_steps() -> None:
    rows = 65_536
    steps = {
        said: plan(said, rows=rows).trainer["epochs"]
        for said in ("", "combiner: {type: tabm, num_submodels: 8}\n", "combiner: {type: concat}\n")
    }
    assert list(steps.values()) == [20, 10, 10]

"""From a trainer section, its `auto` values decided, to the loop's flat settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from declml.contracts import Decides, Emit
from declml.errors import UserProblem
from declml.run.components import Components, trees
from declml.training.balancing import Balancing
from declml.training.course import Growth
from declml.training.gradients import Clipping
from declml.training.precision import Precision
from declml.training.profiling import Profiling
from declml.training.schedule import Plateau, Steps, count_steps, warm_up, warmup_steps
from declml.training.settings import Settings
from declml.training.soup import Soup
from declml_schema.plan import Plan, Values

_EVALUATION_BATCH = 512


def evaluation_batch_size(trainer: Values, batch_size: int) -> int:
    """Return the rows of a batch without gradients: as declared, else at least 512, which no small model notices."""
    declared = trainer["eval_batch_size"]
    if isinstance(declared, int):
        return declared
    return max(batch_size, _EVALUATION_BATCH)


def decides_of(plan: Plan, components: Components) -> Decides:
    """Return the number that picks the best weights: as declared, else the only output's own metric, else the loss of
    all.
    """
    trainer = plan.trainer
    field, metric = trainer["validation_field"], trainer["validation_metric"]
    if field is None:
        field = plan.outputs[0].name if len(plan.outputs) == 1 else _first_with(metric, plan, components)
    if field == "combined":
        return Decides("combined", "loss", "minimize")
    output = next(each for each in plan.outputs if each.name == field)
    if metric is None:
        metric = output.parameters.get("default_validation_metric")
    if metric is None:
        metric = components.get("output", output.type).facts.get("default_metric", "loss")
    if metric == "loss":
        return Decides(field, "loss", "minimize")
    goal = components.goal_of(metric, output.type)
    return Decides(field, metric, goal)


def _first_with(metric: str | None, plan: Plan, components: Components) -> str:
    """Return the first output that has a metric, as Ludwig does; ``combined`` for the loss, which all have."""
    if metric is None:
        return "combined"
    return next((each.name for each in plan.outputs if metric in components.names("metric", each.type)), "combined")


def steps_of(trainer: Values, batches_per_epoch: int) -> Steps:
    """Return how long the training is at most."""
    return count_steps(
        batches_per_epoch,
        epochs=trainer["epochs"],
        train_steps=trainer["train_steps"],
        accumulate=trainer["gradient_accumulation_steps"],
        evaluations_per_epoch=trainer["checkpoints_per_epoch"],
        steps_per_evaluation=trainer["steps_per_checkpoint"],
        epochs_per_evaluation=trainer["epochs_per_checkpoint"],
    )


def settings_of(
    plan: Plan, components: Components, *, steps: Steps, batch_size: int, rows: Mapping[str, int], precision: Precision
) -> Settings:
    """Return the settings of the loop; ``plan.trainer`` is as `declml.run.automatic.automatic` gives it.

    Without validation rows the training loss decides nothing and the last weights stay.
    """
    trainer = plan.trainer
    scheduler: Mapping[str, Any] = trainer["learning_rate_scheduler"] or {}
    kind = trainer["regularization_type"]
    weight = float(trainer["regularization_lambda"]) if kind else 0.0
    clipping = trainer["gradient_clipping"] or {}
    evaluated = () if trainer["skip_all_evaluation"] or not rows["validation"] else ("validation",)
    if trainer["evaluate_training_set"] and evaluated:
        evaluated = ("training", *evaluated)
    decides = decides_of(plan, components) if evaluated else None
    plateau, growth = _plateau(scheduler, decides, plan, components), _growth(decides, plan, components)
    evaluated = _with_watched(evaluated, [plateau, growth.watch if growth else None], rows)
    return Settings(
        steps=steps,
        batch_size=batch_size,
        learning_rate=trainer["learning_rate"],
        schedule=_schedule(scheduler, components, steps, trainer["learning_rate"]),
        seed=trainer["seed"],
        plateau=plateau,
        growth=growth,
        clipping=Clipping(clipping.get("clipglobalnorm"), clipping.get("clipnorm"), clipping.get("clipvalue")),
        l1=weight if kind in {"l1", "l1_l2"} else 0.0,
        l2=weight if kind in {"l2", "l1_l2"} else 0.0,
        splits=evaluated,
        decides=decides,
        patience=None if trainer["early_stop"] < 0 else trainer["early_stop"],
        precision=precision,
        balancing=_balancing(plan),
        soup=_soup(trainer, decides),
        shuffle=trainer["should_shuffle"],
        compile=trainer["compile"],
    )


def _balancing(plan: Plan) -> Balancing | None:
    trainer = plan.trainer
    if trainer["loss_balancing"] == "none":
        return None
    preferences = trainer["loss_balancing_preference_vector"]
    fits = preferences is None or (len(preferences) == len(plan.outputs) and min(preferences) >= 0 < sum(preferences))
    if not fits:
        raise UserProblem(
            "unfit-preferences",
            f"loss_balancing_preference_vector must have a number >= 0 for each of the {len(plan.outputs)} outputs, not"
            f" all of them 0; got {preferences}.",
            path="trainer.loss_balancing_preference_vector",
        )
    return Balancing(
        strategy=trainer["loss_balancing"],
        alpha=trainer["loss_balancing_alpha"],
        rate=trainer["loss_balancing_lr"],
        preferences=None if preferences is None else tuple(preferences),
        worst=trainer["loss_balancing_tchebycheff_weight"],
    )


def profiling_of(trainer: Values) -> Profiling | None:
    """Return which steps are recorded, None for none."""
    if not trainer["enable_profiling"]:
        return None
    asked = trainer["profiler"]
    return Profiling(
        wait=asked["wait"], warmup=asked["warmup"], active=asked["active"], repeat=asked["repeat"],
        skip_first=asked["skip_first"],
    )  # fmt: skip


def _soup(trainer: Values, decides: Decides | None) -> Soup | None:
    kind = trainer["model_soup"]
    if kind is None:
        return None
    if decides is None:
        raise UserProblem(
            "soup-unjudged",
            "model_soup must have evaluations to find the best weights by; got none: no row is for validation, or"
            " skip_all_evaluation is set.",
            path="trainer.model_soup",
        )
    return Soup(kind, trainer["model_soup_top_k"])


def settings_of_looks(settings: Settings, emit: Emit) -> Settings:
    """Return ``settings`` for an optimizer that looks at the loss of a step several times, and tell what does nothing.

    Raises `UserProblem` where that loss would not be the same each time.
    """
    balancing = settings.balancing
    if balancing is not None and balancing.strategy != "log_transform":
        raise UserProblem(
            "moving-loss",
            "loss_balancing must be none or log_transform with an optimizer that measures its steps by the loss; got"
            f" {balancing.strategy}, which weighs the losses anew at each look.",
            path="trainer.loss_balancing",
            hint="Give the outputs' losses a weight each, or take another optimizer.",
        )
    if settings.clipping != Clipping():
        message = "gradient_clipping does nothing with this optimizer: it measures its steps by the loss itself."
        emit("log", level="info", message=message)
        settings = replace(settings, clipping=Clipping())
    if settings.precision.scaled:
        note = "Mixed precision is not used: this optimizer needs gradients in their own scale."
        settings = replace(settings, precision=Precision(note=note))
    return settings


def watched_metrics(plan: Plan) -> set[str]:
    """Return the metrics that plateaus are judged by, besides the one that decides."""
    trainer = plan.trainer
    scheduler: Mapping[str, Any] = trainer.get("learning_rate_scheduler") or {}
    watched = {str(scheduler["reduce_eval_metric"])} if scheduler.get("reduce_on_plateau") else set[str]()
    if trainer.get("increase_batch_size_on_plateau"):
        watched.add(str(trainer["increase_batch_size_eval_metric"]))
    return watched - {"loss"}  # which is always there


_SECTION_KEYS = (
    "decay",
    "reduce_on_plateau",
    "reduce_on_plateau_patience",
    "reduce_on_plateau_rate",
    "reduce_eval_metric",
    "reduce_eval_split",
    "warmup_evaluations",
    "warmup_fraction",
)


def _schedule(scheduler: Mapping[str, Any], components: Components, steps: Steps, learning_rate: float) -> Any:
    warm = warmup_steps(
        steps, fraction=scheduler.get("warmup_fraction", 0.0), evaluations=scheduler.get("warmup_evaluations", 0)
    )
    build = components.build("schedule", scheduler.get("decay") or "none")
    schedule = build(
        total_steps=max(1, steps.total - warm),
        steps_per_epoch=steps.per_epoch,
        learning_rate=learning_rate,
        **trees(scheduler, *_SECTION_KEYS),
    )
    return warm_up(schedule, warm)


def _plateau(
    scheduler: Mapping[str, Any], decides: Decides | None, plan: Plan, components: Components
) -> Plateau | None:
    if not scheduler.get("reduce_on_plateau"):
        return None
    section = "trainer.learning_rate_scheduler"
    metric, split = scheduler["reduce_eval_metric"], scheduler["reduce_eval_split"]
    output = _watched(metric, split, decides, f"{section}.reduce_on_plateau", f"{section}.reduce_eval_metric")
    return Plateau(
        reductions=scheduler["reduce_on_plateau"],
        patience=scheduler["reduce_on_plateau_patience"],
        rate=scheduler["reduce_on_plateau_rate"],
        split=split,
        output=output,
        metric=metric,
        goal=_goal(plan, components, output, metric),
    )


def _with_watched(
    evaluated: tuple[str, ...], plateaus: Sequence[Plateau | None], rows: Mapping[str, int]
) -> tuple[str, ...]:
    """Return the splits to evaluate with those that plateaus are judged on; the training loss is told without."""
    for each in plateaus:
        if each is None or each.split in evaluated or (each.split, each.metric) == ("training", "loss"):
            continue
        if not rows[each.split]:
            raise UserProblem(
                "plateau-unwatched",
                f"A plateau must be judged on rows that are there; got the split {each.split}, which has none.",
                path="trainer",
                hint="Watch another split with reduce_eval_split or increase_batch_size_eval_split.",
            )
        evaluated = (each.split, *evaluated) if each.split == "training" else (*evaluated, each.split)
    return evaluated


def _growth(decides: Decides | None, plan: Plan, components: Components) -> Growth | None:
    trainer = plan.trainer
    if not trainer["increase_batch_size_on_plateau"]:
        return None
    metric, split = trainer["increase_batch_size_eval_metric"], trainer["increase_batch_size_eval_split"]
    output = _watched(
        metric, split, decides, "trainer.increase_batch_size_on_plateau", "trainer.increase_batch_size_eval_metric"
    )
    watch = Plateau(
        reductions=trainer["increase_batch_size_on_plateau"],
        patience=trainer["increase_batch_size_on_plateau_patience"],
        rate=trainer["increase_batch_size_on_plateau_rate"],
        split=split,
        output=output,
        metric=metric,
        goal=_goal(plan, components, output, metric),
    )
    return Growth(watch=watch, largest=trainer["max_batch_size"])


def _watched(metric: str, split: str, decides: Decides | None, path: str, metric_path: str) -> str:
    """Return the output whose metric a plateau is judged by; a `UserProblem` where nobody takes that metric."""
    is_loss = metric == "loss"
    asks, names = path.rpartition(".")[2], metric_path.rpartition(".")[2]
    # Without evaluations there is still the training loss to watch, and nothing else.
    if decides is None and not (is_loss and split == "training"):
        raise UserProblem(
            "plateau-unwatched",
            f"{asks} must watch a metric that is evaluated; got {metric} on {split},"
            " and nothing is evaluated: no row is for validation, or skip_all_evaluation is set.",
            path=path,
            hint=f"Watch the training loss ({names}: loss, {names.replace('metric', 'split')}: training), or evaluate.",
        )
    output = "combined" if is_loss or decides is None else decides.output
    if output == "combined" and not is_loss:
        raise UserProblem(
            "plateau-unwatched",
            f"{names} must be loss where the loss of all outputs decides; got {metric}.",
            path=metric_path,
            hint="Name the output that has this metric: validation_field: OUTPUT.",
        )
    return output


def _goal(plan: Plan, components: Components, output: str, metric: str) -> Literal["maximize", "minimize"]:
    if output == "combined" or metric == "loss":
        return "minimize"
    return components.goal_of(metric, plan.feature(output).type)

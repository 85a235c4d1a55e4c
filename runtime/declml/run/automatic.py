"""What the `auto` values of a trainer become once the training rows are known.

``tests/benchmarks/quality.py --tune`` judges them. What they rest on: the steps that a network takes to its best
weights grow much more slowly than the rows do, about with their square root; more evaluations than a few tens find no
better weights.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from declml.errors import UserProblem
from declml.run.components import Components
from declml.run.settings import steps_of
from declml_schema.plan import Choice, InputFeature, Plan, Values

EVALUATIONS = 40
"""Evaluations of an automatic training at most; each epoch has one where there are fewer epochs."""

_TABLE: Mapping[str, float] = {"learning_rate": 0.002, "batch_rows": 256}
_FEWEST_STEPS, _MOST_STEPS, _STEPS = 1600, 2400, 40
_FEWEST_EPOCHS = 6
_ROWS_A_STEP = 256
_PATIENCE = 5
_PATIENT_STEPS = 500
_MOST_GROWTH = 4.0
_MOST_ROWS = 8192  # of a batch, where a step takes all rows


def automatic(plan: Plan, components: Components, rows: int) -> Values:
    """Return the trainer section with every ``auto`` decided for so many training rows, but those of the machine."""
    trainer = plan.trainer
    paces = list(_paces(plan, components))
    own: Mapping[str, Any] = components.facts_of("optimizer", str(trainer["optimizer"]["type"])).get("pace", {})
    decided: dict[str, Any] = {}
    if trainer["batch_size"] == "auto" and own.get("all_rows"):
        decided |= _all_rows(trainer, rows)
    elif trainer["batch_size"] == "auto":
        size = _batch_size(rows, int(min(each["batch_rows"] for each in paces)))
        decided["batch_size"] = min(size, trainer["max_batch_size"])
    if trainer["learning_rate"] == "auto" and "learning_rate" in own:
        decided["learning_rate"] = own["learning_rate"]
    elif trainer["learning_rate"] == "auto":
        rate = min(each["learning_rate"] for each in paces)
        decided["learning_rate"] = rate * _growth(decided.get("batch_size", trainer["batch_size"]), paces)
    if trainer["epochs"] == "auto":
        longest = [int(each["epochs"]) for each in paces if "epochs" in each]
        decided["epochs"] = min(longest) if longest else _epochs(rows, _most_steps(plan, components, rows))
        if not trainer["checkpoints_per_epoch"] and not trainer["steps_per_checkpoint"]:
            decided["epochs_per_checkpoint"] = math.ceil(decided["epochs"] / EVALUATIONS)
    if "gradient_accumulation_steps" not in decided:
        decided |= _accumulation(trainer, decided.get("batch_size", trainer["batch_size"]))
    whole = {"epochs_per_checkpoint": 1, **trainer, **decided}
    if trainer["early_stop"] == "auto":
        whole["early_stop"] = _patience(whole, rows, is_declared="epochs" not in decided)
    return whole


def _patience(trainer: Values, rows: int, *, is_declared: bool) -> int:
    """Return the evaluations without improvement that end a training: a third of all, as a rate that falls to the end
    finds better weights late. Of a declared length Ludwig's five, but those of `_PATIENT_STEPS` where they are short.
    """
    steps = steps_of(trainer, math.ceil(max(rows, 1) / trainer["batch_size"]))
    third = steps.total // steps.per_evaluation // 3
    patient = math.ceil(_PATIENT_STEPS / steps.per_evaluation) if is_declared else third
    return max(_PATIENCE, min(third, patient))


def _all_rows(trainer: Values, rows: int) -> dict[str, int]:
    """Return the batches in which a step takes all rows, added up where they are many.

    An optimizer that measures its steps is misled by rows that change from one step to the next.
    """
    steps = trainer["gradient_accumulation_steps"]
    if trainer["effective_batch_size"] != "auto" or steps != "auto":
        size = math.ceil(rows / (1 if steps == "auto" else steps))
        return {"batch_size": min(max(size, 1), trainer["max_batch_size"])}
    batches = max(1, math.ceil(rows / min(_MOST_ROWS, trainer["max_batch_size"])))
    return {"batch_size": max(1, math.ceil(rows / batches)), "gradient_accumulation_steps": batches}


def sized(plan: Plan, components: Components, rows: int) -> Plan:
    """Return the plan with a combiner whose `auto` parameters fit so many training rows."""
    chosen = plan.combiner.parameters
    found = _by_rows(plan, components, rows).get("parameters", {})
    decided = {name: value for name, value in found.items() if chosen[name] == "auto"}
    return replace(plan, combiner=Choice(plan.combiner.type, {**chosen, **decided})) if decided else plan


def _by_rows(plan: Plan, components: Components, rows: int) -> Mapping[str, Any]:
    """Return what the combiner's facts say for so many training rows; nothing for one that does not depend on them."""
    fitting = (each for each in components.facts_of("combiner", plan.combiner.type).get("by_rows", ()))
    return max((each for each in fitting if rows > each["above"]), key=lambda each: each["above"], default={})


def _most_steps(plan: Plan, components: Components, rows: int) -> int:
    found = _by_rows(plan, components, rows)
    is_free = all(plan.combiner.parameters[name] == "auto" for name in found.get("parameters", {}))
    return found.get("most_steps", _MOST_STEPS) if is_free else _MOST_STEPS


def _growth(batch_size: int, paces: Sequence[Mapping[str, float]]) -> float:
    """Return how much larger the rate of a table is for larger batches: as much as they are, within bounds.

    Goyal et al.: Accurate, Large Minibatch SGD (2017, arXiv:1706.02677), section 2.1. What has a pace of its own, such
    as a text, keeps its rate.
    """
    if any(each["learning_rate"] != _TABLE["learning_rate"] for each in paces):
        return 1.0
    return min(max(batch_size / _TABLE["batch_rows"], 1.0), _MOST_GROWTH)


def _accumulation(trainer: Values, batch_size: int) -> dict[str, int]:
    """Return how many batches make a step, and how large they are, where ``effective_batch_size`` says so.

    A `UserProblem` where the numbers do not fit each other.
    """
    whole, steps = trainer["effective_batch_size"], trainer["gradient_accumulation_steps"]
    if whole == "auto":
        return {"gradient_accumulation_steps": 1 if steps == "auto" else steps}
    if trainer["batch_size"] == "auto":
        number = math.ceil(whole / batch_size) if steps == "auto" else steps
        batch_size = max(1, whole // number)
    else:
        number = max(1, whole // batch_size) if steps == "auto" else steps
    if batch_size * number != whole:
        raise UserProblem(
            "unfit-batches",
            "effective_batch_size must be batch_size times gradient_accumulation_steps; got"
            f" {whole}, {batch_size} and {number}.",
            path="trainer.effective_batch_size",
            hint="Leave batch_size or gradient_accumulation_steps to `auto`.",
        )
    return {"gradient_accumulation_steps": number, "batch_size": batch_size}


def _paces(plan: Plan, components: Components) -> Iterator[Mapping[str, float]]:
    """Yield the pace of each input: its encoder's while that trains, else that of its type, else that of tables."""
    for feature in plan.inputs:
        yield {**_TABLE, **_pace(feature, components)}


def _pace(feature: InputFeature, components: Components) -> Mapping[str, float]:
    facts = components.facts_of("encoder", feature.encoder.type, feature.type)
    pretrained: bool = feature.encoder.parameters.get("use_pretrained", True)
    of_encoder = facts.get("pace" if pretrained else "pace_from_scratch")
    if of_encoder is None:
        return components.facts_of("input", feature.type).get("pace", {})
    return of_encoder if feature.encoder.parameters.get("trainable", True) else {}


def _batch_size(rows: int, smallest: int) -> int:
    """Return a power of two: the smallest for few rows, then one that makes 128 batches or more, 1,024 at most."""
    largest = 1024 if smallest >= _ROWS_A_STEP else 512
    size = smallest
    while size < largest and size * max(128, size // 2) < rows:
        size *= 2
    return size


def _epochs(rows: int, most_steps: int) -> int:
    steps = min(max(_STEPS * math.sqrt(rows), _FEWEST_STEPS), most_steps)
    return max(_FEWEST_EPOCHS, math.ceil(steps / math.ceil(max(rows, 1) / _ROWS_A_STEP)))

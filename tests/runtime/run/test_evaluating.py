"""Which metrics an output is measured by: those that were named, and by default those that can say something."""

from __future__ import annotations

from typing import Any

import pytest

from declml.contracts import Model
from declml.run.components import Components
from declml.run.evaluating import Evaluator
from declml_schema.check import check

CONFIG = "input_features: [{name: a, type: number}]\noutput_features: [{name: kind, type: category%s}]\n"


def measured(config: str, classes: int) -> set[str]:
    """Return the metrics of the output ``kind`` with that many classes."""
    plan = check(config).plan
    assert plan is not None
    facts = {"kind": {"classes": [str(each) for each in range(classes)]}}
    components = Components()
    operation: Any = components.build("output", "category")()
    nothing: Any = None
    evaluator = Evaluator(plan, facts, {"kind": operation}, components, Model(nothing, {}), batch_size=1)
    return set(evaluator.specs[0].metrics)


@pytest.mark.parametrize(("more", "classes"), [("", 2), ("", 3), (", top_k: 5", 5)])
def test_hits_among_all_classes_are_not_measured_by_default(more: str, classes: int) -> None:
    found = measured(CONFIG % more, classes)
    assert "hits_at_k" not in found
    assert "accuracy" in found
    assert "hits_at_k" in measured(CONFIG % more, 6)


@pytest.mark.parametrize(
    "named",
    [
        "evaluation: {metrics: [hits_at_k]}\n",
        "evaluation: {metrics: {kind: [hits_at_k, accuracy]}}\n",
        "trainer: {validation_metric: hits_at_k}\n",
    ],
)
def test_hits_that_are_named_are_measured(named: str) -> None:
    assert "hits_at_k" in measured(CONFIG % "" + named, 2)


def test_the_metric_that_a_plateau_watches_is_measured() -> None:
    scheduler = "reduce_on_plateau: 1, reduce_eval_split: validation, reduce_eval_metric: log_loss"
    config = (
        CONFIG % "" + f"evaluation: {{metrics: [accuracy]}}\ntrainer: {{learning_rate_scheduler: {{{scheduler}}}}}\n"
    )
    assert measured(config, 4) == {"accuracy", "log_loss"}

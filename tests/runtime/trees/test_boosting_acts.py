"""Every parameter of the trainer of trees acts: with another value other trees grow, or other news are told."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch

from declml.contracts import Scores
from declml.data.batches import GroupSource, InMemoryBatches
from declml.errors import UserProblem
from declml.run.components import Components
from declml.run.forest import boosting_settings
from declml.training.settings import Hooks, Outcome
from declml.trees.boosting import boost
from declml.trees.forest import Columns, Forest
from declml.trees.rows import FollowedRows, SaidAlready
from declml_schema.boosting_section import Boosting
from declml_schema.check import check

pytest.importorskip("lightgbm", reason="the extra gbm is not installed")

ROWS = 900
BASE: Mapping[str, Any] = {"num_boost_round": 12, "num_leaves": 15, "learning_rate": 0.3, "early_stop": -1}
DART = {"boosting_type": "dart", "skip_drop": 0.0, "drop_rate": 0.5}
BINARY = {"output": "binary"}

ACTS: Mapping[str, tuple[Mapping[str, Any], Any]] = {
    "num_boost_round": ({}, 5),
    "learning_rate": ({}, 0.1),
    "num_leaves": ({}, 4),
    "max_depth": ({}, 2),
    "min_data_in_leaf": ({}, 60),
    "min_sum_hessian_in_leaf": ({}, 80.0),
    "boosting_type": ({}, "rf"),
    "bagging_fraction": ({}, 0.5),
    "pos_bagging_fraction": (BINARY, 0.5),
    "neg_bagging_fraction": (BINARY, 0.5),
    "bagging_freq": ({}, 3),
    "bagging_seed": ({}, 99),
    "feature_fraction": ({}, 0.4),
    "feature_fraction_bynode": ({}, 0.4),
    "feature_fraction_seed": ({}, 99),
    "extra_trees": ({}, True),
    "extra_seed": ({"extra_trees": True}, 99),
    "max_delta_step": ({}, 0.05),
    "lambda_l1": ({}, 9.0),
    "lambda_l2": ({}, 9.0),
    "linear_tree": ({}, True),
    "linear_lambda": ({"linear_tree": True}, 50.0),
    "min_gain_to_split": ({}, 8.0),
    "path_smooth": ({}, 5.0),
    "drop_rate": (DART, 0.1),
    "max_drop": (DART, 1),
    "skip_drop": (DART, 0.9),
    "xgboost_dart_mode": (DART, True),
    "uniform_drop": (DART, True),
    "drop_seed": (DART, 99),
    "data_sample_strategy": ({}, "goss"),
    "top_rate": ({"data_sample_strategy": "goss", "learning_rate": 0.6}, 0.5),
    "other_rate": ({"data_sample_strategy": "goss", "learning_rate": 0.6}, 0.4),
    "max_cat_to_onehot": ({"min_data_per_group": 1}, 30),
    "max_cat_threshold": ({"min_data_per_group": 1}, 1),
    "min_data_per_group": ({}, 5),
    "cat_l2": ({"min_data_per_group": 1}, 0.0),
    "cat_smooth": ({"min_data_per_group": 1}, 200.0),
    "cegb_tradeoff": ({"cegb_penalty_split": 0.02}, 5.0),
    "cegb_penalty_split": ({}, 0.1),
    "max_bin": ({}, 8),
    "seed": ({}, 7),
    "early_stop": ({"boosting_rounds_per_checkpoint": 1, "learning_rate": 1.9}, 1),
    "boosting_rounds_per_checkpoint": ({}, 3),
    "validation_metric": ({}, "r2"),
    "evaluate_training_set": ({}, True),
    "skip_all_evaluation": ({}, True),
    "verbose": ({}, 2),
    "threads": ({}, 2),
}
"""For each parameter the values under which it acts, and another value of its own."""
ELSEWHERE: Mapping[str, str] = {
    "tree_learner": "`serial` is the only one there is",
    "validation_field": "trees have one output",
    "eval_batch_size": "it changes memory and speed, and no number",
    "feature_pre_filter": "it changes speed, and no tree",
    "deterministic": "it takes chance away that shows on some machines only",
}


def grown(tmp_path: Path, **given: Any) -> tuple[str, list[Any]]:
    """Return the trees that grow on a small table, and what was told without the times of it."""
    binary = given.pop("output", "number") == "binary"
    trainer = json.dumps({**BASE, "threads": 1, **given})
    text = (
        "model_type: gbm\n"
        "input_features: [{name: a, type: number}, {name: b, type: number}, {name: c, type: category}]\n"
        f"output_features: [{{name: d, type: {'binary' if binary else 'number'}}}]\ntrainer: {trainer}\n"
    )
    plan = check(text).plan
    assert plan is not None
    settings = boosting_settings(
        plan, {"d": {}}, Components(), rows={"training": ROWS, "validation": 200}, threads=plan.trainer["threads"]
    )
    forest = Forest([Columns((0, 1)), Columns((2,), categorical=True)], output="d")
    rows = {split: followed(forest, count, binary) for split, count in (("training", ROWS), ("validation", 200))}
    told: list[Any] = []
    outcome = boost(
        forest,
        rows,
        settings,
        Hooks(lambda split: scored(rows[split]), tell_into(told), lambda: False),
        folder=tmp_path,
    )
    assert isinstance(outcome, Outcome)
    return forest.text, told


def followed(forest: Forest, count: int, binary: bool) -> FollowedRows:
    chance = torch.Generator().manual_seed(count)
    numbers = torch.randn(count, 2, generator=chance)
    labels = torch.randint(20, (count, 1), generator=chance, dtype=torch.int32)
    noise = torch.randn(count, generator=chance)
    target = numbers[:, 0].sin() * 2 + numbers[:, 1].square() + (labels[:, 0] % 5) * 0.7 + noise * 0.4
    wanted = (target > 2).float() if binary else target
    return FollowedRows(forest, InMemoryBatches([GroupSource(numbers), GroupSource(labels)], {"d": wanted}))


def scored(rows: FollowedRows) -> Scores:
    _, batch = next(rows.every_row(rows.rows))
    loss = float((SaidAlready("d")(list(batch.groups))["d"] - batch.targets["d"]).square().mean())
    return Scores({"d": {"loss": loss, "r2": -loss}, "combined": {"loss": loss}})


def tell_into(told: list[Any]) -> Any:
    def emit(kind: str, **fields: Any) -> None:
        if kind not in ("step", "checkpoint"):
            told.append([kind, {name: value for name, value in fields.items() if name != "seconds"}])

    return emit


def test_every_parameter_has_its_row() -> None:
    assert ACTS.keys() | ELSEWHERE.keys() == Boosting.model_fields.keys()
    assert ACTS.keys() & ELSEWHERE.keys() == set()


@pytest.mark.parametrize("name", ACTS)
def test_every_parameter_of_the_trainer_of_trees_acts(name: str, tmp_path: Path) -> None:
    context, value = ACTS[name]
    before = grown(tmp_path, **context)
    assert grown(tmp_path, **context) == before
    assert grown(tmp_path, **{**context, name: value}) != before


def test_what_lightgbm_refuses_is_told_at_the_trainer(tmp_path: Path) -> None:
    with pytest.raises(UserProblem, match="LightGBM must be able to train") as caught:
        grown(tmp_path, boosting_type="rf", bagging_freq=0, feature_fraction=1.0)
    assert caught.value.path == "trainer"

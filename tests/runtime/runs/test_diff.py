"""A diff shows what a person changed beside what came of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from declml.runs.changes import plan_changes, written_paths
from declml.runs.diff import RunDiff, diff
from runs.builder import BERT, LSTM, NEWS, text_plan, write_run

BERT_NEWS = NEWS.replace("type: lstm", "type: bert\n      num_hidden_layers: 6")


def config(it: RunDiff, *, implied: bool = False) -> list[tuple[str, Any, Any]]:
    return [(each.path, each.before, each.after) for each in it.config if each.implied is implied]


def test_one_changed_key_is_one_change(tmp_path: Path) -> None:
    a = write_run(tmp_path, "0001-aaaa")
    b = write_run(tmp_path, "0002-bbbb", plan=text_plan(epochs=9), config=NEWS.replace("epochs: 3", "epochs: 9"))
    it = diff(a, b)
    assert config(it) == [("trainer.epochs", 3, 9)]
    assert list(it.text) == ["@@ -10 +10 @@", "-  epochs: 3", "+  epochs: 9"]


def test_an_encoder_swap_shows_the_type_and_the_keys_that_were_written(tmp_path: Path) -> None:
    a = write_run(tmp_path, "0001-aaaa")
    b = write_run(tmp_path, "0002-bbbb", plan=text_plan("bert", BERT), config=BERT_NEWS)
    it = diff(a, b)
    assert config(it) == [
        ("input_features[title].encoder.type", "lstm", "bert"),
        ("input_features[title].encoder.num_hidden_layers", None, 6),
    ]
    implied = [path for path, _, _ in config(it, implied=True)]
    assert "input_features[title].encoder.state_size" in implied
    assert "input_features[title].preprocessing.tokenizer" in implied


@pytest.mark.parametrize(
    ("text", "argv"),
    [
        (NEWS + "defaults:\n  text:\n    encoder:\n      trainable: true\n", []),
        (NEWS, ["declml", "train", "x", "--set", "input_features[0].encoder.trainable=true"]),
        (NEWS, ["declml", "train", "x", "--set=input_features.0.encoder.trainable=true"]),
        (NEWS.replace("    encoder:\n      type: lstm", "    encoder: lstm\n    trainable: true"), []),
    ],
)
def test_what_defaults_overrides_and_older_spellings_say_was_written_too(
    tmp_path: Path, text: str, argv: list[str]
) -> None:
    a = write_run(tmp_path, "0001-aaaa")
    b = write_run(tmp_path, "0002-bbbb", plan=text_plan("bert", BERT), config=text, argv=argv)
    assert ("input_features[title].encoder.trainable", None, True) in config(diff(a, b))


def test_features_are_matched_by_name_and_new_ones_told_by_type() -> None:
    two, three = text_plan(inputs=("title", "body")), text_plan(inputs=("body", "author", "title"))
    changes = plan_changes(two.as_json(), three.as_json())
    assert [(each.path, each.kind, each.after) for each in changes] == [
        ("input_features[author]", "added", "text (lstm)")
    ]


def test_a_gone_feature_is_one_change() -> None:
    changes = plan_changes(text_plan(inputs=("title", "body")).as_json(), text_plan().as_json())
    assert [(each.path, each.kind) for each in changes] == [("input_features[body]", "removed")]


def test_the_split_stands_where_the_config_has_it() -> None:
    before, after = text_plan().as_json(), text_plan().as_json()
    after["split"]["parameters"]["probabilities"] = [0.8, 0.1, 0.1]
    assert [each.path for each in plan_changes(before, after)] == ["preprocessing.split.probabilities"]


def test_items_without_names_are_compared_as_they_stand() -> None:
    before, after = text_plan().as_json(), text_plan().as_json()
    after["evaluation"]["slices"] = [{"name": None, "column": "author", "where": None}]
    (change,) = plan_changes(before, after)
    assert (change.path, change.kind, change.after) == ("evaluation.slices", "added", after["evaluation"]["slices"])


def test_an_optimizer_swap_implies_its_own_keys() -> None:
    before, after = text_plan().as_json(), text_plan().as_json()
    after["trainer"]["optimizer"] = {"type": "sgd", "momentum": 0.9}
    changes = plan_changes(before, after, written=[written_paths("trainer: {optimizer: {type: sgd, momentum: 0.9}}")])
    assert [(each.path, each.implied) for each in changes] == [
        ("trainer.optimizer.type", False),
        ("trainer.optimizer.eps", True),
        ("trainer.optimizer.momentum", False),
    ]


def test_true_and_one_are_two_values() -> None:
    before = text_plan(parameters={**LSTM, "num_layers": 1}).as_json()
    after = text_plan(parameters={**LSTM, "num_layers": True}).as_json()
    assert [each.path for each in plan_changes(before, after)] == ["input_features[title].encoder.num_layers"]


@pytest.mark.parametrize("text", ["", "a: [", "- 1", "input_features: 3", "input_features: [{name: }, 4]", "\x00"])
def test_paths_of_text_that_is_no_config_are_none_and_no_error(text: str) -> None:
    assert not {path for path in written_paths(text) if "[" in path and "encoder" in path}


def test_metrics_are_judged_by_their_goal(tmp_path: Path) -> None:
    a = write_run(tmp_path, "0001-aaaa")
    values = {"test": {"class": {"accuracy": 0.9, "loss": 0.7, "f1": 0.5}}, "training": {"class": {"loss": 0.1}}}
    b = write_run(tmp_path, "0002-bbbb", metrics=values)
    found = {(each.split, each.metric): each for each in diff(a, b, goals={"f1": "maximize"}).metrics}
    assert found["test", "accuracy"].better is True
    assert found["test", "accuracy"].delta == pytest.approx(0.1)
    assert found["test", "loss"].better is False
    assert (found["test", "f1"].before, found["test", "f1"].better) == (None, None)
    assert found["validation", "accuracy"].after is None
    assert next(split for split, _ in found) == "training"


def test_a_metric_that_became_a_number_got_better(tmp_path: Path) -> None:
    a = write_run(tmp_path, "0001-aaaa", metrics={"test": {"class": {"accuracy": "nan"}}})
    b = write_run(tmp_path, "0002-bbbb", metrics={"test": {"class": {"accuracy": 0.4}}})
    (there,) = diff(a, b).metrics
    (back,) = diff(b, a).metrics
    assert (there.better, back.better) == (True, False)
    json.dumps(diff(a, b).as_json(), allow_nan=False)


def test_data_code_and_environment_are_told_apart(tmp_path: Path) -> None:
    a = write_run(tmp_path, "0001-aaaa", plugins={"mine.py": "a" * 64})
    b = write_run(
        tmp_path,
        "0002-bbbb",
        plugins={"mine.py": "b" * 64},
        data={"paths": ["news.csv"], "sha256": "e" * 64, "rows": 120, "columns": ["title", "text", "class"]},
        rows={"training": 84, "validation": 10, "test": 26},
        environment={"python": "3.11.9", "os": "Linux", "packages": {"torch": "2.14.0", "numpy": "2.0"}},
        threads=2,
    )
    it = diff(a, b)
    assert [(each.name, each.before, each.after) for each in it.data] == [
        ("content", "d" * 12, "e" * 12),
        ("rows", 100, 120),
        ("columns", [], ["text"]),
        ("rows of training", 70, 84),
        ("rows of test", 20, 26),
    ]
    assert [each.name for each in it.code] == ["plug-in mine.py"]
    assert [(each.name, each.before, each.after) for each in it.environment] == [
        ("threads", 1, 2),
        ("numpy", None, "2.0"),
        ("torch", "2.13.0", "2.14.0"),
    ]
    assert not it.same


def test_a_run_against_itself_is_the_same(tmp_path: Path) -> None:
    run = write_run(tmp_path)
    it = diff(run, run)
    assert it.same
    assert not it.text
    assert {each.delta for each in it.metrics} == {0.0}

"""What an editor is told of a config for trees, and what it offers in its trainer section."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from declml.run.model_facts import ModelFacts
from declml_lsp.levels import Level
from declml_lsp.meaning import MappingMeaning, meaning_of
from declml_schema.check import check
from declml_schema.vocabulary import vocabulary

TREES = """\
model_type: gbm
data: {source: rows.csv}
input_features: [{name: size, type: number}, {name: colour, type: category}]
output_features: [{name: sold, type: binary}]
trainer: {num_boost_round: 7}
"""


def test_an_editor_is_told_rows_and_words_and_no_problem(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    colours = ["red", "green", "blue", "red"] * 25
    frame = pl.DataFrame({"size": range(100), "colour": colours, "sold": [0, 1] * 50})
    frame.write_csv(folder / "rows.csv")
    facts = ModelFacts(tmp_path / "scratch").of(folder, TREES, "shop.yaml")
    assert facts["inputs"] == {"size": {"vocabulary": None}, "colour": {"vocabulary": 4}}
    assert sum(facts["rows"].values()) == 100
    assert facts["steps"] == {"per_epoch": 1, "total": 7}
    assert facts["resolved"] == {"trainer.validation_field": "sold", "trainer.validation_metric": "loss"}
    assert [each["code"] for each in facts["problems"]] == []


def test_the_trainer_of_trees_has_their_keys() -> None:
    for model_type, own, other in (("gbm", "num_leaves", "epochs"), ("ecd", "epochs", "num_leaves")):
        meaning = meaning_of(vocabulary(), (Level(scalars={"model_type": model_type}), Level("trainer")))
        assert isinstance(meaning, MappingMeaning)
        assert own in meaning.properties and other not in meaning.properties
        assert meaning.section == "trainer"


def codes(text: str) -> list[tuple[str, str]]:
    return [(each.code, each.path) for each in check(text).problems]


def test_the_checker_tells_what_trees_cannot_do() -> None:
    assert codes(TREES) == []
    assert codes(TREES.replace("size, type: number", "size, type: text")) == [
        ("model-type-mismatch", "input_features[0].type")
    ]
    two = TREES.replace("{name: sold, type: binary}", "{name: sold, type: binary}, {name: price, type: number}")
    assert codes(two) == [("model-type-mismatch", "output_features[1]")]
    focal = TREES.replace("sold, type: binary", "sold, type: binary, loss: {type: focal}")
    assert codes(focal) == [("loss-mismatch", "output_features[0].loss")]
    smoothed = TREES.replace("sold, type: binary", "sold, type: binary, loss: {label_smoothing: 0.1}")
    assert codes(smoothed) == [("loss-mismatch", "output_features[0].loss.label_smoothing")]
    weighted = TREES.replace("sold, type: binary", "sold, type: binary, loss: {positive_class_weight: 2.0}")
    assert codes(weighted) == []
    assert codes(TREES + "combiner: {type: concat}\n") == [("ignored-parameter", "combiner")]
    assert codes(TREES.replace("size, type: number", "size, type: number, encoder: {type: dense}")) == [
        ("ignored-parameter", "input_features[0].encoder")
    ]


def test_a_key_of_the_other_trainer_names_its_counterpart() -> None:
    (problem,) = check(TREES.replace("num_boost_round", "epochs")).problems
    assert problem.code == "foreign-parameter"
    assert "model_type: ecd" in problem.message and "Did you mean 'num_boost_round'?" in problem.message
    assert problem.fix is not None and problem.fix.edits[0].text == "num_boost_round"
    (problem,) = check(TREES.replace("num_boost_round: 7", "n_estimators: 7")).problems
    assert "Did you mean 'num_boost_round'?" in problem.message
    (problem,) = check(TREES.replace("gbm", "ecd")).problems
    assert "'num_boost_round' must go with model_type: gbm" in problem.message

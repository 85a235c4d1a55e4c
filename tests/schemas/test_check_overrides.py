"""Values from the command line take the place of the text's and are checked like it."""

from __future__ import annotations

import pytest

from declml_schema.check import check

TEXT = """\
input_features:
  - {name: title, type: text, encoder: {type: lstm, num_layers: 2}}
  - {name: age, type: number}
output_features:
  - {name: class, type: category}
"""


def test_an_override_reaches_into_sections_that_are_not_there() -> None:
    plan = check(TEXT, overrides=[("trainer.epochs", 3), ("trainer.optimizer.type", "sgd")]).plan
    assert plan is not None
    assert plan.trainer["epochs"] == 3
    assert plan.trainer["optimizer"]["type"] == "sgd"


def test_a_feature_is_found_by_name_or_index() -> None:
    for place in (
        "input_features.title.encoder.num_layers",
        "input_features[0].encoder.num_layers",
        "input_features[title].encoder.num_layers",
    ):
        result = check(TEXT, overrides=[(place, 4)])
        assert result.plan is not None
        assert result.plan.inputs[0].encoder.parameters["num_layers"] == 4
        assert result.data["input_features"][0]["encoder"]["num_layers"] == 4


def test_the_text_and_its_document_stay_as_they_are() -> None:
    first = check(TEXT, overrides=[("input_features[0].encoder.num_layers", 4)])
    second = check(first.document)
    assert second.plan is not None
    assert second.plan.inputs[0].encoder.parameters["num_layers"] == 2


def test_a_mistake_in_an_override_is_told_as_its_own() -> None:
    result = check(
        TEXT, file="c.yaml", overrides=[("trainer.epochs", 0), ("input_features.title.encoder.type", "lstmm")]
    )
    assert [(each.code, each.path, each.file, each.fix) for each in result.problems] == [
        ("out-of-range", "trainer.epochs", "--set", None),
        ("unknown-type", "input_features[0].encoder.type", "--set", None),
    ]
    assert result.plan is None


def test_a_path_that_leads_nowhere_is_a_problem() -> None:
    result = check(
        TEXT, overrides=[("input_features.body.encoder", "lstm"), ("input_features[9].type", "text"), ("", 1)]
    )
    assert [each.code for each in result.problems] == ["override-path"] * 3
    assert "There are title, age." in result.problems[0].hint


def test_an_unknown_key_in_an_override_is_refused() -> None:
    (problem,) = check(TEXT, overrides=[("trainer.epoch", 3)]).problems
    assert problem.message == "Unknown key 'epoch' in trainer. Did you mean 'epochs'?"


def test_an_override_mends_a_mistake_of_the_text() -> None:
    assert check(TEXT + "trainer: {epochs: 0}\n", overrides=[("trainer.epochs", 1)]).problems == []


@pytest.mark.parametrize("path", ["trainer..epochs", ".trainer.epochs", "trainer.epochs.", " "])
def test_a_path_with_an_empty_step_is_refused(path: str) -> None:
    result = check(TEXT, overrides=[(path, 3)])
    assert [problem.code for problem in result.problems] == ["override-path"]
    assert f"got '{path}'" in result.problems[0].message


def test_a_feature_may_have_brackets_and_dots_in_its_name() -> None:
    text = TEXT.replace("name: age", 'name: "size [cm]. x"')
    result = check(text, overrides=[("input_features[size [cm]. x].encoder.type", "dense")])
    assert result.plan is not None
    assert result.plan.inputs[1].encoder.type == "dense"

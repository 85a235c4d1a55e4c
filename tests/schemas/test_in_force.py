"""What acts in a block is told block by block, with where each value comes from, also beside errors."""

from __future__ import annotations

import pytest

from declml_schema.check import check
from declml_schema.in_force import InForce

CONFIG = """
defaults:
  text:
    preprocessing: {lowercase: true}
    encoder: {type: lstm, dropout: 0.2}
input_features:
  - name: title
    type: text
    encoder: {num_layers: 2}
  - name: body
    type: text
    encoder: {type: bert}
    preprocessing: {tokenizer: space}
  - name: note
    type: text
  - name: age
    type: number
output_features:
  - name: class
    type: category
trainer:
  epochs: 3
  learning_rate: -1
  optimizer: {type: sgd}
  learning_rate_scheduler: {decay: linear}
  gradient_clipping: {clipvalue: 2}
"""


def at(path: str, text: str = CONFIG) -> InForce:
    found = check(text).in_force(path)
    assert found is not None
    return found


def value(path: str, name: str) -> tuple[object, str]:
    found = at(path)
    return found.values[name], found.origins[name]


@pytest.mark.parametrize(
    ("path", "name", "expected"),
    [
        ("trainer", "epochs", (3, "here")),
        ("trainer", "batch_size", ("auto", "built in")),
        ("trainer.learning_rate_scheduler", "decay", ("linear", "here")),
        ("trainer.optimizer", "momentum", (0.0, "built in")),
        ("input_features[0].encoder", "num_layers", (2, "here")),
        ("input_features[0].encoder", "dropout", (0.2, "defaults")),
        ("input_features[0].preprocessing", "lowercase", (True, "defaults")),
        ("input_features[2].encoder", "dropout", (0.2, "defaults")),
        ("input_features[3]", "name", ("age", "here")),
        ("defaults.text.encoder", "dropout", (0.2, "here")),
        ("defaults.text.preprocessing", "lowercase", (True, "here")),
        ("", "model_type", ("ecd", "built in")),
    ],
)
def test_a_value_is_told_with_its_origin(path: str, name: str, expected: tuple[object, str]) -> None:
    assert value(path, name) == expected


@pytest.mark.parametrize(
    ("path", "word", "chosen"),
    [
        ("trainer.optimizer", "sgd", "here"),
        ("combiner", "tabm", "built in"),
        ("preprocessing.split", "random", "built in"),
        ("input_features[0].encoder", "lstm", "defaults"),
        ("input_features[1].encoder", "bert", "here"),
        ("input_features[3].encoder", "piecewise_linear", "built in"),
        ("output_features[0].loss", "softmax_cross_entropy", "built in"),
        ("defaults.text.encoder", "lstm", "here"),
        ("input_features[0]", "text", "here"),
    ],
)
def test_the_component_that_acts_is_told_with_where_it_was_chosen(path: str, word: str, chosen: str) -> None:
    found = at(path)
    assert found.word is not None
    assert (found.word.name, found.chosen) == (word, chosen)


def test_a_value_with_a_problem_is_left_out() -> None:
    assert "learning_rate" not in at("trainer").values


def test_what_an_encoder_decides_overrules_the_config() -> None:
    found = at("input_features[1].preprocessing")
    assert (found.values["tokenizer"], found.overruled >= {"tokenizer"}) == ("hf_tokenizer", True)


def test_a_mapping_is_told_with_the_defaults_inside_it() -> None:
    assert at("trainer").values["gradient_clipping"] == {"clipglobalnorm": 1.0, "clipnorm": None, "clipvalue": 2}


@pytest.mark.parametrize("path", ["nothing", "input_features[9]", "input_features[0].loss", "defaults.image", "data.x"])
def test_a_path_that_leads_nowhere_has_nothing_in_force(path: str) -> None:
    assert check(CONFIG).in_force(path) is None


def test_features_that_read_alike_are_told_one_by_one() -> None:
    listed = "".join(f"  - {{name: f{index}, type: number}}\n" for index in range(5))
    text = f"input_features:\n{listed}output_features:\n  - {{name: out, type: number}}\n"
    found = at("input_features[4]", text)
    assert found.values["name"] == "f4"
    encoder = at("input_features[4].encoder", text)
    assert encoder.word is not None
    assert encoder.word.name == "piecewise_linear"


def test_the_origins_of_a_whole_config_say_the_same() -> None:
    result = check(CONFIG)
    for path in ("trainer", "input_features[0].encoder", "input_features[1].preprocessing", "combiner"):
        found = result.in_force(path)
        assert found is not None
        assert {name: result.origins[f"{path}.{name}"] for name in found.origins} == dict(found.origins)

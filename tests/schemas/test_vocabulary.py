"""The vocabulary: look-ups, plug-ins, and what every word in it must have."""

from __future__ import annotations

import pytest

from declml_schema.check import check
from declml_schema.vocabulary import Vocabulary, vocabulary

PLUGIN = {
    "name": "mine",
    "features": ["text"],
    "module": "declml_plugin_mine",
    "attribute": "MINE",
    "doc": "My own encoder.",
    "properties": {"width": {"type": "integer", "minimum": 1, "default": 8, "description": "How wide it is."}},
    "required": [],
    "rules": [],
    "facts": {},
}
TEXT = """\
input_features: [{name: title, type: text, encoder: {type: mine, width: 4}}]
output_features: [{name: class, type: category}]
"""


def test_names_are_those_of_the_feature_type() -> None:
    words = vocabulary()
    assert {"lstm", "parallel_cnn", "bert"} <= set(words.names("encoder", "text"))
    assert "lstm" not in words.names("encoder", "number")
    assert words.names("optimizer") == sorted(words.names("optimizer"))
    assert {"input", "output", "encoder", "combiner", "decoder", "loss", "metric", "optimizer"} <= set(words.kinds)


def test_a_word_is_found_by_kind_name_and_feature_type() -> None:
    words = vocabulary()
    dense = words.find("encoder", "dense", "number")
    assert dense is not None
    assert dense is words.find("encoder", "dense", "number")
    assert words.find("encoder", "dense", "text") is None
    assert words.location("combiner", "concat") == ("declml.components.combiners.concat", "CONCAT")
    assert words.location("encoder", "lstm") is None
    place = words.location("encoder", "text", "lstm")
    assert place is not None
    assert place[0] == "declml.components.encoders.lstm"
    assert words.doc("encoder", "lstm", "text")
    assert "num_layers" in words.parameters("encoder", "lstm", "text")
    assert words.owners("optimizer", "amsgrad") == ["adam", "adamw"]


@pytest.mark.parametrize("kind", vocabulary().kinds)
def test_every_word_and_parameter_has_a_sentence(kind: str) -> None:
    for word in vocabulary().words(kind):
        assert word.doc, word.name
        for name, leaf in {**word.properties, **word.preprocessing.properties}.items():
            assert leaf["description"], (word.name, name)


@pytest.mark.parametrize("kind", vocabulary().kinds)
def test_every_default_is_a_value_that_the_checker_takes(kind: str) -> None:
    from declml_schema.check_values import examine
    from declml_schema.overrides import node_of

    for word in vocabulary().words(kind):
        for block in (word, word.preprocessing):
            for name, default in block.defaults.items():
                if "x-choice" not in block.properties[name]:
                    value, problems = examine(block.properties[name], node_of(default), name)
                    assert (value, problems) == (default, []), (word.name, name)


def test_defaults_that_a_feature_type_names_are_there() -> None:
    words = vocabulary()
    for side, kinds in (("input", ("encoder",)), ("output", ("decoder", "loss", "metric"))):
        for word in words.words(side):
            for kind in kinds:
                name = word.facts.get(f"default_{kind}")
                if name is None and kind == "metric":
                    continue  # such outputs are judged by their loss
                assert words.find(kind, name, word.name) is not None, (word.name, kind, name)


def test_a_plugin_adds_a_word_that_is_checked_like_any() -> None:
    words = vocabulary().with_plugins({"encoder": [PLUGIN]})
    result = check(TEXT, vocabulary=words)
    assert result.problems == []
    assert result.plan is not None
    assert result.plan.inputs[0].encoder.parameters == {"width": 4}
    wrong = check(TEXT.replace("width", "widht"), vocabulary=words)
    assert [each.message for each in wrong.problems] == [
        "Unknown key 'widht' in the encoder 'mine'. Did you mean 'width'?"
    ]
    assert [each.code for each in check(TEXT).problems] == ["unknown-type"]


def test_a_plugin_wins_over_a_built_in_word_for_its_feature_types_only() -> None:
    before: Vocabulary = vocabulary()
    shared = next(word for word in before.words("metric") if word.name == "mean_squared_error")
    words = before.with_plugins({"encoder": [{**PLUGIN, "name": "lstm"}], "metric": [{**PLUGIN, "name": shared.name}]})
    found = words.find("encoder", "lstm", "text")
    assert found is not None
    assert found.module == "declml_plugin_mine"
    kept = words.find("metric", shared.name, "number")
    assert kept is not None
    assert kept.module == shared.module

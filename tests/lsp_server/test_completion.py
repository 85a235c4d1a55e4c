"""What completion offers: everywhere, whatever else is wrong with the text, and nothing that does not belong there."""

from __future__ import annotations

import pytest
from lsprotocol import types

from declml_schema.check import check

from .completing import completed, offered
from .completion_texts import LSTM, NUMBER, OUTPUTS, TEXT, WORDS, parameters

REFUSED = ("wrong-type", "out-of-range", "not-a-choice", "unknown-type", "metric-mismatch", "not-built-yet")
SECTIONS = {*WORDS.section("config").properties}
ENCODERS = {*WORDS.names("encoder", "text")}
FEATURE = {*WORDS.feature_block("input", "text").properties}


# Keys.


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("|", SECTIONS),
        ("tra|", SECTIONS),
        ("# a config\n\n|\n", SECTIONS),
        ("trainer:\n  |", {*WORDS.section("trainer").properties}),
        ("trainer: {|}", {*WORDS.section("trainer").properties}),
        ("trainer:\n  epochs: 3\n  |", {*WORDS.section("trainer").properties} - {"epochs"}),
        ("trainer:\n  |\n  epochs: 3", {*WORDS.section("trainer").properties} - {"epochs"}),
        ("trainer:\n  ep|ochs: 3", {*WORDS.section("trainer").properties}),
        ("trainer:\n  optimizer: {type: sgd, |", parameters("optimizer", "sgd") - {"type"}),
        (TEXT + "    |", FEATURE - {"name", "type"}),
        (TEXT + "    encoder:\n      type: lstm\n      |", LSTM - {"type"}),
        (TEXT + "    encoder: {type: lstm, |}", LSTM - {"type"}),
        (TEXT + "    encoder: {type: lstm, |", LSTM - {"type"}),
        (TEXT + "    encoder: {|", parameters("encoder", "parallel_cnn", "text")),
        (TEXT + "    encoder: {\n      type: lstm,\n      |", LSTM - {"type"}),
        ("input_features: [{|", {*WORDS.feature_block("input", None).properties}),
        ("input_features:\n  - {name: a, type: text, |}", FEATURE - {"name", "type"}),
        (TEXT + "    encoder:\n      |\n      type: lstm", LSTM - {"type"}),
        (
            TEXT + "    preprocessing: {|}",
            {*WORDS.find("input", "text").preprocessing.properties},  # type: ignore[union-attr]
        ),
        ("defaults:\n  text:\n    |", {"preprocessing", "encoder", "decoder", "loss"}),
        ("defaults:\n  |", {*WORDS.names("input"), *WORDS.names("output")}),
        ("evaluation:\n  slices:\n    - |", {"name", "where", "column"}),
        ("trainer:\n  gradient_clipping:\n    |", {"clipglobalnorm", "clipnorm", "clipvalue"}),
        ('{"trainer": {"epochs": 3, "|', {*WORDS.section("trainer").properties} - {"epochs"}),
    ],
)
def test_a_mapping_offers_its_keys_without_those_that_are_there(text: str, keys: set[str]) -> None:
    assert set(offered(text)) == keys


@pytest.mark.parametrize(
    "text",
    [
        TEXT + "    encoder:\n      type: lstmm\n      |",
        TEXT + "    encoder: {type: lstmm, |}",
        "input_features:\n  - name: a\n    type: txt\n    encoder:\n      type: lstm\n      |",
        "input_feature:\n  - name: a\n    type: text\n    encoder:\n      type: lstm\n      |",
        "input_features:\n  - name: a\n    type: text\n    encodr:\n      type: lstm\n      |",
        "input_features: [\n" + "output_features:\n  - name: a\n    type: tex\n" + TEXT + "    encoder: {type: lstm, |",
        "trainer: [1, 2\n" + TEXT + "    encoder:\n      type: lstm\n      |",
        "name: 'open\n" + TEXT + "    encoder:\n      type: lstm\n      |",
        "trainer:\n  epo\n  lea\n" + TEXT + "    enc\n    encoder:\n      type: lstm\n      |",
    ],
)
def test_what_is_misspelt_or_open_around_the_cursor_hides_nothing(text: str) -> None:
    assert set(offered(text)) >= LSTM - {"type"}


def test_the_parameters_of_the_nearest_type_come_first_after_a_misspelt_one() -> None:
    labels = offered(TEXT + "    encoder:\n      type: lstmm\n      |")
    every = {name for word in WORDS.words("encoder", "text") for name in word.properties}
    assert set(labels) == every
    assert set(labels[: len(LSTM) - 1]) == LSTM - {"type"}
    of_others = completed(TEXT + "    encoder:\n      type: lstmm\n      |").item("filter_size")
    assert of_others.detail == "of cnnrnn, parallel_cnn, stacked_cnn, ..."


def test_an_older_name_of_a_section_or_type_is_understood_and_not_offered() -> None:
    assert "epochs" in offered("training:\n  |")
    assert "normalization" in offered("input_features:\n  - name: a\n    type: numerical\n    preprocessing:\n      |")
    assert not {"training", "numerical"}.intersection([*offered("|"), *offered("input_features:\n  - type: |")])


def test_required_keys_come_first_then_common_ones_then_those_that_would_do_nothing() -> None:
    split = offered("preprocessing:\n  split:\n    type: stratify\n    |")
    assert split[0] == "column"
    feature = offered(TEXT + "    |")
    assert feature[0] == "encoder"
    assert offered("combiner:\n  |")[0] == "type"
    combiner = offered("combiner:\n  type: concat\n  |")
    assert {*combiner[:2]} == {"dropout", "num_fc_layers"}
    assert combiner.index("output_size") > combiner.index("norm")  # it acts only where there are layers
    layered = offered("combiner:\n  type: concat\n  num_fc_layers: 2\n  |")
    assert layered.index("output_size") < layered.index("norm")


def test_of_two_keys_that_exclude_each_other_the_second_comes_last() -> None:
    labels = offered("trainer:\n  checkpoints_per_epoch: 2\n  |")
    # Only what acts beside another key alone comes as late.
    late = labels[labels.index("steps_per_checkpoint") :]
    assert not {"checkpoints_per_epoch", "device", "seed", "should_shuffle", "validation_metric"}.intersection(late)
    docs = completed("trainer:\n  checkpoints_per_epoch: 2\n  |").docs("steps_per_checkpoint")
    assert "only one of the two" in docs


def test_the_order_of_the_keys_that_are_there_changes_nothing() -> None:
    one = offered(TEXT + "    tied: b\n    column: c\n    |")
    other = offered("input_features:\n  - column: c\n    tied: b\n    name: title\n    |\n    type: text\n")
    assert one == other


def test_a_type_that_comes_by_an_anchor_is_followed() -> None:
    first = "input_features:\n  - name: a\n    type: text\n    encoder: &e {0}\n  - name: b\n    type: text\n"
    for anchored in ("{type: lstm, dropout: 0.1}", "\n      type: lstm\n      dropout: 0.1"):
        text = first.replace("{0}", anchored)
        assert set(offered(text + "    encoder:\n      <<: *e\n      |")) == LSTM
        assert set(offered(text + "    encoder: {<<: *e, |")) == LSTM
        assert set(offered(text + "    encoder: {<<: [*e], |")) == LSTM
    assert set(offered(first + "    encoder:\n      <<: *unknown\n      |")) > LSTM


def test_a_merge_of_a_merge_is_followed() -> None:
    text = (
        "input_features:\n  - name: a\n    type: text\n    encoder: &one {type: lstm}\n"
        "  - name: b\n    type: text\n    encoder: &two\n      <<: *one\n      dropout: 0.2\n"
        "  - name: c\n    type: text\n    encoder:\n      <<: *two\n      |"
    )
    assert set(offered(text)) == LSTM


def test_an_alias_for_the_type_is_followed() -> None:
    text = "input_features:\n  - {name: a, type: &t text}\n  - name: b\n    type: *t\n    encoder:\n      |"
    assert set(offered(text)) == parameters("encoder", "parallel_cnn", "text")


def test_a_type_from_the_defaults_section_decides() -> None:
    text = "defaults: {text: {encoder: {type: lstm}}}\n" + TEXT + "    encoder:\n      |"
    assert set(offered(text)) == LSTM
    assert completed(TEXT + "    encoder:\n      |").item("type").detail == "one of 30, default ngram_bag"
    assert completed(text).item("type").detail == "one of 30, default lstm"


# Values.


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("input_features:\n  - type: |", WORDS.names("input")),
        ("output_features:\n  - {name: a, type: |}", WORDS.names("output")),
        (TEXT + "    encoder:\n      type: |", ENCODERS),
        (TEXT + "    encoder:\n      type: ls|tmm", ENCODERS),
        (TEXT + "    encoder: {type: |", ENCODERS),
        (TEXT + "    encoder: {type:|}", ENCODERS),
        (TEXT + "    encoder: |", ENCODERS),
        (TEXT + "    encoder:|", ENCODERS),
        (NUMBER + "    loss: {type: |", WORDS.names("loss", "number")),
        ("trainer:\n  optimizer:\n    nesterov: true\n    type: |", WORDS.names("optimizer")),
        ("trainer:\n  learning_rate_scheduler: {decay: |}", [*WORDS.names("schedule"), "null"]),
        ("trainer:\n  should_shuffle: |", ["true", "false"]),
        ("trainer:\n  regularization_type: |", ["l1", "l2", "l1_l2", "null"]),
        ("trainer:\n  regularization_typ: |", ["l1", "l2", "l1_l2", "null"]),
        ("trainer:\n  learning_rate: |", ["auto", "0.001", "0.0001", "0.01"]),
        ("trainer:\n  epochs: |", ["auto", "100", "50", "200"]),
        ("trainer:\n  epochs:\n    |", ["auto", "100", "50", "200"]),
        ("trainer:\n  early_stop: |", ["auto", "5", "10", "-1"]),
        ("trainer:\n  batch_size: |", ["auto", "32", "128", "512"]),
        ("trainer:\n  seed: |", ["42"]),
        ("preprocessing:\n  split: {probabilities: |", ["[0.7, 0.1, 0.2]", "[0.8, 0.1, 0.1]"]),
        ("evaluation:\n  splits: |", ["[training, validation, test]", "training", "validation", "test"]),
        ("evaluation:\n  splits: [|", ["training", "validation", "test"]),
        ("evaluation:\n  splits:\n    - |", ["training", "validation", "test"]),
        ("evaluation:\n  splits:\n    |", ["- training", "- validation", "- test"]),
        ("data:\n  where: |", ["age >= 18 AND country = 'CH'", "null"]),
        ("model_type: |", ["ecd", "gbm"]),
    ],
)
def test_a_value_offers_what_may_stand_there(text: str, values: list[str] | set[str]) -> None:
    assert set(offered(text)) == set(values)


def test_the_default_comes_first_and_is_marked() -> None:
    answer = completed(TEXT + "    encoder:\n      type: |")
    assert answer.labels[0] == "ngram_bag"
    assert answer.items[0].detail == "default"
    activation = completed("combiner:\n  activation: |")
    assert (activation.labels[0], activation.items[0].detail) == ("relu", "default")
    assert completed("trainer:\n  train_steps: |").item("null").detail == "default"


def test_every_value_that_is_offered_is_one_that_the_checker_takes() -> None:
    taken = 0
    for section in ("trainer", "preprocessing", "data", "evaluation", "combiner"):
        for name in offered(f"{section}:\n  |"):
            answer = completed(f"{OUTPUTS}{section}:\n  {name}: |")
            for item in answer.items:
                is_file = item.kind in (types.CompletionItemKind.File, types.CompletionItemKind.Folder)
                if is_file or answer.taken(item).endswith(": "):
                    continue
                wrong = [each for each in check(answer.taken(item)).problems if each.path.startswith(section)]
                assert not [each.message for each in wrong if each.code in REFUSED], item.label
                taken += 1
    assert taken > 150

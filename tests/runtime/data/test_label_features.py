"""The feature types category and binary: labels become ids and come back as values of their column."""

from __future__ import annotations

import json
from itertools import chain

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from declml.components.features.binary import (
    InputBinary,
    InputBinaryPreprocessing,
    OutputBinary,
    OutputBinaryPreprocessing,
)
from declml.components.features.category import (
    InputCategory,
    InputCategoryPreprocessing,
    OutputCategory,
    OutputCategoryPreprocessing,
)
from declml.components.features.labels import as_labels
from declml.errors import UserProblem


def facts_of(operation, column: pl.Series, preprocessing: dict) -> dict:
    facts = operation.fit(operation.summarize(column, preprocessing), preprocessing)
    return json.loads(json.dumps(facts, allow_nan=False))


def in_category(**values) -> dict:
    return InputCategoryPreprocessing(**values).model_dump()


def out_category(**values) -> dict:
    return OutputCategoryPreprocessing(**values).model_dump()


def in_binary(**values) -> dict:
    return InputBinaryPreprocessing(**values).model_dump()


def out_binary(**values) -> dict:
    return OutputBinaryPreprocessing(**values).model_dump()


# --- labels ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "values",
    [[1, 2, None], [1.0, 2.0, None], ["1", "2", None], [" 1", "2 ", ""], [1.0, 2.0, float("nan")]],
)
def test_the_same_labels_are_the_same_whatever_type_the_file_gave_them(values: list) -> None:
    assert as_labels(pl.Series(values)).to_list() == ["1", "2", None]


def test_halves_huge_numbers_and_truths_have_a_text_form_too() -> None:
    assert as_labels(pl.Series([1.5, 1e300, float("inf")])).to_list() == ["1.5", "1e+300", "inf"]
    assert as_labels(pl.Series([True, False])).to_list() == ["true", "false"]


# --- category -------------------------------------------------------------------------------------------------------

COLOURS = pl.Series("colour", ["red", "blue", "red", None, "Red", "green", "red", "blue"])


def test_ids_follow_frequency_then_text_and_zero_is_unknown() -> None:
    preprocessing = in_category()
    facts = facts_of(InputCategory(), COLOURS, preprocessing)
    assert facts["vocabulary"] == ["<UNK>", "red", "blue", "Red", "green"]
    assert facts["counts"] == [0, 3, 2, 1, 1] and facts["missing"] == 1
    answer = InputCategory().encode(pl.Series(["green", "mauve", None, "red"]), facts, preprocessing)
    assert answer.values.tolist() == [4, 0, 0, 1] and answer.values.dtype == np.int32
    assert answer.counts == {"missing": 1, "unseen": 1} and answer.keep is None


def test_each_parameter_of_a_category_acts() -> None:
    assert facts_of(InputCategory(), COLOURS, in_category(lowercase=True))["vocabulary"] == [
        "<UNK>",
        "red",
        "blue",
        "green",
    ]
    few = facts_of(InputCategory(), COLOURS, in_category(most_common=1))
    assert few["vocabulary"] == ["<UNK>", "red"] and few["counts"] == [4, 3]
    none = facts_of(InputCategory(), COLOURS, in_category(fill_value="none"))
    assert "none" in none["vocabulary"]
    assert InputCategory().encode(pl.Series([None, "red"], dtype=pl.String), none, in_category()).values.tolist() == [
        none["vocabulary"].index("none"),
        1,
    ]


@pytest.mark.parametrize(
    ("strategy", "expected", "kept"),
    [
        ("fill_with_const", "<UNK>", None),
        ("fill_with_mode", "red", None),
        ("bfill", "Red", None),
        ("ffill", "red", None),
        ("drop_row", "red", 7),
    ],
)
def test_each_strategy_fills_a_missing_label(strategy: str, expected: str, kept: int | None) -> None:
    preprocessing = in_category(missing_value_strategy=strategy)
    facts = facts_of(InputCategory(), COLOURS, preprocessing)
    answer = InputCategory().encode(COLOURS, facts, preprocessing)
    assert facts["vocabulary"][answer.values[3]] == expected
    assert (None if answer.keep is None else int(answer.keep.sum())) == kept


labels = st.lists(st.none() | st.sampled_from(["a", "b", "c", "<UNK>", ""]), max_size=15)


@given(st.lists(labels, min_size=1, max_size=4))
@settings(deadline=None)
def test_merging_counts_equals_counting_the_whole(chunks: list[list[str | None]]) -> None:
    for operation, preprocessing in ((InputCategory(), in_category()), (InputBinary(), in_binary())):
        merged = None
        for chunk in chunks:
            part = operation.summarize(pl.Series("x", chunk, dtype=pl.String), preprocessing)
            merged = part if merged is None else operation.merge(merged, part)
        assert merged == operation.summarize(
            pl.Series("x", list(chain.from_iterable(chunks)), dtype=pl.String), preprocessing
        )


def test_classes_have_no_unknown_and_unseen_ones_are_left_out_and_counted() -> None:
    preprocessing = out_category()
    facts = facts_of(OutputCategory(), COLOURS, preprocessing)
    assert facts["classes"] == ["red", "blue", "Red", "green"]
    answer = OutputCategory().encode(pl.Series(["green", "mauve", None, "red"]), facts, preprocessing)
    assert answer.keep is not None and answer.keep.tolist() == [True, False, False, True]
    assert answer.values[[0, 3]].tolist() == [3, 0]
    assert answer.counts["missing"] == 1 and answer.counts["unseen_dropped"] == 1


@pytest.mark.parametrize(
    ("column", "classes"),
    [
        (pl.Series(["no", "yes", "no", None]), ["no", "yes"]),
        (pl.Series([3, 1, 3, None]), [3, 1]),
        (pl.Series([True, False, True, None]), [True, False]),
    ],
)
def test_predicted_labels_are_values_of_their_column_with_probabilities(column: pl.Series, classes: list) -> None:
    operation, preprocessing = OutputCategory(), out_category()
    facts = facts_of(operation, column, preprocessing)
    answers = np.array([[2.0, 0.0], [0.0, 800.0]])
    columns = operation.decode(answers, facts, preprocessing, {"top_k": 3})
    assert columns["predictions"].to_list() == classes
    assert columns["predictions"].dtype == column.dtype
    assert columns["probability"].to_list() == pytest.approx([1 / (1 + np.exp(-2)), 1.0])
    names = [f"probability_{label}" for label in facts["classes"]]
    assert list(columns) == ["predictions", "probability", *names]
    assert (columns[names[0]] + columns[names[1]]).to_list() == pytest.approx([1.0, 1.0])
    encoded = operation.encode(column, facts, preprocessing)
    assert operation.targets(encoded.values, facts, preprocessing).dtype == np.int64


def test_one_class_is_fatal_in_the_column_and_a_problem_in_the_training_rows() -> None:
    column = pl.Series(["a", "a", None])
    findings = OutputCategory().inspect(column, "kind", out_category())
    assert [(each.code, each.fatal) for each in findings] == [("missing-target", False), ("one-class", True)]
    assert "must have at least two classes; got only 'a'" in findings[1].message
    with pytest.raises(UserProblem, match="at least two classes"):
        facts_of(OutputCategory(), column, out_category())


@pytest.mark.parametrize(
    ("values", "code", "fatal"),
    [
        ([f"id-{row}" for row in range(60)], "looks-like-id", False),
        (["a"] * 5, "constant-column", False),
        ([None, None], "all-missing", True),
        ([[1], [2]], "wrong-column-type", True),
    ],
)
def test_what_is_odd_about_labels_is_said(values: list, code: str, fatal: bool) -> None:
    findings = InputCategory().inspect(pl.Series(values), "kind", in_category())
    assert [(each.code, each.fatal) for each in findings] == [(code, fatal)]


# --- binary ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([True, False, None], [1, 0, 0]),
        ([1, 0, None], [1, 0, 0]),
        ([1.0, 0.0, None], [1, 0, 0]),
        (["yes", "No", "no"], [1, 0, 0]),
        (["T", "F", "t"], [1, 0, 1]),
        (["y", "n", ""], [1, 0, 0]),
        (["TRUE", "false", None], [1, 0, 0]),
        (["spam", "ham", None], [1, 0, 0]),
        ([5, 7, None], [0, 1, 0]),
    ],
)
def test_every_way_to_write_a_truth_is_read(values: list, expected: list[int]) -> None:
    column = pl.Series(values)
    facts = facts_of(InputBinary(), column, in_binary())
    answer = InputBinary().encode(column, facts, in_binary())
    assert answer.values.tolist() == expected and answer.values.dtype == np.float32


def test_the_true_label_can_be_chosen_and_a_guess_is_told() -> None:
    column = pl.Series(["spam", "ham"])
    guess = InputBinary().inspect(column, "label", in_binary())
    assert [each.code for each in guess] == ["guessed-true-label"] and "'spam' counts as true" in guess[0].message
    chosen = in_binary(fallback_true_label="ham")
    assert InputBinary().inspect(column, "label", chosen) == []
    assert facts_of(InputBinary(), column, chosen)["true"] == "ham"
    wrong = InputBinary().inspect(column, "label", in_binary(fallback_true_label="Spam"))
    assert [(each.code, each.fatal) for each in wrong] == [("absent-true-label", True)]
    assert facts_of(InputBinary(), pl.Series(["yes", "no"]), in_binary(fallback_true_label="no"))["true"] == "no"


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        ("fill_with_false", 0),
        ("fill_with_true", 1),
        ("fill_with_mode", 1),
        ("bfill", 0),
        ("ffill", 1),
        ("drop_row", None),
    ],
)
def test_each_strategy_fills_a_missing_truth(strategy: str, expected: int | None) -> None:
    column, preprocessing = pl.Series(["yes", "yes", None, "no"]), in_binary(missing_value_strategy=strategy)
    answer = InputBinary().encode(column, facts_of(InputBinary(), column, preprocessing), preprocessing)
    if expected is None:
        assert answer.keep is not None and answer.keep.tolist() == [True, True, False, True]
    else:
        assert answer.values[2] == expected and answer.keep is None


def test_what_is_neither_true_nor_false_counts_as_missing() -> None:
    facts = facts_of(InputBinary(), pl.Series([1, 0]), in_binary())
    answer = InputBinary().encode(pl.Series(["true", "maybe", None, "0"]), facts, in_binary())
    assert answer.values.tolist() == [1, 0, 0, 0] and answer.counts == {"missing": 2, "unreadable": 1}


def test_three_values_are_no_binary_and_one_value_is_no_target() -> None:
    three = pl.Series(["a", "b", "c"])
    assert [(each.code, each.fatal) for each in InputBinary().inspect(three, "x", in_binary())] == [
        ("not-binary", True)
    ]
    with pytest.raises(UserProblem, match="must have two values; got 'a', 'b', 'c'"):
        facts_of(InputBinary(), three, in_binary())
    one = OutputBinary().inspect(pl.Series(["yes", "yes"]), "x", out_binary())
    assert [(each.code, each.fatal) for each in one] == [("one-class", True)]
    with pytest.raises(UserProblem, match="must have both values; got only 'yes'"):
        facts_of(OutputBinary(), pl.Series(["yes", "yes"]), out_binary())
    constant = InputBinary().inspect(pl.Series(["yes", "yes"]), "x", in_binary())
    assert [(each.code, each.fatal) for each in constant] == [("constant-column", False)]


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (pl.Series(["died", "survived", "died"]), ["died", "survived", "survived"]),
        (pl.Series([0, 1, 1]), [0, 1, 1]),
        (pl.Series([False, True, True]), [False, True, True]),
    ],
)
def test_predicted_truths_are_values_of_their_column(column: pl.Series, expected: list) -> None:
    operation = OutputBinary()
    facts = facts_of(operation, column, out_binary())
    logits = np.array([-1000.0, 0.0, 1000.0])
    columns = operation.decode(logits, facts, out_binary(), {"threshold": 0.5})
    assert columns["predictions"].to_list() == expected and columns["predictions"].dtype == column.dtype
    assert columns["probability"].to_list() == [1.0, 0.5, 1.0]
    assert columns[f"probability_{facts['true']}"].to_list() == [0.0, 0.5, 1.0]
    strict = operation.decode(logits, facts, out_binary(), {"threshold": 0.6})
    assert strict["predictions"].to_list()[1] == expected[0]
    assert strict["probability"].to_list()[1] == 0.5

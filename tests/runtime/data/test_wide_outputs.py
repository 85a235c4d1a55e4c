"""Targets as wide as their answers: sets, vectors and shares read from columns, and answers turned back into them."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from declml.components.features import category_distribution, output_set, output_vector
from declml.contracts import Facts
from declml.errors import UserProblem
from declml_schema.declare import Component


def fitted(component: Component, column: pl.Series, **given: Any) -> tuple[Any, Facts, dict[str, Any]]:
    assert component.build is not None and component.preprocessing is not None
    operation, preprocessing = component.build(), component.preprocessing(**given).model_dump()
    half = len(column) // 2
    parts = [operation.summarize(part, preprocessing) for part in (column[:half], column[half:])]
    merged = operation.merge(*parts)
    whole = operation.fit(operation.summarize(column, preprocessing), preprocessing)
    facts = operation.fit(merged, preprocessing)
    for name, value in whole.items():
        assert facts[name] == (pytest.approx(value) if name in {"shift", "scale", "counts"} else value), name
    return operation, facts, preprocessing


# --- sets -----------------------------------------------------------------------------------------------------------

TAGS = pl.Series("tags", ["red green", "red", None, "blue red", "", "green"])


def test_a_set_is_a_row_of_ones_and_zeros() -> None:
    operation, facts, preprocessing = fitted(output_set.OUTPUT, TAGS)
    assert facts["vocabulary"] == ["red", "green", "blue"]
    encoded = operation.encode(TAGS, facts, preprocessing)
    assert encoded.values.dtype == np.uint8
    assert encoded.values.tolist()[:2] == [[1, 1, 0], [1, 0, 0]]
    assert encoded.values.tolist()[4] == [0, 0, 0]
    assert encoded.keep.tolist() == [True, True, False, True, True, True]
    other = operation.encode(pl.Series("tags", ["red violet red"]), facts, preprocessing)
    assert other.values.tolist() == [[1, 0, 0]]
    assert other.counts["unknown_tokens"] == 1


@pytest.mark.parametrize(
    ("column", "tokenizer", "expected"),
    [
        (TAGS, "space", "red blue"),
        (pl.Series("tags", ["red,blue", "green,red"]), "comma", "red,blue"),
        (pl.Series("tags", ['["red", "blue"]', '["green", "red"]']), "json", '["red", "blue"]'),
        (pl.Series("tags", [["red", "blue"], ["green", "red"]]), "space", ["red", "blue"]),
    ],
)
def test_predicted_items_are_written_as_the_column_writes_them(
    column: pl.Series, tokenizer: str, expected: object
) -> None:
    operation, facts, preprocessing = fitted(output_set.OUTPUT, column, tokenizer=tokenizer)
    answers = np.array([[2.0 if each in ("red", "blue") else -2.0 for each in facts["vocabulary"]]])
    said = operation.decode(answers, facts, preprocessing, {"threshold": 0.5})
    (prediction,) = said["predictions"].to_list()
    assert prediction == expected
    assert said["probability_red"].to_list() == pytest.approx([1 / (1 + np.exp(-2.0))])
    again = operation.encode(said["predictions"], facts, preprocessing).values
    assert again.tolist() == [[int(each in ("red", "blue")) for each in facts["vocabulary"]]]


def test_no_item_at_all_and_items_that_never_differ_are_problems() -> None:
    assert output_set.OUTPUT.preprocessing is not None
    preprocessing = output_set.OUTPUT.preprocessing().model_dump()
    operation = output_set.OutputSet()
    with pytest.raises(UserProblem, match="at least one item"):
        operation.fit(operation.summarize(pl.Series("tags", ["", None]), preprocessing), preprocessing)
    found = operation.inspect(pl.Series("tags", ["red", "red", None]), "tags", preprocessing)
    assert [(each.code, each.fatal) for each in found] == [("missing-target", False), ("one-class", True)]
    found = operation.inspect(pl.Series("tags", [b"red", b"blue"]), "tags", preprocessing)
    assert [(each.code, each.fatal) for each in found] == [("wrong-column-type", True)]


# --- vectors --------------------------------------------------------------------------------------------------------

CURVES = pl.Series("curve", ["1000 2 7", "1010 -2 7", "oops", "1020 6 7", None, "1 2", "1030 0 7"])


@pytest.mark.parametrize("normalization", ["zscore", None])
def test_vectors_come_back_in_the_unit_of_each_place(normalization: str | None) -> None:
    operation, facts, preprocessing = fitted(output_vector.OUTPUT, CURVES, normalization=normalization)
    encoded = operation.encode(CURVES, facts, preprocessing)
    assert encoded.values.dtype == np.float32
    assert encoded.keep.tolist() == [True, True, False, True, False, False, True]
    kept = encoded.values[encoded.keep]
    if normalization == "zscore":
        assert kept.mean(axis=0) == pytest.approx([0, 0, 0], abs=1e-6)
        assert kept.std(axis=0) == pytest.approx([1, 1, 0], abs=1e-5)
    expected = np.array([[1000, 2, 7], [1010, -2, 7], [1020, 6, 7], [1030, 0, 7]])
    assert operation.targets(kept, facts, preprocessing) == pytest.approx(expected, rel=1e-4, abs=1e-3)
    said = operation.decode(kept, facts, preprocessing, {"softmax": False})["predictions"]
    assert np.array(said.to_list()) == pytest.approx(expected, rel=1e-4, abs=1e-3)


def test_with_softmax_the_answers_are_shares() -> None:
    operation, facts, preprocessing = fitted(output_vector.OUTPUT, CURVES, normalization=None)
    said = operation.scores(np.array([[1000.0, 0.0, 1000.0]]), facts, preprocessing, {"softmax": True})
    assert said == pytest.approx(np.array([[0.5, 0.0, 0.5]]))


def test_what_is_no_vector_is_told_with_its_row() -> None:
    assert output_vector.OUTPUT.preprocessing is not None
    preprocessing = output_vector.OUTPUT.preprocessing().model_dump()
    found = output_vector.OutputVector().inspect(CURVES, "curve", preprocessing)
    assert [each.code for each in found] == ["not-a-vector", "wrong-length", "missing-target"]
    assert "first at row 3: 'oops'" in found[0].message
    assert "first 2 at row 6" in found[1].message
    with pytest.raises(UserProblem, match="vectors of 9 numbers"):
        fitted(output_vector.OUTPUT, CURVES, vector_size=9)


# --- shares ---------------------------------------------------------------------------------------------------------

VOTES = pl.Series("votes", ["3 1 0", "0.2 0.2 0.6", "0 0 0", "1 -1 2", None, "1 1", "x"])
NAMES = ["red", "green", "blue"]


def test_votes_become_shares() -> None:
    operation, facts, preprocessing = fitted(category_distribution.OUTPUT, VOTES, vocab=NAMES)
    assert facts["classes"] == NAMES
    assert facts["counts"] == pytest.approx([0.95, 0.45, 0.6])
    encoded = operation.encode(VOTES, facts, preprocessing)
    assert encoded.values[:2] == pytest.approx(np.array([[0.75, 0.25, 0.0], [0.2, 0.2, 0.6]]))
    assert encoded.keep.tolist() == [True, True, *[False] * 5]
    assert (encoded.counts["missing"], encoded.counts["unreadable"]) == (5, 4)
    said = operation.decode(np.array([[0.0, 50.0, 0.0]]), facts, preprocessing, {"top_k": 3})
    assert said["predictions"].to_list() == ["green"]
    assert said["probability_green"].to_list() == pytest.approx([1.0])


def test_classes_without_names_are_numbered() -> None:
    _, facts, _ = fitted(category_distribution.OUTPUT, pl.Series("votes", [[3, 1], [1, 1]]))
    assert facts["classes"] == ["0", "1"]


@pytest.mark.parametrize(
    ("given", "message"),
    [({"vocab": ["a", "b", "c", "d"]}, "4 numbers, one for each name"), ({"vocab": ["a", "a", "b"]}, "a name twice")],
)
def test_names_that_do_not_fit_are_a_problem(given: dict[str, Any], message: str) -> None:
    with pytest.raises(UserProblem, match=message):
        fitted(category_distribution.OUTPUT, VOTES, **given)


def test_what_is_no_share_is_told_with_its_row() -> None:
    assert category_distribution.OUTPUT.preprocessing is not None
    preprocessing = category_distribution.OUTPUT.preprocessing(vocab=NAMES).model_dump()
    found = category_distribution.OutputDistribution().inspect(VOTES, "votes", preprocessing)
    assert [each.code for each in found] == ["not-a-vector", "wrong-length", "not-shares", "missing-target"]
    assert "2 of 7 rows, first at row 3: [0.0, 0.0, 0.0]" in found[2].message
    assert "no value in 5 of 7 rows" in found[3].message
    none = category_distribution.OutputDistribution().inspect(
        pl.Series("votes", ["-1 2 0"] * 3), "votes", preprocessing
    )
    assert [each.code for each in none if each.fatal] == ["not-shares", "all-missing"]

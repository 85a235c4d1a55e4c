"""The feature types set, bag, sequence and vector: text and lists, vocabularies, missing values and bad rows."""

from __future__ import annotations

import itertools
import json
from typing import Any

import polars as pl
import pytest

from declml.components.features.bag import INPUT as BAG
from declml.components.features.sequence import INPUT as SEQUENCE
from declml.components.features.set import INPUT as SET
from declml.components.features.tokenizers import tokenize
from declml.components.features.vector import INPUT as VECTOR
from declml.contracts import Encoded
from declml.data.columns import column_hash
from declml.errors import UserProblem
from declml_schema.declare import Component

WORDS = pl.Series("x", ["b a b", None, "", "a c", "c c a"])
LISTS = pl.Series("x", [["b", "a", "b"], None, [], ["a", None, "c"], ["c", "c", "a"]])


def settings_of(component: Component, **given: Any) -> dict[str, Any]:
    assert component.preprocessing is not None
    return component.preprocessing(**given).model_dump()


def fitted(component: Component, column: pl.Series, **given: Any) -> tuple[dict[str, Any], Encoded]:
    assert component.build is not None
    operation, preprocessing = component.build(), settings_of(component, **given)
    facts = operation.fit(operation.summarize(column, preprocessing), preprocessing)
    facts = json.loads(json.dumps(facts, allow_nan=False))
    return facts, operation.encode(column, facts, preprocessing)


def words(component: Component, column: pl.Series, **given: Any) -> list[list[str]]:
    facts, answer = fitted(component, column, **given)
    assert answer.offsets is not None
    ends = answer.offsets.tolist()
    ids = [answer.values[start:end].tolist() for start, end in itertools.pairwise(ends)]
    return [[facts["vocabulary"][each] for each in row] for row in ids]


@pytest.mark.parametrize("column", [WORDS, LISTS], ids=["text", "lists"])
def test_a_bag_counts_a_set_does_not_a_sequence_keeps_the_order(column: pl.Series) -> None:
    assert words(BAG, column) == [["b", "a", "b"], ["<UNK>"], [], ["a", "c"], ["c", "c", "a"]]
    assert words(SET, column) == [["a", "b"], ["<UNK>"], [], ["a", "c"], ["a", "c"]]
    assert words(SEQUENCE, column) == [["b", "a", "b"], ["<UNK>"], ["<UNK>"], ["a", "c"], ["c", "c", "a"]]


def test_the_most_common_tokens_are_kept_by_rows_for_a_set_and_by_number_for_a_bag() -> None:
    column = pl.Series(["b b b", "a c", "a c"])
    assert fitted(BAG, column, most_common=1)[0]["vocabulary"] == ["<UNK>", "b"]
    assert fitted(SET, column, most_common=1)[0]["vocabulary"] == ["<UNK>", "a"]


@pytest.mark.parametrize(
    ("given", "second"),
    [
        ({"fill_value": "a b"}, ["a", "b"]),
        ({"missing_value_strategy": "fill_with_mode"}, ["a", "c"]),
        ({"missing_value_strategy": "bfill"}, ["a", "c"]),
        ({"missing_value_strategy": "ffill"}, ["b"]),
    ],
)
@pytest.mark.parametrize("component", [BAG, SEQUENCE], ids=["bag", "sequence"])
def test_each_strategy_fills_a_missing_value(component: Component, given: dict[str, Any], second: list[str]) -> None:
    assert words(component, pl.Series(["b", None, "a c", "a c"]), **given)[1] == second
    lists = pl.Series([["b"], None, ["a", "c"], ["a", "c"]])
    assert words(component, lists, **given)[1] == second


def test_rows_without_a_value_can_be_dropped() -> None:
    answer = fitted(SET, WORDS, missing_value_strategy="drop_row")[1]
    assert answer.keep is not None and answer.keep.tolist() == [True, False, True, True, True]


def test_a_sequence_is_cut_to_its_longest() -> None:
    facts, _ = fitted(SEQUENCE, LISTS, max_sequence_length=2)
    assert facts["max_length"] == 2
    assert words(SEQUENCE, LISTS, max_sequence_length=2)[0] == ["b", "a"]


def test_lists_of_numbers_and_lower_case_are_tokens() -> None:
    assert words(BAG, pl.Series([[2, 1], [1]])) == [["2", "1"], ["1"]]
    assert words(BAG, pl.Series(["Tea TEA"]), lowercase=True) == [["tea", "tea"]]


@pytest.mark.parametrize("component", [BAG, SET, SEQUENCE, VECTOR], ids=lambda each: each.name)
def test_summaries_of_chunks_merge_to_that_of_the_whole(component: Component) -> None:
    assert component.build is not None
    operation, preprocessing = component.build(), settings_of(component, missing_value_strategy="fill_with_mode")
    column = pl.Series(["1 2", None, "2 1", "1 2 3", "1 2"]) if component is VECTOR else WORDS
    whole = operation.fit(operation.summarize(column, preprocessing), preprocessing)
    for cut in range(len(column) + 1):
        left, right = (operation.summarize(part, preprocessing) for part in (column[:cut], column[cut:]))
        assert operation.fit(operation.merge(left, right), preprocessing) == whole


def test_a_column_that_cannot_hold_tokens_is_refused() -> None:
    for component in (BAG, SET, SEQUENCE):
        assert component.build is not None
        (finding,) = component.build().inspect(pl.Series([{"a": 1}]), "x", settings_of(component))
        assert finding.fatal and f"is declared {component.name} but holds" in finding.message
        (finding,) = component.build().inspect(pl.Series([None, None], dtype=pl.String), "x", settings_of(component))
        assert finding.code == "all-missing"


@pytest.mark.parametrize(
    ("tokenizer", "pattern", "text", "expected"),
    [
        ("json", None, r'["a b", "say \"x\"", 3, -1.5, true]', ["a b", 'say "x"', "3", "-1.5", "true"]),
        ("json", None, "[]", []),
        ("json", None, "", []),
        ("regex", r"#\w+", "so #good, #bad!", ["#good", "#bad"]),
        ("regex", "x*", "axxb", ["xx"]),
    ],
)
def test_json_and_regex_cut_as_they_say(tokenizer: str, pattern: str | None, text: str, expected: list[str]) -> None:
    tokens = tokenize(pl.Series([text, ""]), tokenizer, ngram_size=2, token_pattern=pattern)
    assert tokens.to_list() == [expected, []]


def test_a_pattern_must_be_one() -> None:
    with pytest.raises(UserProblem, match=r"token_pattern must be a regular expression; got '\(a'"):
        words(BAG, WORDS, tokenizer="regex", token_pattern="(a")
    with pytest.raises(UserProblem, match="token_pattern must be given"):
        words(BAG, WORDS, tokenizer="regex")


# --- vectors ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "column",
    [
        pl.Series(["1 2", "[3, 4.5]", None, "1e1;-2"]),
        pl.Series([[1, 2], [3, 4.5], None, [10, -2]], dtype=pl.List(pl.Float64)),
        pl.Series([[1, 2], [3, 4.5], None, [10, -2]], dtype=pl.Array(pl.Float32, 2)),
        pl.Series([["1", "2"], ["3", "4.5"], None, ["10", "-2"]]),
    ],
    ids=lambda column: str(column.dtype),
)
def test_vectors_come_from_text_and_lists(column: pl.Series) -> None:
    facts, answer = fitted(VECTOR, column)
    assert facts["vector_size"] == 2
    assert answer.values.tolist() == [[1, 2], [3, 4.5], [0, 0], [10, -2]]


@pytest.mark.parametrize(
    ("given", "third"),
    [
        ({"fill_value": "7 8"}, [7, 8]),
        ({"missing_value_strategy": "fill_with_mode"}, [1, 2]),
        ({"missing_value_strategy": "bfill"}, [5, 6]),
        ({"missing_value_strategy": "ffill"}, [1, 2]),
    ],
)
def test_each_strategy_fills_a_missing_vector(given: dict[str, Any], third: list[float]) -> None:
    assert fitted(VECTOR, pl.Series(["1 2", "1 2", None, "5 6"]), **given)[1].values[2].tolist() == third


def test_bad_vectors_are_told_with_row_and_value_and_count_as_missing() -> None:
    assert VECTOR.build is not None
    column = pl.Series(["1 2", "1 2 3", "1 two", "1 nan", "3 4", "5 6"])
    wrong, long = VECTOR.build().inspect(column, "v", settings_of(VECTOR))
    assert wrong.message.endswith("2 of 6 rows hold none that can be read, first at row 3: '1 two'.")
    assert long.message == (
        "Column 'v' must have 2 numbers in each vector; got another length in 1 of 6 rows, first 3 at row 2."
    )
    answer = fitted(VECTOR, column)[1]
    assert answer.counts == {"missing": 3, "unreadable": 3}
    assert answer.values[1:4].tolist() == [[0, 0]] * 3
    (finding,) = VECTOR.build().inspect(column.head(1), "v", settings_of(VECTOR, vector_size=3))
    assert finding.fatal and finding.code == "wrong-length"
    (finding,) = VECTOR.build().inspect(pl.Series([True]), "v", settings_of(VECTOR))
    assert finding.code == "wrong-column-type"
    with pytest.raises(UserProblem, match="fill_value must be 2 numbers"):
        fitted(VECTOR, column, fill_value="1 2 3")


def test_the_hash_of_a_list_column_depends_on_its_values_alone() -> None:
    lists = pl.Series([[1, 2], None, [], [3]])
    assert column_hash(lists) == column_hash(pl.concat([lists[:2], lists[2:]]))
    assert column_hash(pl.concat([pl.Series([[9]]), lists])[1:]) == column_hash(lists)
    others = [[[1], [2], [], [3]], [[1, 2], [], None, [3]], [[1], None, [2], [3]]]
    assert len({column_hash(pl.Series(each)) for each in [lists.to_list(), *others]}) == 4

"""Sequences and texts as targets: what is encoded, where it ends, and what answers look like in the column's words."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from declml.components.features.output_sequence import OUTPUT as SEQUENCE
from declml.components.features.output_text import OUTPUT as TEXT
from declml.components.features.sequence import INPUT as INPUT_SEQUENCE
from declml.components.features.text import INPUT as INPUT_TEXT
from declml.contracts import Encoded, Facts
from declml.errors import UserProblem
from declml.token_rows import Said, TokenRows
from declml_schema.declare import Component


def fitted(
    component: Component, column: pl.Series, *, ends: bool = True, **given: Any
) -> tuple[Any, Facts, dict[str, Any], Encoded]:
    assert component.build is not None
    assert component.preprocessing is not None
    preprocessing = {**component.preprocessing(**given).model_dump(), **({"ends": True} if ends else {})}
    operation = component.build()
    facts = operation.fit(operation.summarize(column, preprocessing), preprocessing)
    return operation, facts, preprocessing, operation.encode(column, facts, preprocessing)


def rows_of(encoded: Encoded) -> TokenRows:
    assert encoded.offsets is not None
    return TokenRows(encoded.values, encoded.offsets)


def said(tokens: TokenRows) -> Said:
    return Said(tokens, np.full(len(tokens.values), 0.5), np.log(0.5) * tokens.lengths, np.zeros((len(tokens), 4)))


WORDS = pl.Series("x", ["b a", "a", "", None, "a c b a"])


@pytest.mark.parametrize("component", [SEQUENCE, TEXT], ids=["sequence", "text"])
def test_each_row_ends_where_the_decoder_asks_for_it(component: Component) -> None:
    _, facts, _, encoded = fitted(component, WORDS)
    assert facts["vocabulary"] == ["<PAD>", "<UNK>", "a", "b", "c"]
    assert facts["stop"] == 0
    rows = rows_of(encoded)
    assert rows.lengths.tolist() == [3, 2, 1, rows.lengths[3], 5]
    assert rows.values[rows.offsets[1:] - 1].tolist() == [0] * 5
    assert encoded.keep is not None
    assert encoded.keep.tolist() == [True, True, True, False, True]
    _, facts, _, encoded = fitted(component, WORDS, ends=False)
    assert facts["stop"] is None
    assert rows_of(encoded).lengths.tolist()[:3] == [2, 1, 0]


@pytest.mark.parametrize(("component", "twin"), [(SEQUENCE, INPUT_SEQUENCE), (TEXT, INPUT_TEXT)])
@pytest.mark.parametrize("tokenizer", ["space", "comma", "underscore", "characters", "json"])
def test_tokens_are_those_of_an_input_and_come_back_as_the_column_writes_them(
    component: Component, twin: Component, tokenizer: str
) -> None:
    texts = {
        "space": "a bc d",
        "comma": "a,b c,d",
        "underscore": "a_bc_d",
        "characters": "a b?",
        "json": '["a", "b c"]',
    }
    column = pl.Series("x", [texts[tokenizer], texts[tokenizer]])
    operation, facts, preprocessing, encoded = fitted(component, column, tokenizer=tokenizer)
    _, other_facts, _, other = fitted(twin, column, ends=False, tokenizer=tokenizer)
    assert facts["vocabulary"] == other_facts["vocabulary"]
    truth = operation.targets(rows_of(encoded), facts, preprocessing)
    assert truth.values.tolist() == other.values.tolist()
    answers = operation.decode(said(truth), facts, preprocessing, {})
    assert answers["predictions"].to_list() == column.to_list()
    assert answers["probabilities"].list.len().to_list() == truth.lengths.tolist()
    assert answers["probability"].to_list() == pytest.approx((0.5**truth.lengths).tolist())


def test_lists_stay_lists_and_rare_tokens_are_unknown() -> None:
    column = pl.Series("x", [["a", "b"], [], ["a"]])
    operation, facts, preprocessing, encoded = fitted(SEQUENCE, column, most_common=1, max_sequence_length=1)
    truth = operation.targets(rows_of(encoded), facts, preprocessing)
    assert operation.decode(said(truth), facts, preprocessing, {})["predictions"].to_list() == [["a"], [], ["a"]]
    operation, facts, preprocessing, encoded = fitted(SEQUENCE, column, most_common=1)
    truth = operation.targets(rows_of(encoded), facts, preprocessing)
    assert operation.decode(said(truth), facts, preprocessing, {})["predictions"].to_list()[0] == ["a", "<UNK>"]


@pytest.mark.parametrize("component", [SEQUENCE, TEXT], ids=["sequence", "text"])
def test_nothing_to_say_is_a_problem(component: Component) -> None:
    with pytest.raises(UserProblem, match="at least one token to predict"):
        fitted(component, pl.Series("x", ["", ""]))

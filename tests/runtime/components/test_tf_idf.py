"""The encoder tf_idf: counts times weights, of tokens or of runs of them, and weights that a config tells."""

from __future__ import annotations

import math
from typing import Any

import polars as pl
import pytest
import torch
from torch import Tensor

from declml.components.encoders.tf_idf import TF_IDF
from declml.components.features.text import InputText, InputTextPreprocessing
from declml.contracts import Member
from declml.errors import UserProblem

TEXTS = pl.Series(["tea milk tea", "milk tea", "rye milk", "tea"])


def test_tf_idf_is_what_the_formula_says() -> None:
    assert TF_IDF.build is not None
    facts = {"vocabulary": ["<PAD>", "<UNK>", "tea", "milk", "rye"], "documents": [0, 0, 4, 1, 2], "rows": 4}
    ids, lengths = torch.tensor([[2, 3, 2, 1], [4, 2, 2, 2], [1, 0, 0, 0]]), torch.tensor([4, 1, 1])
    module = TF_IDF.build([Member("words", facts)], **TF_IDF.parameters().model_dump())
    weights = [math.log(5 / 5) + 1, math.log(5 / 2) + 1, math.log(5 / 3) + 1]
    length = math.hypot(2 * weights[0], weights[1])
    expected = torch.tensor([[2 * weights[0] / length, weights[1] / length, 0], [0, 0, 1], [0, 0, 0]])
    torch.testing.assert_close(module(ids, lengths), expected)
    kept = TF_IDF.build([Member("words", facts)], **TF_IDF.parameters(min_df=2, max_df=0.5).model_dump())
    assert kept.widths == [1]
    assert kept(ids, lengths).tolist() == [[0], [1], [0]]


def test_tf_idf_must_be_left_some_tokens() -> None:
    assert TF_IDF.build is not None
    facts = {"vocabulary": ["<PAD>", "<UNK>", "tea"], "documents": [0, 0, 4], "rows": 4}
    with pytest.raises(UserProblem, match="must leave some of the 1 tokens; got none with min_df 5 and max_df 1 of 4"):
        TF_IDF.build([Member("words", facts)], min_df=5, max_df=1.0)


def answers(**given: Any) -> tuple[dict[str, Any], Tensor]:
    """Return the facts of the texts, read as the encoder asks for it, and the encoder's answers."""
    parameters = TF_IDF.parameters(**given).model_dump()
    asked = {
        name: parameters[value[1:]] if isinstance(value, str) else value for name, value in TF_IDF.facts["asks"].items()
    }
    preprocessing = {**InputTextPreprocessing().model_dump(), **asked}
    operation = InputText()
    facts = dict(operation.fit(operation.summarize(TEXTS, preprocessing), preprocessing))
    encoded = operation.encode(TEXTS, facts, preprocessing)
    assert encoded.offsets is not None
    rows = [torch.from_numpy(encoded.values[a:b]) for a, b in zip(encoded.offsets, encoded.offsets[1:], strict=False)]
    ids = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True).long()
    assert TF_IDF.build is not None
    module = TF_IDF.build([Member("words", facts)], **parameters)
    return facts, module(ids, torch.tensor([len(row) for row in rows]))


def test_runs_of_tokens_are_counted_where_they_are_asked_for() -> None:
    facts, pairs = answers(ngram_range=[1, 2])
    counted = dict(zip(facts["vocabulary"][2:], facts["documents"][2:], strict=True))
    assert counted == {"tea": 3, "milk": 3, "milk tea": 2, "rye": 1, "rye milk": 1, "tea milk": 1}
    assert facts["max_length"] == 5
    assert pairs.shape == (4, 6)
    # No run goes from one text into the next.
    assert pairs[3].count_nonzero() == 1
    only, _ = answers(ngram_range=[2, 2])
    assert set(only["vocabulary"][2:]) == {"tea milk", "milk tea", "rye milk"}
    assert answers()[0]["vocabulary"][2:] == ["tea", "milk", "rye"]


def test_tokens_are_cut_before_their_runs_are_made() -> None:
    facts, _ = answers(ngram_range=[1, 2], max_sequence_length=2)
    counted = dict(zip(facts["vocabulary"][2:], facts["documents"][2:], strict=True))
    assert counted == {"tea": 3, "milk": 3, "milk tea": 1, "rye": 1, "rye milk": 1, "tea milk": 1}


def test_the_shorter_run_comes_first() -> None:
    with pytest.raises(UserProblem, match="ngram_range must be a smaller and a larger number; got 3 before 2"):
        answers(ngram_range=[3, 2])


def test_weights_that_are_told_take_the_place_of_their_own() -> None:
    _, told = answers(str2idf={"rye": 7.0, "gin": 2.0})
    weights = torch.tensor([math.log(5 / 4) + 1, math.log(5 / 4) + 1, 7.0])
    expected = torch.tensor([[2.0, 1, 0], [1, 1, 0], [0, 1, 1], [1, 0, 0]]) * weights
    torch.testing.assert_close(told, torch.nn.functional.normalize(expected, dim=1))
    with pytest.raises(UserProblem, match="str2idf must name some of the 3 tokens that count; got none"):
        answers(str2idf={"gin": 2.0})

"""The data half of a run, in this process: what is wrong with the data is told at its place in the config."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from declml.data.cache import Cache, content_hash_of_files
from declml.errors import ConfigProblems
from declml.run.components import Components
from declml.run.prepare import Chain, Prepared, prepare
from declml.run.reasons import Reasons
from declml_schema.check import check


def silent(kind: str, **fields: Any) -> None:
    """Hear the events of a chain, and say nothing."""


def prepared(tmp_path: Path, config: str, rows: str) -> Prepared:
    path = tmp_path / "rows.csv"
    path.write_text(rows)
    result = check(config)
    assert result.plan is not None, result.problems
    sha = content_hash_of_files([path])
    reasons = Reasons(None, {}, sha)
    return prepare(Chain(result.plan, [path], sha, Components(), Cache(tmp_path / "cache"), reasons), silent)


TABLE = "input_features: [{name: a, type: number}]\noutput_features: [{name: y, type: number}]\n"


def test_a_file_that_another_separator_cuts_says_which(tmp_path: Path) -> None:
    rows = "a;y\n" + "1;2\n" * 20
    with pytest.raises(ConfigProblems) as caught:
        prepared(tmp_path, TABLE, rows)
    assert [(each.code, each.path) for each in caught.value.problems] == [
        ("absent-column", "input_features[a]"),
        ("absent-column", "output_features[y]"),
    ]
    assert all('`separator: ";"`' in each.hint for each in caught.value.problems)
    assert prepared(tmp_path, TABLE + 'data: {separator: ";"}\n', rows).table.rows == 20


def test_an_absent_column_names_the_nearest_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigProblems) as caught:
        prepared(tmp_path, TABLE.replace("name: a,", "name: age,"), "ages,y\n" + "1,2\n" * 20)
    assert caught.value.problems[0].hint == "Did you mean 'ages'?"


TIED = """\
input_features:
  - {name: title, type: text, preprocessing: {tokenizer: underscore, lowercase: true, max_sequence_length: 3}}
  - {name: body, type: text, tied: title, preprocessing: {max_sequence_length: 2}}
  - {name: price, type: number, preprocessing: {normalization: log1p}}
  - {name: cost, type: number, tied: price}
output_features: [{name: sold, type: binary}]
"""


def test_a_tied_feature_is_read_as_the_one_whose_encoder_it_shares(tmp_path: Path) -> None:
    rows = "title,body,price,cost,sold\n" + "A_b_C_d,A_B_c,3,3,yes\nb,b,7,7,no\n" * 20
    features = prepared(tmp_path, TIED, rows).features
    vocabulary = features["title"].facts["vocabulary"]
    assert set(vocabulary) == {"<PAD>", "<UNK>", "a", "b", "c"}
    body = features["body"].encoded.encoded
    assert body.offsets is not None
    assert [vocabulary[token] for token in body.values[: body.offsets[1]]] == ["a", "b"]
    price, cost = (features[name].encoded.encoded.values for name in ("price", "cost"))
    assert np.array_equal(price, cost) and price[0] == pytest.approx(np.log(4))

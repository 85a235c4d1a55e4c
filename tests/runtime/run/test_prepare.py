"""The data half of a run, in this process: what is wrong with the data is told at its place in the config."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from declml.data.cache import Cache, content_hash_of_files
from declml.errors import ConfigProblems, UserProblem
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


@pytest.mark.parametrize(("rows", "code"), [("a,y\n1,2,3\n", "ragged-row"), ("a,y\n", "empty-table")])
def test_a_file_that_cannot_be_read_is_told_where_the_config_names_it(tmp_path: Path, rows: str, code: str) -> None:
    with pytest.raises(UserProblem) as caught:
        prepared(tmp_path, TABLE, rows)
    assert (caught.value.code, caught.value.path) == (code, "data.source")


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
    assert np.array_equal(price, cost) and price[0, 0] == pytest.approx(np.log(4))


BENT = """\
input_features:
  - {name: size, type: number, encoder: {type: piecewise_linear, num_bins: 4}}
  - {name: cost, type: number, tied: size}
  - {name: plain, type: number, encoder: passthrough}
output_features: [{name: sold, type: number}]
"""


def test_an_encoder_gets_the_bins_that_it_asks_for_and_no_other_fit_changes(tmp_path: Path) -> None:
    rows = "size,cost,plain,sold\n" + "".join(f"{each},{each},{each},{each % 7}\n" for each in range(40)) + ",1,1,1\n"
    features = prepared(tmp_path, BENT, rows).features
    assert len(features["size"].facts["edges"]) == 5
    assert features["cost"].fitted.key == features["size"].fitted.key
    for name in ("size", "cost"):
        assert features[name].encoded.encoded.values.shape == (41, 2)
    assert features["size"].encoded.encoded.values[:, 1].tolist() == [0.0] * 40 + [1.0]
    assert "edges" not in features["plain"].facts
    assert features["plain"].encoded.encoded.values.shape == (41,)
    without = BENT.replace(", encoder: {type: piecewise_linear, num_bins: 4}", "")
    assert prepared(tmp_path, without, rows).features["plain"].fitted.cached
    more = BENT.replace("num_bins: 4", "num_bins: 6")
    again = prepared(tmp_path, more, rows).features
    assert again["plain"].fitted.cached and not again["size"].fitted.cached
    assert len(again["size"].facts["edges"]) == 7
    slower = BENT.replace("num_bins: 4", "num_bins: 4, output_size: 9")
    assert prepared(tmp_path, slower, rows).features["size"].fitted.cached

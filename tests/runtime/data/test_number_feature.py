"""The feature type number: fit on the training rows, finite float32 out, and back again."""

from __future__ import annotations

import json
from itertools import chain
from statistics import NormalDist

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from declml.components.features.number import (
    InputNumber,
    InputNumberPreprocessing,
    OutputNumber,
    OutputNumberParameters,
    OutputNumberPreprocessing,
)
from declml.data.fit import Fitting, fit_series
from declml.errors import UserProblem

STRATEGIES = ["fill_with_const", "fill_with_mode", "fill_with_mean", "bfill", "ffill", "drop_row"]
NORMALIZATIONS = ["zscore", "minmax", "log1p", "iq", "robust", "quantile", None]


def settings_of(**values) -> dict:
    return InputNumberPreprocessing(**values).model_dump()


def fitted(column: pl.Series, preprocessing: dict, **options) -> dict:
    return dict(fit_series(column, Fitting("number", InputNumber(), preprocessing), **options))


def encoded(column: pl.Series, **values) -> list[float]:
    preprocessing = settings_of(**values)
    answer = InputNumber().encode(column, fitted(column, preprocessing), preprocessing)
    assert answer.values.dtype == np.float32
    return answer.values.tolist()


AGES = pl.Series("age", [1.0, 2.0, 3.0, 6.0])


@pytest.mark.parametrize(
    ("normalization", "expected"),
    [
        ("zscore", (AGES.to_numpy() - 3) / np.std(AGES.to_numpy())),
        ("minmax", [0.0, 0.2, 0.4, 1.0]),
        ("log1p", np.log1p(AGES.to_numpy())),
        ("iq", (AGES.to_numpy() - 2.5) / (3.75 - 1.75)),
        ("robust", (AGES.to_numpy() - 2.5) / (3.75 - 1.75)),
        ("quantile", [NormalDist().inv_cdf(share) for share in (1 / 8, 1 / 3, 2 / 3, 7 / 8)]),
        (None, [1.0, 2.0, 3.0, 6.0]),
    ],
)
def test_each_normalization_scales_as_its_name_says(normalization, expected) -> None:
    assert encoded(AGES, normalization=normalization) == pytest.approx(list(expected), rel=1e-6)


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        ("fill_with_const", [7, 2, 2, 7, 5]),
        ("fill_with_mode", [2, 2, 2, 2, 5]),
        ("fill_with_mean", [3, 2, 2, 3, 5]),
        ("bfill", [2, 2, 2, 5, 5]),
        ("ffill", [3, 2, 2, 2, 5]),  # nothing before the first row: the mean
        ("drop_row", [3, 2, 2, 3, 5]),
    ],
)
def test_each_strategy_fills_a_missing_value(strategy: str, expected: list[float]) -> None:
    column = pl.Series("x", [None, 2.0, 2.0, None, 5.0])
    preprocessing = settings_of(missing_value_strategy=strategy, fill_value=7.0, normalization=None)
    answer = InputNumber().encode(column, fitted(column, preprocessing), preprocessing)
    assert answer.values.tolist() == expected
    assert answer.counts["missing"] == 2
    if strategy == "drop_row":
        assert answer.keep is not None and answer.keep.tolist() == [False, True, True, False, True]
        assert answer.counts["missing_dropped"] == 2
    else:
        assert answer.keep is None


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        ("fill_with_const", 7),
        ("fill_with_mode", 1),
        ("fill_with_mean", 2),
        ("bfill", 2),
        ("ffill", 3),
        ("drop_row", 2),
        (None, 1000),
    ],
)
def test_each_strategy_replaces_an_outlier_by_what_the_other_rows_say(strategy: str | None, expected: float) -> None:
    values = [1.0, 1.0, 3.0] * 10 + [1000.0, 2.0] + [3.0, 1.0, 3.0] * 10
    values += [2.0] * (62 - len(values))
    column = pl.Series("x", values)
    preprocessing = settings_of(outlier_strategy=strategy, fill_value=7.0, normalization=None)
    facts = fitted(column, preprocessing)
    answer = InputNumber().encode(column, facts, preprocessing)
    place = values.index(1000.0)
    assert answer.values[place] == pytest.approx(expected, abs=0.2)
    if strategy is not None:
        assert answer.counts["outliers"] == 1 and facts["max"] == 3.0
    assert (answer.keep is not None) == (strategy == "drop_row")


def test_the_threshold_decides_what_is_an_outlier() -> None:
    column = pl.Series("x", [0.0] * 50 + [10.0] * 4)
    counts = {}
    for threshold in (1.0, 3.0, 10.0):
        preprocessing = settings_of(outlier_strategy="fill_with_mean", outlier_threshold=threshold)
        answer = InputNumber().encode(column, fitted(column, preprocessing), preprocessing)
        counts[threshold] = answer.counts["outliers"]
    assert counts == {1.0: 4, 3.0: 4, 10.0: 0}


def test_every_type_of_column_is_read_as_numbers() -> None:
    assert encoded(pl.Series(["1", " 2.5 ", "x", "", None, "1e3", "inf"]), normalization=None) == [
        1,
        2.5,
        0,
        0,
        0,
        1000,
        0,
    ]
    assert encoded(pl.Series([True, False]), normalization=None) == [1, 0]
    assert encoded(pl.Series([1, 2, 3], dtype=pl.Int8), normalization=None) == [1, 2, 3]
    assert encoded(pl.Series([1.0, float("nan"), float("-inf")]), normalization=None) == [1, 0, 0]
    assert encoded(pl.Series([None, None]), normalization="zscore") == [0, 0]
    assert encoded(pl.Series("x", [], dtype=pl.Float64)) == []


@pytest.mark.parametrize("normalization", ["zscore", "minmax", "iq", "robust", "quantile"])
@pytest.mark.parametrize("value", [0.0, 3.3, 1e12 + 0.1, -1e-300, 1e308])
def test_a_constant_column_becomes_zeros(normalization: str, value: float) -> None:
    assert encoded(pl.Series([value] * 7), normalization=normalization) == [0.0] * 7


numbers = st.floats(allow_nan=False, allow_infinity=False, width=64)


@given(
    st.lists(st.none() | numbers | st.sampled_from([float("inf"), float("nan")]), max_size=40),
    st.sampled_from(NORMALIZATIONS),
    st.sampled_from(STRATEGIES),
    st.sampled_from([None, *STRATEGIES]),
)
@settings(max_examples=300, deadline=None)
def test_whatever_the_column_what_comes_out_is_finite_and_the_facts_are_json(
    values: list[float | None], normalization: str | None, strategy: str, outliers: str | None
) -> None:
    column = pl.Series("x", values, dtype=pl.Float64)
    preprocessing = settings_of(
        missing_value_strategy=strategy, normalization=normalization, outlier_strategy=outliers, outlier_threshold=1.0
    )
    facts = fitted(column, preprocessing)
    facts = json.loads(json.dumps(facts, allow_nan=False))
    assert np.isfinite(InputNumber().encode(column, facts, preprocessing).values).all()


@given(st.lists(st.lists(st.none() | st.floats(-1e6, 1e6), max_size=20), min_size=1, max_size=5))
@settings(deadline=None)
def test_merging_the_chunks_equals_the_whole(chunks: list[list[float | None]]) -> None:
    operation = InputNumber()
    preprocessing = settings_of(normalization="iq")
    parts = [operation.summarize(pl.Series("x", chunk, dtype=pl.Float64), preprocessing) for chunk in chunks]
    merged = parts[0]
    for part in parts[1:]:
        merged = operation.merge(merged, json.loads(json.dumps(part)))
    whole = operation.summarize(pl.Series("x", list(chain.from_iterable(chunks)), dtype=pl.Float64), preprocessing)
    for name in ("count", "missing", "min", "max", "values", "counts"):
        assert merged[name] == whole[name], name
    assert merged["mean"] == pytest.approx(whole["mean"], rel=1e-9, abs=1e-6)
    assert merged["m2"] == pytest.approx(whole["m2"], rel=1e-6, abs=1e-2)


def test_the_fit_does_not_depend_on_the_size_of_the_chunks() -> None:
    column = pl.Series("x", np.random.Generator(np.random.PCG64(1)).normal(1e6, 3, 5000))
    whole = fitted(column, settings_of())
    assert fitted(column, settings_of(), chunk_rows=17)["std"] == pytest.approx(whole["std"], rel=1e-9)
    assert whole["std"] == pytest.approx(np.std(column.to_numpy()), rel=1e-12)
    quartiles = fitted(column, settings_of(normalization="iq"))["quartiles"]
    assert quartiles == pytest.approx(np.quantile(column.to_numpy(), [0.25, 0.5, 0.75]).tolist(), rel=1e-12)


@pytest.mark.parametrize("normalization", NORMALIZATIONS)
def test_targets_and_predictions_come_back_in_the_column_s_unit(normalization: str | None) -> None:
    operation = OutputNumber()
    preprocessing = OutputNumberPreprocessing(normalization=normalization).model_dump()
    column = pl.Series("price", [10.0, 250.0, 3.5, 99.0])
    facts = operation.fit(operation.summarize(column, preprocessing), preprocessing)
    values = operation.encode(column, facts, preprocessing).values
    assert operation.targets(values, facts, preprocessing) == pytest.approx(column.to_numpy(), rel=1e-5)
    parameters = OutputNumberParameters().model_dump()
    assert operation.scores(values, facts, preprocessing, parameters).dtype == np.float64
    assert operation.decode(values, facts, preprocessing, parameters)["predictions"].to_numpy() == pytest.approx(
        column.to_numpy(), rel=1e-5
    )
    clipped = operation.decode(values, facts, preprocessing, {"clip": [5.0, 100.0]})["predictions"]
    assert clipped.to_numpy() == pytest.approx([10.0, 100.0, 5.0, 99.0], rel=1e-5)


def test_a_wild_answer_is_a_finite_prediction() -> None:
    preprocessing = OutputNumberPreprocessing(normalization="log1p").model_dump()
    answers = OutputNumber().scores(np.array([1e9, -1e9]), {"shift": 0.0, "scale": 1.0}, preprocessing, {})
    assert np.isfinite(answers).all()


@pytest.mark.parametrize(
    ("values", "options", "code", "fatal", "said"),
    [
        (["1", "2", "3", "forty", "5"], {}, "not-a-number", False, "1 of 5 rows are text, first at row 4: 'forty'."),
        (["a", "b", "3"], {}, "not-a-number", True, "2 of 3 rows are text, first at row 1: 'a'."),
        ([1.0, float("inf"), 2.0], {}, "infinite-value", False, "got 1 infinite of 3 values, first at row 2"),
        ([None, None], {}, "all-missing", True, "got 2 rows, all missing"),
        ([4.0, 4.0, None], {}, "constant-column", False, "got 4.0 in all rows that have a value"),
        ([1.0, -2.0], {"normalization": "log1p"}, "outside-log1p", True, "must be > -1"),
        ([1.0, None], {"missing_value_strategy": "drop_row"}, "missing-dropped", False, "no value in 1 of 2 rows"),
        ([[1.0], [2.0]], {}, "wrong-column-type", True, "declared number but holds List"),
    ],
)
def test_what_is_odd_about_a_column_is_said_in_a_sentence(values, options, code: str, fatal: bool, said: str) -> None:
    findings = InputNumber().inspect(pl.Series(values), "age", settings_of(**options))
    found = next(each for each in findings if each.code == code)
    assert found.fatal is fatal and said in found.message and "'age'" in found.message


def test_an_ordinary_column_has_no_findings_and_a_target_says_which_rows_it_loses() -> None:
    assert InputNumber().inspect(pl.Series([1.0, None, 3.0]), "age", settings_of()) == []
    preprocessing = OutputNumberPreprocessing().model_dump()
    findings = OutputNumber().inspect(pl.Series([1.0, None, 3.0]), "age", preprocessing)
    assert [each.message for each in findings] == ["Target 'age' has no value in 1 of 3 rows: these rows are left out."]


def test_a_constant_that_log1p_cannot_take_is_refused() -> None:
    with pytest.raises(UserProblem, match="fill_value must be > -1"):
        fitted(pl.Series([1.0]), settings_of(normalization="log1p", fill_value=-1.0))


def test_quantile_gives_a_skewed_column_the_shape_of_a_normal_one() -> None:
    values = np.random.Generator(np.random.PCG64(2)).lognormal(0, 2, 5000)
    seen = np.sort(encoded(pl.Series("x", values), normalization="quantile"))
    normal = NormalDist()
    expected = np.array([normal.inv_cdf((place + 0.5) / 5000) for place in range(5000)])
    # A thousand landmarks stand for five thousand rows: between two of them the line is straight.
    assert np.abs(seen - expected)[25:-25].max() < 0.05
    assert np.abs(seen - expected).max() < 0.4


def test_rows_beyond_the_training_rows_stay_apart_under_quantile() -> None:
    preprocessing = settings_of(normalization="quantile")
    facts = fitted(pl.Series("x", [0.0, 1.0, 2.0, 10.0]), preprocessing)
    seen = InputNumber().encode(pl.Series("x", [-5.0, 0.0, 10.0, 20.0, 30.0]), facts, preprocessing).values
    assert (np.diff(seen) > 0).all()
    assert seen[3] - seen[2] == pytest.approx(seen[4] - seen[3]) == pytest.approx(seen[2] - seen[1])
    outputs = OutputNumber()
    assert outputs.targets(seen, facts, preprocessing) == pytest.approx([-5, 0, 10, 20, 30], abs=1e-4)


def test_robust_scales_a_column_whose_middle_half_is_one_value() -> None:
    column = pl.Series("x", [0.0] * 18 + [4.0, -2.0])
    assert encoded(column, normalization="iq")[-2:] == [4, -2]
    assert encoded(column, normalization="robust")[-2:] == pytest.approx([4 / 3, -2 / 3])

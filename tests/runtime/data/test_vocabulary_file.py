"""A vocabulary from a file: its tokens in its order, whatever the training rows hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from declml.components.features.output_text import OutputText, OutputTextPreprocessing
from declml.components.features.sequence import InputSequence, InputSequencePreprocessing
from declml.components.features.text import InputText, InputTextPreprocessing
from declml.errors import UserProblem
from declml.pretrained import relative_to

COLUMN = pl.Series(["tea milk rye", "rye tea", None, "oat"])
KINDS = {
    "text": (InputText, InputTextPreprocessing),
    "sequence": (InputSequence, InputSequencePreprocessing),
    "target": (OutputText, OutputTextPreprocessing),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "words.txt").write_bytes("rye\r\n<UNK>\r\ntea 17\r\n\r\ntea\r\ngin\u2028\r\n".encode())
    return tmp_path


def fitted(kind: str, folder: Path, **values: Any) -> tuple[Any, dict[str, Any], dict[str, Any]]:
    operation, declared = KINDS[kind]
    preprocessing = declared(vocab_file="words.txt", **values).model_dump()
    with relative_to(folder):
        facts = operation().fit(operation().summarize(COLUMN, preprocessing), preprocessing)
    return operation(), dict(facts), preprocessing


@pytest.mark.parametrize("kind", KINDS)
def test_the_tokens_of_a_file_are_the_vocabulary(kind: str, folder: Path) -> None:
    operation, facts, preprocessing = fitted(kind, folder)
    assert facts["vocabulary"] == ["<PAD>", "<UNK>", "rye", "tea", "gin"]
    assert facts["counts"] == [0, 0, 2, 2, 0]
    (folder / "words.txt").unlink()  # a saved model needs none
    answer = operation.encode(COLUMN.drop_nulls(), facts, preprocessing)
    assert answer.values.tolist() == [3, 1, 2, 2, 3, 1]
    assert answer.counts["unknown_tokens"] == 2


def test_where_tokens_may_hold_blanks_a_line_is_one(folder: Path) -> None:
    assert fitted("text", folder, tokenizer="ngram")[1]["vocabulary"][2:] == ["rye", "tea 17", "tea", "gin\u2028"]


@pytest.mark.parametrize("kind", KINDS)
def test_another_file_is_another_fit(kind: str, folder: Path) -> None:
    operation, _, preprocessing = fitted(kind, folder)
    with relative_to(folder):
        before = operation.resources(preprocessing)
        (folder / "words.txt").write_text("rye\n")
        assert operation.resources(preprocessing) != before
    assert operation.resources({**preprocessing, "vocab_file": None}) == {}


def test_a_file_must_be_there_and_have_tokens(folder: Path) -> None:
    (folder / "words.txt").write_text("\n<PAD>\n")
    with pytest.raises(UserProblem, match=r"a token in each line; got none in 'words\.txt'"):
        fitted("text", folder)
    (folder / "words.txt").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(UserProblem, match="vocab_file must be a text in UTF-8"):
        fitted("text", folder)
    (folder / "words.txt").unlink()
    with pytest.raises(UserProblem, match=r"got no file 'words\.txt'") as refusal:
        fitted("sequence", folder)
    assert str(folder) in str(refusal.value.hint)

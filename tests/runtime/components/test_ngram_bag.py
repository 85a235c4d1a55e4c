"""The encoder ngram_bag: weights of words, vectors of runs, and texts that are read folded where it asks for it."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import torch
from torch import Tensor

from declml.components.encoders.ngram_bag import NGRAM_BAG
from declml.components.features.text import InputText, InputTextPreprocessing
from declml.contracts import Member, TokenStates

FACTS = {"vocabulary": ["<PAD>", "<UNK>", "tea", "milk", "rye"], "counts": [0, 0, 7, 3, 0]}
IDS, LENGTHS = torch.tensor([[2, 3, 4], [3, 2, 0], [1, 0, 0]]), torch.tensor([3, 2, 1])
WEIGHTS = [math.log(8 / 8) + 1, math.log(8 / 4) + 1, math.log(8 / 1) + 1]


def build(facts: dict[str, Any] = FACTS, **given: Any) -> Any:
    torch.manual_seed(1)
    assert NGRAM_BAG.build is not None
    parameters = NGRAM_BAG.parameters(embedding_size=3, num_hash_buckets=997, **given).model_dump()
    return NGRAM_BAG.build([Member("words", facts)], **parameters).eval()


def test_rare_words_weigh_more_and_the_weights_of_a_text_have_length_1() -> None:
    module = build()
    tea, milk, rye = WEIGHTS
    length = math.hypot(tea, milk, rye)
    expected = (tea * module.words[2] + milk * module.words[3] + rye * module.words[4]) / length
    answers = module(IDS, LENGTHS)
    torch.testing.assert_close(answers[0], expected)
    assert answers[2].tolist() == [0, 0, 0]  # nothing is known of the only word


def test_a_run_has_a_vector_that_goes_by_its_order() -> None:
    module = build(longest_run=2)
    before = module(IDS, LENGTHS)
    assert before[2].tolist() == [0, 0, 0]
    with torch.no_grad():
        module.runs.normal_()
    tea_milk, milk_tea = (module(torch.tensor([ids]), torch.tensor([2])) for ids in ([2, 3], [3, 2]))
    assert not torch.allclose(tea_milk, milk_tea)
    tea, milk, _ = WEIGHTS
    length = math.hypot(tea, milk, (tea + milk) / 2)
    words = (tea * module.words[2] + milk * module.words[3]) / length
    run = (tea_milk[0] - words) * length / ((tea + milk) / 2)
    assert (module.runs - run).abs().sum(1).min() < 1e-5


def test_runs_start_at_nothing_so_that_new_ones_say_nothing() -> None:
    assert build(longest_run=2).runs.abs().max() == 0
    assert build().runs is None


def test_each_token_keeps_a_vector_where_a_combiner_takes_them() -> None:
    states = build(longest_run=2, reduce_output=None)(IDS, LENGTHS)
    assert isinstance(states, TokenStates)
    torch.testing.assert_close(states.values.sum(1), build(longest_run=2)(IDS, LENGTHS))


def test_pieces_of_a_pretrained_tokenizer_weigh_all_the_same() -> None:
    module = build({"vocabulary_size": 5})
    torch.testing.assert_close(module(IDS, LENGTHS)[1], (module.words[3] + module.words[2]) / math.sqrt(2))


def read(**preprocessing: Any) -> tuple[dict[str, Any], Tensor]:
    values = {**InputTextPreprocessing().model_dump(), **preprocessing}
    operation, texts = InputText(), pl.Series(["Win 500 now", "win 731 NOW"])
    facts = dict(operation.fit(operation.summarize(texts, values), values))
    return facts, torch.from_numpy(operation.encode(texts, facts, values).values)


def test_folded_texts_differ_neither_by_capitals_nor_by_digits() -> None:
    assert NGRAM_BAG.facts["asks"] == {"fold": "$fold"}
    facts, ids = read(fold=True)
    assert sorted(facts["vocabulary"][2:]) == ["000", "now", "win"]
    assert ids[:3].tolist() == ids[3:].tolist()
    assert len(read(fold=False)[0]["vocabulary"]) == len(read()[0]["vocabulary"]) == 2 + 6


@pytest.mark.parametrize("fold", [True, False])
def test_a_given_vocabulary_reads_texts_as_they_are(tmp_path: Path, fold: bool) -> None:
    file = tmp_path / "words.txt"
    file.write_text("Win\n500\n")
    _, ids = read(fold=fold, vocab_file=str(file))
    assert ids.tolist() == [2, 3, 1, 1, 1, 1]

"""The nearest name: close misspellings are found, far words are not guessed."""

from __future__ import annotations

import pytest

from declml_schema.suggest import nearest

NAMES = [
    "trainer", "type", "name", "encoder", "decoder", "combiner", "preprocessing", "num_layers",
    "num_fc_layers", "probabilities", "space", "betas", "beta", "lstm", "gru", "rnn", "cnn", "batch_size",
    "learning_rate", "epochs", "dropout", "size", "input_features", "output_features", "parallel_cnn",
]  # fmt: skip


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("trainr", "trainer"),
        ("num_layrs", "num_layers"),
        ("probabilites", "probabilities"),
        ("spce", "space"),
        ("bets", "betas"),
        ("typ", "type"),
        ("encodr", "encoder"),
        ("lstmm", "lstm"),
        ("tpye", "type"),
        ("LSTM", "lstm"),
        ("batch-size", "batch_size"),
        ("Learning Rate", "learning_rate"),
        ("input_feature", "input_features"),
    ],
)
def test_a_misspelt_name_finds_the_meant_one(written: str, meant: str) -> None:
    assert nearest(written, NAMES) == meant


@pytest.mark.parametrize("written", ["xyz", "", "q", "optimizer_family", "widget", "42", "ab"])
def test_a_far_word_finds_nothing(written: str) -> None:
    assert nearest(written, NAMES) is None


def test_the_order_of_the_candidates_does_not_matter() -> None:
    assert nearest("spac", NAMES) == nearest("spac", reversed(NAMES)) == "space"

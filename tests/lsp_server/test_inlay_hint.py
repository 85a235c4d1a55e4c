"""Hints show what a config leaves open: defaults, shapes and rows, one a line at most and none where none is due."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from tests.lsp_server.past import PastProject

from declml_lsp.methods import inlay_hint
from declml_lsp.settings import Settings

CONFIG = """\
defaults:
  number:
    encoder: {type: dense}
input_features:
  - name: title  # a comment
    type: text
  - name: body
    type: text
    encoder:
      type: lstm
  - name: note
    type: text
    encoder:
      num_layers: 2
  - {name: age, type: number}
  - name: fare
    type: number
    encoder: {type: passthrough}
output_features:
  - name: class
    type: category
combiner:
  type: concat
trainer:  # how
  learning_rate: 0.01
preprocessing:
  split:
    probabilities: [0.7, 0.1, 0.2]
"""
MODEL: dict[str, Any] = {
    "inputs": {
        "title": {"output": ["batch", 256], "parameters": {"trainable": 1_182_720, "frozen": 0}},
        "body": {"output": ["batch", 128], "parameters": {"trainable": 5, "frozen": 0}},
        "note": {"output": None, "parameters": None},
        "fare": {"output": ["batch", 1], "parameters": {"trainable": 0, "frozen": 0}},
    },
    "combiner": {"output": ["batch", 385], "parameters": {"trainable": 0, "frozen": 0}},
    "outputs": {"class": {"output": ["batch", 3], "parameters": {"trainable": 9, "frozen": 0}}},
    "rows": {"training": 21000, "validation": 3000, "test": 6000},
    "resolved": {"trainer.batch_size": 256, "trainer.device": "cpu", "trainer.eval_batch_size": 512},
}


def asked(tmp_path: Path, text: str, *, first: int = 0, last: int = 1000, **options: Any) -> list[types.InlayHint]:
    session, snapshot = PastProject(tmp_path).open(text, **options)
    area = types.Range(types.Position(first, 0), types.Position(last, 0))
    params = types.InlayHintParams(types.TextDocumentIdentifier(snapshot.uri), area)
    return inlay_hint.respond(session, snapshot, params)


def drawn(text: str, hints: list[types.InlayHint]) -> list[str]:
    """Return the lines that have a hint, each with its hint between guillemets."""
    by_line = {hint.position.line: hint for hint in hints}
    assert len(by_line) == len(hints), "two hints on one line"
    lines = text.split("\n")
    return [
        f"{lines[line][: hint.position.character]}«{hint.label}»{lines[line][hint.position.character :]}".strip()
        for line, hint in sorted(by_line.items())
    ]


def test_a_whole_config_is_annotated_line_by_line(tmp_path: Path) -> None:
    assert drawn(CONFIG, asked(tmp_path, CONFIG, model=MODEL)) == [
        "type: text«encoder: ngram_bag → [batch, 256]»",
        "type: lstm«→ [batch, 128]»",
        "encoder:«type: parallel_cnn»",
        "- {name: age, type: number«encoder: dense»}",
        "encoder: {type: passthrough«→ [batch, 1]»}",
        "type: category«→ [batch, 3]»",
        "type: concat«→ [batch, 385]»",
        "trainer:«epochs: auto, batch_size: auto → 256»  # how",
        "probabilities: [0.7, 0.1, 0.2]«→ 21,000 / 3,000 / 6,000 rows»",
    ]


def test_without_a_model_only_what_the_text_tells_is_shown(tmp_path: Path) -> None:
    assert drawn(CONFIG, asked(tmp_path, CONFIG)) == [
        "type: text«encoder: ngram_bag»",
        "encoder:«type: parallel_cnn»",
        "- {name: age, type: number«encoder: dense»}",
        "trainer:«epochs: auto, batch_size: auto»  # how",
    ]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("batch_size: auto", "batch_size: auto«→ 256»"),
        ("batch_size: auto  # as it fits", "batch_size: auto«→ 256»  # as it fits"),
        ("eval_batch_size: null", "eval_batch_size: null«→ 512»"),
        ("device: auto", "device: auto«→ cpu»"),
        ("batch_size: 32", None),
        ("threads: auto", None),
    ],
)
def test_what_is_left_open_says_what_it_becomes(tmp_path: Path, written: str, expected: str | None) -> None:
    text = f"{CONFIG}evaluation: {{}}\n".replace("trainer:  # how\n", f"trainer:\n  {written}\n  epochs: 2\n")
    lines = drawn(text, asked(tmp_path, text, model=MODEL))
    assert [line for line in lines if line.startswith(written.partition(":")[0])] == ([expected] if expected else [])


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("trainer:  # how\n  learning_rate: 0.01", "trainer: {epochs: 2}  # how",
         "trainer: {epochs: 2}«batch_size: auto → 256, learning_rate: auto»  # how"),
        ("    probabilities: [0.7, 0.1, 0.2]", "    type: random", "type: random«→ 21,000 / 3,000 / 6,000 rows»"),
        ("    probabilities: [0.7, 0.1, 0.2]", "    probabilities:\n    - 0.7\n    - 0.1\n    - 0.2",
         "probabilities:«→ 21,000 / 3,000 / 6,000 rows»"),
        ("combiner:\n  type: concat", "combiner:\n  num_fc_layers: 1", "combiner:«→ [batch, 385]»"),
        ("combiner:\n  type: concat", "combiner: concat", "combiner: concat«→ [batch, 385]»"),
    ],
)  # fmt: skip
def test_a_hint_stands_where_its_value_is_written(tmp_path: Path, before: str, after: str, expected: str) -> None:
    text = CONFIG.replace(before, after)
    assert expected in drawn(text, asked(tmp_path, text, model=MODEL))


def test_a_full_trainer_needs_no_hint(tmp_path: Path) -> None:
    text = CONFIG.replace("trainer:  # how\n", "trainer:\n  epochs: 2\n  batch_size: 8\n")
    assert not [line for line in drawn(text, asked(tmp_path, text, model=MODEL)) if line.startswith("trainer")]


def test_a_merged_type_needs_no_hint(tmp_path: Path) -> None:
    text = CONFIG.replace("defaults:\n", "defaults:\n  text: {encoder: &rnn {type: lstm}}\n").replace(
        "      num_layers: 2\n", "      <<: *rnn\n      num_layers: 2\n"
    )
    assert "encoder:«type: lstm»" not in drawn(text, asked(tmp_path, text))


@pytest.mark.parametrize(
    ("hints", "expected"),
    [
        (
            {"defaults"},
            ["encoder: ngram_bag", "type: parallel_cnn", "encoder: dense", "epochs: auto, batch_size: auto → 256"],
        ),
        ({"shapes"}, ["→ [batch, 256]", "→ [batch, 128]", "→ [batch, 1]", "→ [batch, 3]", "→ [batch, 385]"]),
        ({"split"}, ["→ 21,000 / 3,000 / 6,000 rows"]),
        (set(), []),
    ],
)
def test_each_kind_can_be_switched_off(tmp_path: Path, hints: set[str], expected: list[str]) -> None:
    found = asked(tmp_path, CONFIG, model=MODEL, settings=Settings(hints=frozenset(hints)))
    assert [hint.label for hint in found] == expected


def test_only_the_requested_lines_are_answered(tmp_path: Path) -> None:
    found = asked(tmp_path, CONFIG, first=6, last=10, model=MODEL)
    assert [(hint.position.line, hint.label) for hint in found] == [(9, "→ [batch, 128]")]


def test_a_hint_explains_itself(tmp_path: Path) -> None:
    hint = asked(tmp_path, CONFIG, first=5, last=5, model=MODEL)[0]
    assert hint.padding_left
    assert hint.tooltip == (
        "No encoder is written, so it is ngram_bag. Adds up learned vectors of words and, if asked, of runs of them,"
        " rare ones for more: fast, and hard to beat by few thousand texts.\n"
        "What the encoder gives for a batch of rows. It has 1,182,720 weights that train."
    )
    stale = asked(tmp_path, CONFIG, first=9, last=9, model={**MODEL, "stale": True})[0]
    assert isinstance(stale.tooltip, str)
    assert stale.tooltip.endswith("The config has changed since: this is being computed anew.")


@pytest.mark.parametrize(
    "text",
    ["", "a", "[1, 2]", "input_features:", "input_features:\n  -\n", "trainer:\n", "input_features: [{name: x, ty"],
)
def test_half_typed_text_is_answered(tmp_path: Path, text: str) -> None:
    for hint in asked(tmp_path, text, model=MODEL):
        assert hint.label

"""A hover tells what changed since the last run, and what became of the runs that differ there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from tests.lsp_server.editing import at_cursor
from tests.lsp_server.past import PastProject
from tests.lsp_server.test_hover import CONFIG, MODEL, ask

from declml_lsp.settings import Settings

# --- the first line --------------------------------------------------------------------------------------------------


def test_the_first_line_tells_the_model_and_every_change(tmp_path: Path) -> None:
    project = PastProject(tmp_path)
    project.run(12, CONFIG, 0.847)
    text = CONFIG.replace("epochs: 3", "epochs: 9").replace("  - name: age\n    type: number\n", "")
    session, snapshot = project.open(text, model=MODEL)
    found = ask(session, snapshot, types.Position(0, 3))
    assert found is not None
    assert isinstance(found.contents, types.MarkupContent)
    assert found.contents.value == (
        "**2 changes** since run 12 (accuracy 0.847):\n\n"
        "- `input_features[age]` is gone, it was `number (piecewise_linear)`\n"
        "- `trainer.epochs` `3` → `9`\n\n"
        "**The model**\n\n"
        "- Weights: 1,183,748 trainable, 90 frozen\n"
        "- Memory while training: 23 MiB, activations on top\n"
        "- Rows: 700 training, 100 validation, 200 test\n"
        "- Steps: 44 an epoch, 132 at most\n"
        "- All inputs together: `[batch, 513]`"
    )
    assert found.range == types.Range(types.Position(0, 0), types.Position(0, 16))


def test_the_first_line_says_that_nothing_changed(tmp_path: Path) -> None:
    project = PastProject(tmp_path)
    project.run(12, CONFIG, 0.847)
    session, snapshot = project.open(CONFIG)
    found = ask(session, snapshot, types.Position(0, 3))
    assert found is not None
    assert isinstance(found.contents, types.MarkupContent)
    assert found.contents.value == "**No change** since run 12 (accuracy 0.847)."


def test_a_run_that_is_asked_for_and_absent_is_said_to_be_so(tmp_path: Path) -> None:
    project = PastProject(tmp_path)
    project.run(12, CONFIG)
    session, snapshot = project.open(CONFIG, settings=Settings(compare="99"))
    found = ask(session, snapshot, types.Position(0, 3))
    assert found is not None
    assert isinstance(found.contents, types.MarkupContent)
    assert "There is no run '99'" in found.contents.value


# --- what changed ----------------------------------------------------------------------------------------------------


def changed(tmp_path: Path, after: str, *, runs: dict[int, tuple[str, float]], **options: Any) -> str:
    """Return what the hover at the mark in ``after`` says, after runs of the configs in ``runs``."""
    project = PastProject(tmp_path)
    for number, (text, value) in runs.items():
        project.run(number, text, value)
    source, position = at_cursor(after)
    session, snapshot = project.open(source, **options)
    found = ask(session, snapshot, types.Position(position.line, position.column))
    assert found is not None
    assert isinstance(found.contents, types.MarkupContent)
    return found.contents.value


def rate(value: str) -> str:
    return CONFIG.replace("learning_rate: 0.001", f"learning_rate: {value}")


def test_a_changed_key_tells_what_became_of_the_runs_that_differ_there(tmp_path: Path) -> None:
    runs = {
        1: (rate("0.01"), 0.5),
        2: (rate("0.003"), 0.83),
        3: (rate("0.003"), 0.85),
        4: (rate("0.003").replace("epochs: 3", "epochs: 9"), 0.9),
        5: (rate("0.001"), 0.81),
        12: (rate("0.001"), 0.80),
    }
    text = changed(tmp_path, rate("0.|003"), runs=runs)
    assert text.split("\n\n")[2:4] == [
        "**Changed** since run 12: `0.001` → `0.003`",
        "- Of 4 runs that differ only here: mean validation accuracy 0.805 → 0.84, better\n"
        "- Also tried, with nothing else changed: `0.01` 0.5; validation accuracy at `0.001` 0.805\n"
        "- Of 3 runs, some of which differ elsewhere too: mean validation accuracy 0.805 → 0.9, better",
    ]


def test_a_value_that_was_never_tried_is_told_beside_those_that_were(tmp_path: Path) -> None:
    runs = {1: (rate("0.01"), 0.5), 2: (rate("0.001"), 0.8)}
    text = changed(tmp_path, rate("0.|002"), runs=runs)
    assert "- Tried, with nothing else changed: `0.01` 0.5; validation accuracy at `0.001` 0.8" in text
    assert "differ only here" not in text


def test_a_change_for_the_worse_is_called_so(tmp_path: Path) -> None:
    runs = {1: (rate("0.01"), 0.5), 2: (rate("0.001"), 0.8)}
    assert "validation accuracy 0.8 → 0.5, worse" in changed(tmp_path, rate("0.|01"), runs=runs)


def test_an_unchanged_key_says_nothing_of_runs(tmp_path: Path) -> None:
    assert "since run" not in changed(tmp_path, rate("0.|001"), runs={1: (CONFIG, 0.8)})


def test_a_key_that_is_gone_shows_on_its_section(tmp_path: Path) -> None:
    after = CONFIG.replace("trainer:\n  epochs: 3\n", "train|er:\n")
    text = changed(tmp_path, after, runs={1: (CONFIG, 0.8)})
    assert "**1 change in it since run 1**:\n\n- `epochs` `3` → `auto`" in text


@pytest.mark.parametrize(
    ("key", "gone", "said"),
    [
        ("trai|ner:\n", "  optimizer: {type: sgd}\n", "- `optimizer.type` `sgd` → `adamw`"),
        ("prepro|cessing:\n", "  sample_ratio: 0.5\n", "- `sample_ratio` `0.5` → `1`"),
        ("enco|der: &words\n", "      dropout: 0.3\n", "- `dropout` `0.3` → `0.2`"),
    ],
)
def test_what_is_gone_shows_on_the_key_above_it(tmp_path: Path, key: str, gone: str, said: str) -> None:
    plain = key.replace("|", "")
    trained = CONFIG.replace(plain, plain + gone)
    text = changed(tmp_path, CONFIG.replace(plain, key), runs={1: (trained, 0.8)})
    assert f"**1 change in it since run 1**:\n\n{said}" in text


@pytest.mark.parametrize("left", ["prepro|cessing:", "prepro|cessing: {}"])
def test_what_was_all_of_a_section_shows_on_the_empty_key(tmp_path: Path, left: str) -> None:
    split = "preprocessing:\n  split: {probabilities: [0.7, 0.1, 0.2]}\n"
    trained = CONFIG.replace("[0.7, 0.1, 0.2]", "[0.6, 0.2, 0.2]")
    text = changed(tmp_path, CONFIG.replace(split, left + "\n"), runs={1: (trained, 0.8)})
    assert "**1 change in it since run 1**:\n\n- `split.probabilities` `[0.6, 0.2, 0.2]` → `[0.7, 0.1, 0.2]`" in text


@pytest.mark.parametrize("mark", ["- na|me: extra", "- name: ex|tra"])
def test_a_new_feature_says_that_it_is_new(tmp_path: Path, mark: str) -> None:
    after = CONFIG.replace("input_features:\n", f"input_features:\n  {mark}\n    type: number\n")
    assert "**New** since run 1: `number (piecewise_linear)`." in changed(tmp_path, after, runs={1: (CONFIG, 0.8)})


def test_a_features_name_lists_what_changed_in_it(tmp_path: Path) -> None:
    after = CONFIG.replace("- name: note", "- name: no|te").replace("num_layers: 2", "num_layers: 4")
    text = changed(tmp_path, after, runs={1: (CONFIG, 0.8)})
    assert "**1 change in it since run 1**:\n\n- `encoder.num_layers` `2` → `4`" in text


def test_a_swapped_component_says_what_it_was(tmp_path: Path) -> None:
    before = CONFIG.replace("encoder: &words\n      num_layers: 2", "encoder: &words {type: rnn}")
    after = CONFIG.replace("encoder: &words\n      num_layers: 2", "encoder: &words {type: g|ru}")
    assert "**Changed** since run 1: `rnn` → `gru`" in changed(tmp_path, after, runs={1: (before, 0.8)})


def test_a_config_with_errors_still_tells_its_changes(tmp_path: Path) -> None:
    after = CONFIG.replace("epochs: 3", "epo|chs: 9").replace("type: concat", "type: concta")
    assert "**Changed** since run 1: `3` → `9`" in changed(tmp_path, after, runs={1: (CONFIG, 0.8)})

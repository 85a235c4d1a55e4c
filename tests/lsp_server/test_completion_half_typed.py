"""Completion in half-typed text: the situations in which others give up."""

from __future__ import annotations

import pytest

from declml_lsp.session import Session, snapshot_of
from declml_lsp.text import Text

from .completing import VS_CODE, Completed, capabilities_of, completed, offered
from .completion_texts import LSTM, OUTPUTS, WORDS
from .editing import QuietClient, at_cursor

WHOLE = (
    "name: experiment\n"
    + "input_features:\n"
    + "".join(
        f"  - name: feature_{number}\n    type: text\n    encoder:\n      type: lstm\n      num_layers: 2\n"
        for number in range(8)
    )
    + OUTPUTS
    + "trainer:\n  epochs: 3\n  learning_rate: 0.001\n"
)
HALF_TYPED = [
    "    enc", "    column: ", "    column: par", "    column: [a", "    encoder: {type", '    column: "par',
    "    column: 'par", "  - na", "\tcolumn: a", "     column: a", "   column: a", "    column: a: b", "    column: ]",
    "    column: @x", "    column: *unknown", "    <<: *unknown", "<<<<<<< HEAD", "=======", "    encoder:\n      ce",
    "  - ", "    ty", "      ce", "    column: {a: [b", "    ? a", "    - - -", "%YAML", "    column: |",
    "    & a", "  }",
]  # fmt: skip


@pytest.mark.parametrize("broken", HALF_TYPED)
def test_a_broken_line_above_changes_nothing_below_it(broken: str) -> None:
    lines = WHOLE.split("\n")
    inserted = [*lines[:11], broken, *lines[11:]]
    for text, mark in (("  - name: feature_6", 4), ("trainer:", 1)):
        at = next(number for number, line in enumerate(inserted) if line == text)
        marked = [*inserted[: at + mark], "<MARK>", *inserted[at + mark :]]
        indent = "      " if mark == 4 else "  "
        answer = completed("\n".join(marked).replace("<MARK>", f"{indent}<MARK>"), mark="<MARK>")
        expected = LSTM - {"type"} if mark == 4 else {*WORDS.section("trainer").properties}
        assert set(answer.keys) >= expected - {"num_layers", "epochs", "learning_rate"}, broken


@pytest.mark.parametrize("broken", HALF_TYPED)
def test_each_half_typed_line_is_answered_itself(broken: str) -> None:
    lines = WHOLE.split("\n")
    for length in range(len(broken) + 1):
        marked = [*lines[:11], broken[:length] + "<MARK>", *lines[11:]]
        assert isinstance(completed("\n".join(marked), mark="<MARK>"), Completed)


def test_a_text_of_any_kind_is_answered() -> None:
    for text in (
        "",
        "|",
        "- ",
        "{",
        "[",
        "}",
        "]]]",
        '"',
        "a:\n\t- b",
        "\u2028: x",
        "a\rb: \r\n",
        "&",
        "*",
        "? ",
        "!!map",
    ):
        for at in range(len(text) + 1):
            completed(text[:at] + "<MARK>" + text[at:], mark="<MARK>")


def test_a_cell_is_completed_below_its_magic() -> None:
    for text, is_answered in (("%%declml\ntrainer:\n  |", True), ("%%declml|\ntrainer:\n", False)):
        source, position = at_cursor(text)
        snapshot = snapshot_of("vscode-notebook-cell:/a.ipynb#1", 1, Text(source), language="yaml", notebook=None)
        assert snapshot is not None
        session = Session(QuietClient(), capabilities=capabilities_of(VS_CODE))
        assert bool(Completed(session, snapshot, snapshot.text.place(position)).labels) is is_answered


def test_a_text_too_long_for_a_person_is_left_alone() -> None:
    assert offered("|" + "# long\n" * 700_000) == []


def test_nothing_is_parsed_for_a_key() -> None:
    answer = completed(WHOLE + "  |")
    assert answer.labels
    assert "_document" not in vars(answer.snapshot)

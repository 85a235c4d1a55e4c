"""The line of a magic: what is understood, and what is said of the rest."""

from __future__ import annotations

import pytest

from declml.errors import UserProblem
from declml_jupyter.arguments import CELL_COMMANDS, LINE_COMMANDS, overview, read_line


def test_options_may_stand_anywhere_and_repeat_where_they_may() -> None:
    found = read_line("train --set a=1 --data df --set 'b=[1, 2]' --background", CELL_COMMANDS, magic="%%declml")
    assert found.command == "train"
    assert found.value("--data") == "df"
    assert found.overrides == ("a=1", "b=[1, 2]")
    assert found.flags == {"--background"}
    assert found.value("--kernel") is None


def test_operands_come_in_their_order() -> None:
    assert read_line("diff 3 latest", LINE_COMMANDS, magic="%declml").operands == ("3", "latest")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("", "got nothing"),
        ("tran", "got 'tran'"),
        ("train --dat df", "--dat"),
        ("train --data", "--data"),
        ("train 'open", "quotation marks"),
    ],
)
def test_what_is_not_understood_is_told_with_a_way_out(line: str, told: str) -> None:
    with pytest.raises(UserProblem) as caught:
        read_line(line, CELL_COMMANDS, magic="%%declml")
    assert told in caught.value.message


def test_the_nearest_command_is_named() -> None:
    with pytest.raises(UserProblem) as caught:
        read_line("tran", CELL_COMMANDS, magic="%%declml")
    assert caught.value.hint == "Did you mean 'train'?"


def test_the_overview_names_every_command() -> None:
    text = overview()
    assert all(f"%%declml {name} " in text for name in CELL_COMMANDS)
    assert all(f"%declml {name} " in text for name in LINE_COMMANDS)

"""Places in the client's units and in code points, there and back, whatever the text holds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types

from declml_lsp.text import Text
from declml_schema.problems import Position, Span

LETTERS = st.text(st.sampled_from("ab ä🙂\u2028\n\r\x85"), max_size=30)
ENCODINGS = ("utf-8", "utf-16", "utf-32")
BYTES = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("", [""]),
        ("a", ["a"]),
        ("a\n", ["a", ""]),
        ("a\r\nb\rc\nd", ["a", "b", "c", "d"]),
        ("a\u2028b\x85c\x0bd\x0ce", ["a\u2028b\x85c\x0bd\x0ce"]),
    ],
)
def test_lines_end_at_line_feeds_and_carriage_returns_only(source: str, lines: list[str]) -> None:
    assert Text(source).lines == lines


@pytest.mark.parametrize("encoding", ENCODINGS)
@given(source=LETTERS)
def test_every_place_goes_there_and_back(encoding: str, source: str) -> None:
    text = Text(source, encoding)
    codec, width = BYTES[encoding]
    for number, line in enumerate(text.lines):
        for column in range(len(line) + 1):
            place = text.place(Position(number, column))
            assert place == types.Position(number, len(line[:column].encode(codec)) // width)
            assert text.position(place) == Position(number, column)


@pytest.mark.parametrize("encoding", ENCODINGS)
@given(source=LETTERS, line=st.integers(0, 40), character=st.integers(0, 80))
def test_places_outside_are_moved_into_the_text(encoding: str, source: str, line: int, character: int) -> None:
    text = Text(source, encoding)
    found = text.position(types.Position(line, character))
    assert 0 <= found.line < len(text.lines)
    assert 0 <= found.column <= len(text.lines[found.line])


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_what_stands_past_the_text_is_told_at_its_end(encoding: str) -> None:
    text = Text("ab\nä", encoding)
    assert text.place(Position(0, 9)) == types.Position(0, 2)
    assert text.place(Position(7, 9)).line == 1
    assert Text("").place(Position(3, 3)) == types.Position(0, 0)


def test_a_place_inside_a_character_is_one_of_its_ends() -> None:
    assert Text("🙂b", "utf-16").position(types.Position(0, 1)) == Position(0, 1)
    assert Text("🙂b", "utf-8").position(types.Position(0, 3)) == Position(0, 1)


def test_half_a_surrogate_pair_counts_and_raises_nothing() -> None:
    text = Text("\ud83d x", "utf-8")
    assert text.position(text.place(Position(0, 2))) == Position(0, 2)


@given(source=LETTERS)
def test_a_span_gives_its_text(source: str) -> None:
    text = Text(source)
    whole = "\n".join(text.lines)
    assert text.of(Span(Position(0, 0), text.end)) == whole


def test_inserted_lines_end_as_the_others_do() -> None:
    assert Text("a\r\nb").line_end == "\r\n"
    assert Text("a\nb").line_end == "\n"
    assert Text("").line_end == "\n"

"""Texts of users are never taken for markup, and pictures made of letters are aligned."""

from __future__ import annotations

import pytest

from declml_lsp.hovering.column import bars, histogram
from declml_lsp.hovering.ink import Ink, clipped, width


def test_bars_are_aligned_whatever_the_letters() -> None:
    lines = bars([("日本", 10), ("a\nb", 5), ("", 1), ("x" * 40, 1)], 17)
    assert [line.split()[0] for line in lines] == ["日本", "a", "(empty)", f"{'x' * 19}…"]
    assert len({width(line) for line in lines}) == 1


def test_a_histogram_shows_an_empty_bin_as_empty_and_a_small_one_as_something() -> None:
    assert histogram([8, 0, 1, 800], "0", "4") == ["▁ ▁█", "0  4"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("plain", "`plain`"), ("a`b", "``a`b``"), ("`", "`` ` ``"), ("", "` `"), ("two\nlines", "`two lines`")],
)
def test_words_of_users_are_written_as_code(text: str, expected: str) -> None:
    assert Ink(markdown=True).code(text) == expected


def test_a_long_text_is_clipped_to_its_columns() -> None:
    assert clipped("abcdef", 4) == "abc…"
    assert width(clipped("日本語日本語", 5)) <= 5

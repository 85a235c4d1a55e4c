"""Tab in a cell: the language server's offers, in IPython's own completion."""

from __future__ import annotations

import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell


def offered(shell: InteractiveShell, text: str) -> list[tuple[str, str]]:
    """Return each offer at the ``|`` of a cell, and the text that it replaces."""
    before, _, after = text.partition("|")
    cell = before + after
    with provisionalcompleter():
        found = list(shell.Completer.completions(cell, len(before)))
    return [(each.text, cell[each.start : each.end]) for each in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("%%declml train\ntrainer:\n  lear|", ("learning_rate: ", "lear")),
        ("%%declml check\ncomb|", ("combiner:", "comb")),
        ("%%declml train\ntrainer:\n  optimizer: {type: ad|}", ("adam", "ad")),
        ("%%declml train\ninput_features:\n  - name: a\n    type: cat|", ("category", "cat")),
        ("%%declml train --data df\ninput_features:\n  - {name: col|}", ("colour", "col")),
        ("%%declml tr|", ("train", "tr")),
        ("%%declml train --da|", ("--data", "--da")),
        ("%%declml train --data d|", ("df", "d")),
        ("%declml sho|", ("show", "sho")),
        ("%declml show lat|", ("latest", "lat")),
    ],
)
def test_a_word_is_offered_where_it_may_stand(shell: InteractiveShell, text: str, expected: tuple[str, str]) -> None:
    assert expected in offered(shell, text)


def test_every_encoder_of_the_feature_is_offered_and_none_of_another(shell: InteractiveShell) -> None:
    found = {
        text
        for text, _ in offered(
            shell, "%%declml train\ninput_features:\n  - name: a\n    type: number\n    encoder: {type: |}"
        )
    }
    assert {"passthrough", "dense"} <= found
    assert "parallel_cnn" not in found


def test_python_is_left_alone(shell: InteractiveShell) -> None:
    shell.user_ns["wonderful"] = 1
    assert ("wonderful", "wonderf") in offered(shell, "wonderf|")


def test_an_option_is_offered_once(shell: InteractiveShell) -> None:
    found = [text for text, _ in offered(shell, "%%declml train --data df |")]
    assert "--data" not in found
    assert "--set" in found

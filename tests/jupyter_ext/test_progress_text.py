"""What a reader without widgets is told while a training goes on, and that nobody else is."""

from __future__ import annotations

from pathlib import Path

import pytest

from declml_jupyter.progress_text import OPENING, PATIENCE_SECONDS, ProgressText

from .conftest import CONFIG
from .kernel import WIDGET, kernel, shown
from .test_digest import metrics, started


class Clock:
    """Stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_it_waits_for_a_page_that_takes_its_time() -> None:
    clock = Clock()
    text = ProgressText(clock=clock)
    assert text.take(started(0)) is None
    clock.now = PATIENCE_SECONDS - 0.1
    assert text.take(metrics(1, 1)) is None
    clock.now = PATIENCE_SECONDS
    told = text.take(metrics(2, 2))
    assert told is not None
    assert told.startswith(OPENING)
    assert "epoch 1" in told


def test_it_says_something_new_ever_more_seldom_and_nothing_twice() -> None:
    clock = Clock()
    text = ProgressText(clock=clock)
    clock.now = PATIENCE_SECONDS
    assert text.take(started(0)) is not None
    clock.now = 2 * PATIENCE_SECONDS - 0.1
    assert text.take(metrics(1, 1)) is None, "too soon"
    clock.now = 2 * PATIENCE_SECONDS
    assert "epoch 1" in str(text.take(metrics(2, 2)))
    clock.now = 4 * PATIENCE_SECONDS - 0.1
    assert text.take(metrics(3, 3)) is None, "too soon after the second"
    clock.now = 1000.0
    assert "epoch 3" in str(text.take({"kind": "of another version", "seq": 4}))
    clock.now = 2000.0
    assert text.take({"kind": "of another version", "seq": 5}) is None, "nothing new"
    assert "the line is broken" in str(text.notice("the line is broken"))


def test_a_long_training_shows_its_last_lines() -> None:
    clock = Clock()
    text = ProgressText(clock=clock)
    for epoch in range(1, 100):
        text.take(metrics(epoch, epoch))
    clock.now = PATIENCE_SECONDS
    told = str(text.take(metrics(100, 100)))
    assert "epoch 99" in told
    assert "lines more)" in told
    assert len(told.splitlines()) < 50


@pytest.mark.slow
@pytest.mark.usefixtures("warm")
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_a_page_that_never_shows_the_widget_gets_lines_in_its_place(project: Path) -> None:
    with kernel(project) as it:
        it.run("__vsc_ipynb_file__ = 'a.ipynb'")
        it.run("import declml_jupyter.progress_text as text\ntext.PATIENCE_SECONDS = 0.0")
        told = it.run(f"%%declml train --data df\n{CONFIG}")
    (opened,) = shown(told, "display_data")
    assert opened["text/plain"] == OPENING
    *waiting, ended = shown(told, "update_display_data")
    assert all(WIDGET in each for each in waiting), "a page that comes late can still show the widget"
    assert "epoch 3/3" in waiting[-1]["text/plain"]
    assert set(ended) == {"image/png", "text/plain"}

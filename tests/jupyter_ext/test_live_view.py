"""What a front end is told: batches without a gap, everything to who comes late, and the end."""

from __future__ import annotations

import threading
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from declml_jupyter.live_view import Batches

from .test_digest import metrics, started, step


class Screen:
    """Takes what is sent, and lets a test wait for it."""

    def __init__(self) -> None:
        self.messages: list[Any] = []
        self._news = threading.Condition()

    def send(self, messages: list[Any]) -> None:
        with self._news:
            self.messages += messages
            self._news.notify_all()

    def wait(self, until: Callable[[list[Any]], bool]) -> None:
        with self._news:
            assert self._news.wait_for(lambda: until(self.messages), timeout=10), self.messages[-3:]

    def seen(self) -> set[int]:
        found: set[int] = set()
        for each in self.messages:
            if each["type"] in {"events", "snapshot"}:
                found |= {event["seq"] for event in each["events"]}
        return found


def batches(screen: Screen) -> Batches:
    return Batches(screen.send, path_of=lambda digest: f"/runs/{digest.run}")


def test_every_event_arrives_in_order_and_without_a_gap() -> None:
    screen = Screen()
    view = batches(screen)
    view.ready()
    view.take(started(0))
    screen.wait(lambda told: any(each["type"] == "snapshot" for each in told))
    for seq in range(1, 60):
        view.take(step(seq, seq))
    view.end("finished")
    assert screen.seen() == set(range(60))
    following = [each for each in screen.messages if each["type"] == "events"]
    assert all(each["to_seq"] - each["from_seq"] + 1 == len(each["events"]) for each in following)
    assert all(after["from_seq"] == before["to_seq"] + 1 for before, after in pairwise(following))
    assert screen.messages[-1] == {"type": "state", "run": "0001-aa", "status": "finished"}


def test_nothing_is_told_before_the_run_has_a_name() -> None:
    screen = Screen()
    view = batches(screen)
    view.ready()
    assert view.everything() == []
    view.end("failed")
    assert screen.messages == []


def test_who_comes_late_is_told_everything() -> None:
    screen = Screen()
    view = batches(screen)
    view.take(started(0))
    for seq in range(1, 20):
        view.take(metrics(seq, seq))
    opening = view.everything()
    assert [each["type"] for each in opening] == ["init", "snapshot", "state"]
    assert opening[0]["runs"][0]["run"] == "0001-aa"
    assert len(opening[1]["events"]) == 20
    assert opening[1]["to"] == 19
    view.end("finished")


def test_a_flood_is_told_as_a_snapshot() -> None:
    screen = Screen()
    view = batches(screen)
    view.ready()
    view.take(started(0))
    for seq in range(1, 5001):
        view.take(step(seq, seq))
    view.end("finished")
    assert max(len(each["events"]) for each in screen.messages if each["type"] == "events" or "events" in each) <= 1500
    assert 5000 in screen.seen()


def test_a_stop_that_is_asked_for_is_shown() -> None:
    screen = Screen()
    view = batches(screen)
    view.take(started(0))
    view.set_status("stopping")
    screen.wait(lambda told: any(each.get("status") == "stopping" for each in told))
    view.end("interrupted")
    assert screen.messages[-1]["status"] == "interrupted"

"""The digest of a run: bounded, true to the stream, and without what a resume made void."""

from __future__ import annotations

import random
from typing import Any

from declml.runs.history import History
from declml_jupyter.digest import MOST_POINTS, Digest


def started(seq: int, *, resumed: int | None = None) -> dict[str, Any]:
    return {"seq": seq, "kind": "run_started", "run": "0001-aa", "experiment": "x", "process": 1,
            "resumed_from_step": resumed}  # fmt: skip


def step(seq: int, at: int) -> dict[str, Any]:
    return {"seq": seq, "kind": "step", "epoch": 1, "step": at, "loss": 1 / at, "learning_rate": 0.1,
            "steps_per_second": 9.0, "eta_seconds": None}  # fmt: skip


def metrics(seq: int, at: int, *, split: str = "validation") -> dict[str, Any]:
    return {"seq": seq, "kind": "metrics", "split": split, "epoch": at, "step": at,
            "values": {"y": {"loss": 1 / at}}, "seconds": 0.1, "best": at % 3 == 0}  # fmt: skip


def test_a_hundred_thousand_events_leave_no_more_than_a_view_can_show() -> None:
    digest = Digest()
    digest.take(started(0))
    for seq in range(1, 100_001):
        digest.take(step(seq, seq) if seq % 2 else metrics(seq, seq))
    kept = digest.events()
    assert len(kept) <= 2 * MOST_POINTS + 1
    assert digest.last_seq == 100_000
    assert [each["seq"] for each in kept] == sorted(each["seq"] for each in kept)
    steps = [each["step"] for each in kept if each["kind"] == "step"]
    assert steps[0] == 1
    assert steps[-1] == 99_999


def test_the_curve_of_a_digest_is_that_of_the_stream() -> None:
    random.seed(0)
    digest, whole = Digest(), History()
    for event in [started(0), *(metrics(seq, seq) for seq in range(1, 400))]:
        digest.take(event)
        whole.take(event)
    again = History()
    for event in digest.events():
        again.take(event)
    assert again.metrics == whole.metrics


def test_what_a_resume_made_void_is_gone() -> None:
    digest = Digest()
    digest.take(started(0))
    for seq in range(1, 11):
        digest.take(metrics(seq, seq * 10))
    digest.take({"seq": 11, "kind": "run_finished", "status": "interrupted", "seconds": 1.0, "message": ""})
    digest.take(started(12, resumed=50))
    assert [each["step"] for each in digest.events() if each["kind"] == "metrics"] == [10, 20, 30, 40, 50]
    assert digest.find("run_finished") is None


def test_an_endless_log_is_bounded_at_both_ends() -> None:
    digest = Digest()
    for seq in range(1000):
        digest.take({"seq": seq, "kind": "log", "level": "info", "message": str(seq)})
    kept = [each["message"] for each in digest.events()]
    assert len(kept) == 200
    assert kept[0] == "0"
    assert kept[-1] == "999"

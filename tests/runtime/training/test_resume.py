"""A training that was stopped or killed at any moment goes on and ends with the same bits."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from declml.errors import UserProblem
from declml.training.checkpoints import LATEST, latest_step

from . import tiny_training as tiny


@pytest.mark.parametrize("seed", [1])
def test_a_run_killed_at_any_moment_ends_with_the_same_bits(tmp_path: Path, seed: int) -> None:
    answer = subprocess.run(
        [sys.executable, Path(__file__).with_name("killed_worker.py"), tmp_path, str(seed)],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert answer.returncode == 0, answer.stderr
    digests = json.loads(answer.stdout)
    assert len(digests) >= 9
    straight = digests[0][1]
    assert [what for what, digest in digests if digest != straight] == []


@pytest.mark.parametrize("step", [1, 2, 4, 5, 11])
def test_a_run_that_was_asked_to_stop_goes_on_where_it_was(tmp_path: Path, step: int) -> None:
    _, whole, told_whole = tiny.run(tmp_path / "whole")
    seen = 0

    def stop() -> bool:
        nonlocal seen
        seen += 1
        return seen == step

    outcome, _, told = tiny.run(tmp_path / "cut", stop=stop)
    assert (outcome.reason, outcome.step) == ("interrupted", step)
    assert latest_step(tmp_path / "cut") == step
    assert told.of("training_finished")[0]["reason"] == "interrupted"
    outcome, resumed, told_after = tiny.run(tmp_path / "cut", resume=True)
    assert outcome.reason == "epochs"
    assert tiny.digest(resumed, tmp_path / "cut") == tiny.digest(whole, tmp_path / "whole")
    # Every evaluation happened once, with the same training loss, though the run was cut in the middle of a mean.
    values = [
        (each["step"], each["split"], each["values"]) for part in (told, told_after) for each in part.of("metrics")
    ]
    assert values == [(each["step"], each["split"], each["values"]) for each in told_whole.of("metrics")]


def test_neither_news_nor_checkpoints_change_a_bit(tmp_path: Path) -> None:
    _, often, _ = tiny.run(tmp_path / "often", settings=tiny.make_settings(checkpoint_seconds=0.0))
    _, never, told = tiny.run(tmp_path / "never", settings=tiny.make_settings(checkpoint_seconds=1e9))
    assert len(told.of("checkpoint")) == 1  # the last one
    assert tiny.digest(often, tmp_path / "often") == tiny.digest(never, tmp_path / "never")


def test_resuming_a_finished_run_changes_nothing(tmp_path: Path) -> None:
    _, first, _ = tiny.run(tmp_path)
    before = tiny.digest(first, tmp_path)
    outcome, again, told = tiny.run(tmp_path, resume=True)
    assert tiny.digest(again, tmp_path) == before
    assert told.of("metrics") == []
    assert outcome.best_epoch is not None


def test_without_a_checkpoint_resume_begins_at_the_start(tmp_path: Path) -> None:
    _, plain, _ = tiny.run(tmp_path / "a")
    _, resumed, _ = tiny.run(tmp_path / "b", resume=True)
    assert tiny.digest(plain, tmp_path / "a") == tiny.digest(resumed, tmp_path / "b")


@pytest.mark.parametrize("damage", ["cut", "flip", "empty", "text"])
def test_a_damaged_checkpoint_is_refused_with_a_sentence(tmp_path: Path, damage: str) -> None:
    tiny.run(tmp_path)
    path = tmp_path / LATEST
    content = bytearray(path.read_bytes())
    if damage == "cut":
        content = content[: len(content) // 2]
    elif damage == "flip":
        content[-5] ^= 1
    elif damage == "empty":
        content = bytearray()
    else:
        content = bytearray(b"this is not a checkpoint at all")
    path.write_bytes(content)
    with pytest.raises(UserProblem) as caught:
        tiny.run(tmp_path, resume=True)
    assert caught.value.code == "checkpoint-corrupt"
    assert "latest.safetensors" in caught.value.message


def test_a_checkpoint_of_another_course_is_refused(tmp_path: Path) -> None:
    tiny.run(tmp_path, settings=tiny.make_settings(accumulate=1))
    with pytest.raises(UserProblem, match="steps_per_epoch 7, where it is now 4") as caught:
        tiny.run(tmp_path, settings=tiny.make_settings(accumulate=2), resume=True)
    assert caught.value.code == "checkpoint-does-not-fit"

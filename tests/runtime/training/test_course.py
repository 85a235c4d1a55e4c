"""Batches that grow on a plateau: which steps, epochs and evaluations there are then, and the same bits after a cut."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from declml.training.course import Course, Growth, Place
from declml.training.schedule import Plateau, count_steps

from . import tiny_training as tiny

ROWS = 64


def batches(size: int) -> int:
    return -(-ROWS // size)


def course(**options: Any) -> Course:
    return Course(count_steps(batches(10), **{"epochs": 4, **options}), 10, batches)


def test_without_growth_it_is_the_plain_count_of_steps() -> None:
    steps = count_steps(7, epochs=4, accumulate=2, evaluations_per_epoch=2)
    plain = Course(steps, 10, batches)
    assert (plain.total, plain.batch_size, plain.ends_with_an_epoch) == (16, 10, True)
    for step in range(17):
        assert plain.epoch_of(step) == steps.epoch_of(step)
        assert plain.evaluates_after(step) == steps.evaluates_after(step)
        assert plain.scheduled(step) == step
    assert [plain.place(step) for step in range(5)] == [
        Place(0, 0, 2, 10), Place(0, 2, 2, 10), Place(0, 4, 2, 10), Place(0, 6, 1, 10), Place(1, 0, 2, 10),
    ]  # fmt: skip


@pytest.mark.parametrize(("step", "epoch", "begin"), [(1, 2, 7), (6, 2, 7), (7, 2, 7), (8, 3, 14), (20, 4, 21)])
def test_batches_grow_with_the_next_epoch(step: int, epoch: int, begin: int) -> None:
    grown = course()
    assert grown.grow(step, 32) == epoch
    assert grown.total == begin + (5 - epoch) * 2  # two batches an epoch from then on
    assert grown.place(begin - 1).batch_size == 10
    assert grown.place(begin) == Place(epoch - 1, 0, 1, 32)
    assert grown.place(begin + 1) == Place(epoch - 1, 1, 1, 32)
    assert (grown.epoch_of(begin), grown.epoch_of(begin + 1)) == (epoch - 1, epoch)
    assert [each for each in range(begin, grown.total + 1) if grown.evaluates_after(each)] == [
        begin + 2 * number for number in range(6 - epoch)
    ]
    # The learning rate follows the epochs: where an epoch begins, so does its part of the schedule.
    assert grown.scheduled(begin) == 7 * (epoch - 1)
    assert grown.scheduled(begin + 1) == 7 * (epoch - 1) + 3
    assert grown.batch_size == 32


def test_there_is_no_growth_after_the_end() -> None:
    grown = course()
    assert grown.grow(22, 32) is None
    assert grown.grow(28, 32) is None
    assert (grown.total, grown.batch_size) == (28, 10)


def test_a_second_growth_before_the_next_epoch_takes_the_place_of_the_first() -> None:
    grown = course(evaluations_per_epoch=3)
    assert grown.grow(3, 16) == 2
    assert grown.grow(5, 64) == 2
    assert grown.place(7) == Place(1, 0, 1, 64)
    assert grown.total == 7 + 3
    assert grown.grow(8, 128) == 3
    assert [grown.place(step).batch_size for step in (6, 7, 8, 9)] == [10, 64, 128, 128]


def test_a_number_of_steps_stays_what_it_is() -> None:
    grown = course(train_steps=30)
    grown.grow(7, 32)
    assert grown.total == 30
    assert not grown.ends_with_an_epoch
    assert grown.scheduled(20) == 20
    assert grown.epoch_of(30) == 1 + 12
    assert grown.evaluates_after(30)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"steps_per_evaluation": 3}, [7 + 2, 7 + 4, 7 + 6]),  # no further apart than an epoch
        ({"epochs_per_evaluation": 2}, [14 + 4]),
        ({"evaluations_per_epoch": 2}, [8, 9, 10, 11, 12, 13]),
    ],
)
def test_evaluations_keep_their_distance(options: dict[str, int], expected: list[int]) -> None:
    grown = course(**options)
    begin = 14 if "epochs_per_evaluation" in options else 7
    grown.grow(begin, 32)
    assert [step for step in range(begin + 1, grown.total + 1) if grown.evaluates_after(step)] == expected


def test_a_state_goes_on() -> None:
    grown = course()
    grown.grow(7, 20)
    grown.grow(12, 40)
    again = course()
    again.load(grown.state())
    assert again.total == grown.total
    assert [again.place(step) for step in range(grown.total)] == [grown.place(step) for step in range(grown.total)]


def growing(**changes: Any) -> Any:
    watch = Plateau(reductions=2, patience=1, rate=2.0, split="validation")
    return tiny.make_settings(
        epochs=6, growth=Growth(watch=watch, largest=32), learning_rate=1.0, schedule=lambda step: 1.0, plateau=None,
        **changes,
    )  # fmt: skip


def test_a_training_that_got_no_better_takes_larger_batches(tmp_path: Path) -> None:
    outcome, _, told = tiny.run(tmp_path, settings=growing())
    messages = [each["message"] for each in told.of("log")]
    assert len(messages) == 2
    assert "batches have 20 rows from epoch" in messages[0]
    assert "batches have 32 rows from epoch" in messages[1]
    assert outcome.epoch == 6
    assert outcome.step < growing().steps.total
    assert outcome.reason == "epochs"


@pytest.mark.parametrize("step", [1, 3, 5, 8, 10])
def test_a_growing_run_that_was_cut_ends_with_the_same_bits(tmp_path: Path, step: int) -> None:
    seen = 0

    def stop() -> bool:
        nonlocal seen
        seen += 1
        return seen == step

    _, whole, told_whole = tiny.run(tmp_path / "whole", settings=growing())
    outcome, _, told = tiny.run(tmp_path / "cut", settings=growing(), stop=stop)
    assert outcome.reason == "interrupted"
    _, resumed, after = tiny.run(tmp_path / "cut", settings=growing(), resume=True)
    assert tiny.digest(resumed, tmp_path / "cut") == tiny.digest(whole, tmp_path / "whole")
    both = [each["message"] for part in (told, after) for each in part.of("log")]
    assert both == [each["message"] for each in told_whole.of("log")]

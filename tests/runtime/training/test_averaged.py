"""Optimizers that answer with other weights than they train at: evaluated, kept and left in force are the answers."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from declml.components.optimizers.adafactor import build_adafactor
from declml.components.optimizers.muon import build_muon
from declml.components.optimizers.schedule_free_adamw import build_schedule_free_adamw

from . import tiny_training as tiny


@pytest.mark.parametrize("build", [build_schedule_free_adamw, build_muon, build_adafactor])
@pytest.mark.parametrize("step", [1, 5, 8])
def test_a_run_that_was_cut_ends_with_the_same_bits(tmp_path: Path, build: object, step: int) -> None:
    def make() -> tuple[object, object]:
        model = tiny.make_model()
        return model, build(tiny.trainable(model))  # type: ignore[operator]

    seen = 0

    def stop() -> bool:
        nonlocal seen
        seen += 1
        return seen == step

    model, optimizer = make()
    tiny.run(tmp_path / "whole", model=model, optimizer=optimizer)  # type: ignore[arg-type]
    cut, other = make()
    outcome, _, _ = tiny.run(tmp_path / "cut", model=cut, optimizer=other, stop=stop)  # type: ignore[arg-type]
    assert outcome.reason == "interrupted"
    resumed, last = make()
    tiny.run(tmp_path / "cut", model=resumed, optimizer=last, resume=True)  # type: ignore[arg-type]
    assert tiny.digest(resumed, tmp_path / "cut") == tiny.digest(model, tmp_path / "whole")  # type: ignore[arg-type]


def test_the_average_is_what_is_evaluated_and_kept(tmp_path: Path) -> None:
    model = tiny.make_model()
    optimizer = build_schedule_free_adamw(tiny.trainable(model))
    outcome, _, told = tiny.run(tmp_path, model=model, optimizer=optimizer)
    scores = tiny.evaluator(model)("validation").values
    best = [each for each in told.of("metrics") if each["split"] == "validation" and each["step"] == outcome.best_step]
    assert best[0]["values"] == scores


def test_without_a_deciding_metric_the_average_stays_in_force(tmp_path: Path) -> None:
    model = tiny.make_model()
    optimizer = build_schedule_free_adamw(tiny.trainable(model))
    settings = tiny.make_settings(decides=None, splits=(), plateau=None)
    tiny.run(tmp_path, model=model, optimizer=optimizer, settings=settings)
    kept = {name: each.clone() for name, each in model.module.state_dict().items()}
    # The latest checkpoint holds the weights that training would go on at; their average is what is in force.
    resumed = tiny.make_model()
    other = build_schedule_free_adamw(tiny.trainable(resumed))
    tiny.run(tmp_path, model=resumed, optimizer=other, settings=settings, resume=True)
    assert all(torch.equal(each, kept[name]) for name, each in resumed.module.state_dict().items())

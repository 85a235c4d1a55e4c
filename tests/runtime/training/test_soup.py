"""Averages of the best weights: which are taken, what is told, and trainings that were cut."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest
import torch
from torch import nn

from declml.training.soup import Pot, Soup, leftover_files

from . import tiny_training as tiny


class One(nn.Module):
    """A single number as a weight, and a count that is none."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))
        self.register_buffer("count", torch.tensor(0))


def pot_of(
    folder: Path, kind: Literal["uniform", "greedy"], values: dict[int, float], *, most: int = 3
) -> tuple[Pot, One]:
    module = One()
    pot = Pot(Soup(kind, most), "minimize", folder, module)
    for step, value in values.items():
        module.weight.data.fill_(float(step))
        module.get_buffer("count").fill_(step)
        pot.offer(value, step)
    return pot, module


def test_a_uniform_soup_is_the_mean_of_the_best(tmp_path: Path) -> None:
    pot, module = pot_of(tmp_path, "uniform", {1: 0.9, 2: 0.5, 3: float("nan"), 4: 0.4, 5: 0.8, 6: 0.6})
    assert [file.name for file in leftover_files(tmp_path)] == [f"soup-{step}.safetensors" for step in (2, 4, 6)]
    assert pot.serve(lambda: 0.3) == (3, 0.3)
    assert float(module.weight.detach()) == 4.0
    assert int(module.get_buffer("count")) == 4  # the best one's


def test_a_greedy_soup_takes_what_makes_it_better(tmp_path: Path) -> None:
    pot, module = pot_of(tmp_path, "greedy", {1: 0.4, 10: 0.5, 3: 0.6})
    # The nearer to 2, the better: with 10 the average is farther off, with 3 it is there.
    served = pot.serve(lambda: abs(float(module.weight.detach()) - 2.0) / 3)
    assert served == (2, 0.0)
    assert float(module.weight.detach()) == 2.0


def test_of_nothing_there_is_no_soup(tmp_path: Path) -> None:
    pot, module = pot_of(tmp_path, "uniform", {1: float("nan")})
    assert pot.serve(lambda: 0.0) is None
    assert float(module.weight.detach()) == 1.0


@pytest.mark.parametrize("kind", ["uniform", "greedy"])
@pytest.mark.parametrize("step", [3, 9])
def test_a_training_that_was_cut_ends_with_the_same_bits(
    tmp_path: Path, kind: Literal["uniform", "greedy"], step: int
) -> None:
    settings = tiny.make_settings(soup=Soup(kind, 3))
    _, whole, told = tiny.run(tmp_path / "whole", settings=settings)
    seen = 0

    def stop() -> bool:
        nonlocal seen
        seen += 1
        return seen == step

    tiny.run(tmp_path / "cut", settings=settings, stop=stop)
    _, resumed, _ = tiny.run(tmp_path / "cut", settings=settings, resume=True)
    assert tiny.digest(resumed, tmp_path / "cut") == tiny.digest(whole, tmp_path / "whole")
    lines = [each["message"] for each in told.of("log")]
    assert any("evaluations were averaged: loss" in line or "of 1 evaluations" in line for line in lines)
    assert len(leftover_files(tmp_path / "whole")) == 3


def test_a_soup_is_no_single_evaluation(tmp_path: Path) -> None:
    _, plain, _ = tiny.run(tmp_path / "plain")
    _, soup, _ = tiny.run(tmp_path / "soup", settings=tiny.make_settings(soup=Soup("uniform", 3)))
    mine, its = (model.module.state_dict() for model in (soup, plain))
    assert any(not torch.equal(mine[name], its[name]) for name in mine)
    assert all(torch.equal(mine[name], its[name]) for name in mine if name.startswith("frozen"))

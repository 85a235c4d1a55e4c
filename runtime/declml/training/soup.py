"""The best weights of a training averaged: model soups (Wortsman et al., 2022), of the evaluations of one run."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor, nn

from declml.training.checkpoints import changing_weights, put_weights
from declml.training.tensor_file import read_tensors, write_tensors


@dataclass(frozen=True, slots=True)
class Soup:
    """Which weights are averaged: of the ``most`` best evaluations all, or those that make the average better."""

    kind: Literal["uniform", "greedy"]
    most: int


class Pot:
    """Keeps the weights of the best evaluations so far as files in ``folder`` and averages them in the end.

    A file is written before the state that names it, and taken away only where a better one took its place: a run that
    is cut and resumed sees the same evaluations again, and so the same files.
    """

    def __init__(self, soup: Soup, goal: Literal["maximize", "minimize"], folder: Path, module: nn.Module) -> None:
        self._soup = soup
        self._sign = 1.0 if goal == "maximize" else -1.0
        self._folder = folder
        self._module = module
        self._kept: list[tuple[float, int]] = []  # value and step, the best first

    def offer(self, value: float, step: int) -> None:
        """Take the weights in force, which were evaluated after ``step``, where they are among the best."""
        if math.isnan(value):
            return
        ranked = sorted([*self._kept, (value, step)], key=lambda each: (-self._sign * each[0], each[1]))
        self._kept = ranked[: self._soup.most]
        if (value, step) in self._kept:
            write_tensors(self._file(step), changing_weights(self._module), {"step": step})
        for _, lost in ranked[self._soup.most :]:
            self._file(lost).unlink(missing_ok=True)

    @torch.no_grad()
    def serve(self, judge: Callable[[], float]) -> tuple[int, float] | None:
        """Put the average in force and return of how many weights it is, and its value; None where none was kept.

        ``judge`` returns the deciding value of the weights in force.
        """
        if not self._kept:
            return None
        best, step = self._kept[0]
        chosen = [step]
        for _, candidate in self._kept[1:]:
            if self._soup.kind == "uniform":
                chosen.append(candidate)
                continue
            self._put([*chosen, candidate])
            value = judge()
            if self._sign * value >= self._sign * best:
                chosen.append(candidate)
                best = value
        self._put(chosen)
        return len(chosen), judge()

    def _put(self, steps: Sequence[int]) -> None:
        total: dict[str, Tensor] = {}
        for step in steps:
            for name, tensor in read_tensors(self._file(step)).tensors.items():
                if name not in total:
                    total[name] = tensor.double() if tensor.is_floating_point() else tensor
                elif tensor.is_floating_point():  # counts stay those of the best
                    total[name] = total[name] + tensor.double()
        mean = {name: each / len(steps) if each.is_floating_point() else each for name, each in total.items()}
        put_weights(self._module, mean)

    def _file(self, step: int) -> Path:
        return self._folder / f"soup-{step}.safetensors"

    def state(self) -> list[list[float]]:
        """Return what `load` needs: JSON data."""
        return [[value, step] for value, step in self._kept]

    def load(self, state: Sequence[Sequence[float]]) -> None:
        """Go on from what `state` returned."""
        self._kept = [(value, int(step)) for value, step in state]


def leftover_files(folder: Path) -> list[Path]:
    """Return the files that a finished training needs no more."""
    return sorted(folder.glob("soup-*.safetensors"))


def sentence(served: tuple[int, float], metric: str, best: float) -> str:
    """Return the news of a soup: its size and value beside the value of the best weights alone."""
    number, value = served
    return f"The weights of {number} evaluations were averaged: {metric} {value:.4g}, the best alone had {best:.4g}."

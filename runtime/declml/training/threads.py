"""How many CPU threads pay off: measured on a few steps, since small models lose by more than one."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Sequence

import torch

from declml.contracts import Batch, Model, answers_of
from declml.training.step import for_each_answer

_GAIN = 1.2
_ROUNDS = 3
_SECONDS = 0.1


def choose_threads(
    step: Callable[[], None], candidates: Sequence[int], *, clock: Callable[[], float] = time.perf_counter
) -> int:
    """Return the thread count to train with, and set it: more than the fewest only where it is at least 20 % faster.

    ``step`` does one step of throwaway work, such as `trial_step`, and leaves no trace. ``candidates`` are the counts
    to try. The best of a few rounds counts, since other processes can only slow a round down.
    """
    counts = sorted(set(candidates))
    if not counts or counts[0] < 1:
        raise ValueError(f"candidates must be thread counts >= 1; got {list(candidates)}")
    chosen = counts[0]
    if len(counts) > 1:
        torch.set_num_threads(chosen)
        step()  # the first step pays for allocations and lazy imports
        seconds = {count: _seconds_per_step(step, count, clock) for count in counts}
        for count in counts[1:]:
            if seconds[count] * _GAIN <= seconds[chosen]:
                chosen = count
    torch.set_num_threads(chosen)
    return chosen


def set_threads(count: int) -> None:
    """Let torch compute with ``count`` threads from now on."""
    torch.set_num_threads(count)


def _seconds_per_step(step: Callable[[], None], count: int, clock: Callable[[], float]) -> float:
    torch.set_num_threads(count)
    step()
    rounds: list[float] = []
    for _ in range(_ROUNDS):
        steps, begin = 0, clock()
        while True:
            step()
            steps += 1
            elapsed = clock() - begin
            if elapsed >= _SECONDS / _ROUNDS:
                break
        rounds.append(elapsed / steps)
    return min(rounds)


def trial_step(model: Model, batch: Batch) -> Callable[[], None]:
    """Return throwaway work for `choose_threads`: forward and backward of a copy, the random state left as it was."""
    module = copy.deepcopy(model.module).train()

    def step() -> None:
        with torch.random.fork_rng(devices=[]):
            answers = answers_of(module, batch)
            losses = [
                loss(answers[name], for_each_answer(batch.targets[name], answers[name])) * weight
                for name, (loss, weight) in model.losses.items()
            ]
            torch.stack(losses).sum().backward()
        module.zero_grad(set_to_none=True)

    return step

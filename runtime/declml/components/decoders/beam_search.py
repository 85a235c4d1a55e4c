"""Saying one token after the other: the best one each time, or several beginnings side by side."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import torch
from torch import Tensor

from declml.token_rows import NO_TOKEN

State: TypeAlias = tuple[Tensor, ...]
"""What a speaker remembers of each row, the rows first."""
Step: TypeAlias = Callable[[State, Tensor], tuple[Tensor, State]]
"""State and the last token of each row ``(row,)`` -> logits of the next one ``(row, class)`` and the new state."""


class Spoken(NamedTuple):
    """What is said: ``ids`` and ``chances`` ``(row, token)``, `NO_TOKEN` after the end; ``totals`` ``(row,)`` logs.

    ``totals`` is of all that is said to a row, its end included.
    """

    ids: Tensor
    chances: Tensor
    totals: Tensor


def say_best(step: Step, state: State, first: Tensor, *, stop: int, longest: int) -> Spoken:
    """Say the most probable token each time, at most ``longest`` of them with the end; ``first`` ``(row,)`` begins."""
    token, done = first, torch.zeros_like(first, dtype=torch.bool)
    totals = torch.zeros(len(first), device=first.device)
    ids: list[Tensor] = []
    chances: list[Tensor] = []
    for _ in range(longest):
        logits, state = step(state, token)
        best, token = torch.log_softmax(logits.float(), dim=-1).max(dim=-1)
        totals = totals + best.masked_fill(done, 0.0)
        done = done | (token == stop)
        ids.append(token.masked_fill(done, NO_TOKEN))
        chances.append(best.exp())
        if bool(done.all()):
            break
    return Spoken(torch.stack(ids, 1), torch.stack(chances, 1), totals)


def say_by_beams(
    step: Step, state: State, first: Tensor, *, stop: int, longest: int, width: int, length_penalty: float
) -> Spoken:
    """Follow the ``width`` best beginnings of each row, and say the one that is best in the end.

    Best is the sum of the logarithms, divided by the number of tokens, the end among them, to the power
    ``length_penalty``: 0 likes short answers, larger values longer ones. ``state`` holds the rows once.
    """
    rows = len(first)
    each = torch.arange(rows, device=first.device)
    state = tuple(part.repeat_interleave(width, dim=0) for part in state)
    token = first.repeat_interleave(width)  # (row * beam,)
    # All beams of a row begin alike: only the first may, or they would stay copies of each other.
    totals = torch.full((rows, width), float("-inf"), device=first.device)
    totals[:, 0] = 0.0
    lengths = torch.zeros_like(totals)
    done = torch.zeros_like(totals, dtype=torch.bool)
    ids = torch.empty(rows, width, 0, dtype=torch.int64, device=first.device)
    chances = torch.empty(rows, width, 0, device=first.device)
    for _ in range(longest):
        logits, state = step(state, token)
        logs = torch.log_softmax(logits.float(), dim=-1).unflatten(0, (rows, width))  # (row, beam, class)
        # A beam that has ended stays as it is: as one candidate among those of the others.
        logs = logs.masked_fill(done.unsqueeze(-1), float("-inf"))
        logs[..., stop] = logs[..., stop].masked_fill(done, 0.0)
        sums = totals.unsqueeze(-1) + logs
        own = (lengths + ~done).clamp_min(1) ** length_penalty
        _, picked = (sums / own.unsqueeze(-1)).flatten(1).topk(width, dim=1)  # (row, beam)
        beam, word = picked // logs.shape[-1], picked % logs.shape[-1]
        totals = sums.flatten(1).gather(1, picked)
        before = done.gather(1, beam)
        lengths = lengths.gather(1, beam) + ~before
        done = before | (word == stop)
        past = beam.unsqueeze(-1).expand(-1, -1, ids.shape[-1])
        said = word.masked_fill(done, NO_TOKEN)
        chance = logs.flatten(1).gather(1, picked).exp()
        ids = torch.cat([ids.gather(1, past), said.unsqueeze(-1)], dim=-1)
        chances = torch.cat([chances.gather(1, past), chance.unsqueeze(-1)], dim=-1)
        places = (each.unsqueeze(1) * width + beam).flatten()
        state = tuple(part.index_select(0, places) for part in state)
        token = word.flatten()
        if bool(done.all()):
            break
    best = (totals / lengths.clamp_min(1) ** length_penalty).argmax(dim=1)
    return Spoken(ids[each, best], chances[each, best], totals[each, best])

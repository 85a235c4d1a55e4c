"""Saying one token after the other: the end, several beginnings, and what a longer answer is worth."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from declml.components.decoders.beam_search import State, Step, say_best, say_by_beams
from declml.token_rows import NO_TOKEN

STOP, A, B, C, START = 0, 1, 2, 3, 4


def chain(table: dict[int, dict[int, float]]) -> Step:
    """Return a step that looks no further back than to the last token; ``table`` has the probabilities of the next."""

    def step(state: State, token: Tensor) -> tuple[Tensor, State]:
        rows = [[math.log(table.get(int(each), {}).get(word, 1e-6)) for word in range(4)] for each in token]
        return torch.tensor(rows), tuple(part + 1 for part in state)

    return step


# The best first token leads where everything is unlikely: only who follows both sees it.
TRAP = chain({START: {A: 0.6, B: 0.4}, A: {A: 0.3, B: 0.3, C: 0.4}, B: {C: 0.9, STOP: 0.1}, C: {STOP: 1.0}})
FIRST = torch.tensor([START, START])
STATE = (torch.zeros(2, 3),)


def test_beams_find_what_is_more_probable_than_the_best_token_each_time() -> None:
    greedy = say_best(TRAP, STATE, FIRST, stop=STOP, longest=5)
    beams = say_by_beams(TRAP, STATE, FIRST, stop=STOP, longest=5, width=2, length_penalty=1.0)
    assert greedy.ids.tolist() == [[A, C, NO_TOKEN]] * 2
    assert beams.ids.tolist() == [[B, C, NO_TOKEN]] * 2
    assert greedy.totals.exp().tolist() == pytest.approx([0.24, 0.24], abs=1e-4)
    assert beams.totals.exp().tolist() == pytest.approx([0.36, 0.36], abs=1e-4)
    assert beams.chances[0, :2].tolist() == pytest.approx([0.4, 0.9], abs=1e-4)


def test_one_beam_is_the_best_token_each_time() -> None:
    greedy = say_best(TRAP, STATE, FIRST, stop=STOP, longest=5)
    beam = say_by_beams(TRAP, STATE, FIRST, stop=STOP, longest=5, width=1, length_penalty=1.0)
    assert beam.ids.tolist() == greedy.ids.tolist()
    assert torch.allclose(beam.totals, greedy.totals)


def test_a_penalty_prefers_longer_answers() -> None:
    step = chain({START: {STOP: 0.5, A: 0.5}, A: {B: 0.8, STOP: 0.2}, B: {STOP: 0.9, C: 0.1}, C: {STOP: 1.0}})
    said = {
        penalty: say_by_beams(step, STATE, FIRST, stop=STOP, longest=6, width=3, length_penalty=penalty).ids[0].tolist()
        for penalty in (0.0, 1.0)
    }
    assert [each for each in said[0.0] if each != NO_TOKEN] == []
    assert [each for each in said[1.0] if each != NO_TOKEN] == [A, B]


def test_what_never_ends_is_cut() -> None:
    endless = chain({START: {A: 1.0}, A: {A: 1.0}})
    assert say_best(endless, STATE, FIRST, stop=STOP, longest=4).ids.tolist() == [[A] * 4] * 2
    beams = say_by_beams(endless, STATE, FIRST, stop=STOP, longest=4, width=2, length_penalty=1.0)
    assert beams.ids.tolist() == [[A] * 4] * 2


def test_each_beam_keeps_its_own_state() -> None:
    """A step that says what its state holds: wrong rows of the state would be heard at once."""

    def step(state: State, token: Tensor) -> tuple[Tensor, State]:
        (history,) = state
        history = torch.cat([history, token.unsqueeze(1).float()], dim=1)
        # After A comes B and after B comes A, by what the state remembers; the end after three.
        last = history[:, -1].long()
        logits = torch.full((len(token), 4), -20.0)
        logits[last == START, A] = math.log(0.5)
        logits[last == START, B] = math.log(0.5)
        logits[last == A, B] = 0.0
        logits[last == B, A] = 0.0
        if history.shape[1] == 6:
            logits = torch.full((len(token), 4), -20.0)
            logits[:, STOP] = 0.0
        return logits, (history,)

    said = say_by_beams(step, STATE, FIRST, stop=STOP, longest=6, width=2, length_penalty=1.0)
    assert said.ids[0].tolist() in ([A, B, NO_TOKEN], [B, A, NO_TOKEN])

"""Answers of sequences, kept a piece of the rows at a time: what is said, and sums. Never a logit of a whole split."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from declml.contracts import TokenAnswers
from declml.token_rows import NO_TOKEN, Said, SpokenScores, TokenRows


@dataclass(frozen=True, slots=True)
class SequenceAnswers:
    """One output of sequences for all rows, in their order.

    ``raw`` is what was said, ``encoded`` the true tokens as the loss sees them and ``parts`` ``(row, part)`` float64
    what each row adds to it; ``scores`` and ``targets`` are as metrics take them.
    """

    raw: Said
    encoded: TokenRows
    parts: Tensor
    scores: SpokenScores
    targets: TokenRows

    @property
    def answered(self) -> Said:
        """What an output's operation decodes."""
        return self.raw

    def select(self, mask: Tensor) -> SequenceAnswers:
        """Return the rows where ``mask`` ``(row,)`` is true."""
        return self._take(mask.nonzero()[:, 0].numpy())

    def piece(self, start: int, stop: int) -> SequenceAnswers:
        """Return the rows from ``start`` until ``stop``."""
        return self._take(np.arange(start, stop))

    def _take(self, rows: np.ndarray) -> SequenceAnswers:
        said = self.raw.take(rows)
        parts = self.parts[torch.from_numpy(rows)]
        return SequenceAnswers(
            said, self.encoded.take(rows), parts, replace(self.scores, said=said), self.targets.take(rows)
        )

    def loss(self, loss: Any) -> float:
        """Return the loss over all rows together."""
        return float(loss.of_parts(self.parts.sum(0)))


def joined_sequences(
    pieces: Sequence[SequenceAnswers], scores: Callable[[Any], SpokenScores], targets: Callable[[Any], TokenRows]
) -> SequenceAnswers:
    """Return the answers of all pieces as those of one table."""
    said = Said(
        TokenRows.joined([each.raw.tokens for each in pieces]),
        np.concatenate([each.raw.chances for each in pieces]),
        np.concatenate([each.raw.totals for each in pieces]),
        np.concatenate([each.raw.surprises for each in pieces]),
    )
    truth = TokenRows.joined([each.encoded for each in pieces])
    return SequenceAnswers(said, truth, torch.cat([each.parts for each in pieces]), scores(said), targets(truth))


class TokenPieces:
    """Takes the answers of one output batch by batch; ``loss`` is the output's."""

    def __init__(self, loss: Any) -> None:
        self._loss = loss
        self._rows: list[np.ndarray] = []
        self._said: list[tuple[np.ndarray, np.ndarray]] = []
        self._truth: list[tuple[np.ndarray, np.ndarray]] = []
        self._chances: list[np.ndarray] = []
        self._totals: list[np.ndarray] = []
        self._surprises: list[np.ndarray] = []
        self._parts: list[Tensor] = []

    def add(self, places: Tensor, answer: TokenAnswers, targets: Tensor) -> None:
        """Take the answers to the rows at ``places`` and their ``targets``."""
        logits = answer.logits.float()
        self._rows.append(places.cpu().numpy())
        self._said.append(_packed(answer.ids))
        self._chances.append(answer.chances[answer.ids != NO_TOKEN].float().cpu().numpy())
        self._totals.append(answer.totals.float().cpu().numpy())
        self._truth.append(_packed(targets))
        self._surprises.append(_surprises(logits, targets).cpu().numpy())
        self._parts.append(self._loss.parts(logits, targets).double().cpu())

    def finish(self, scores: Callable[[Any], SpokenScores], targets: Callable[[Any], TokenRows]) -> SequenceAnswers:
        """Return all that was taken, in the order of the rows."""
        order = np.argsort(np.concatenate(self._rows), kind="stable")
        said = Said(
            _joined(self._said),
            np.concatenate(self._chances),
            np.concatenate(self._totals),
            np.concatenate(self._surprises),
        ).take(order)
        truth = _joined(self._truth).take(order)
        parts = torch.cat(self._parts)[torch.from_numpy(order)]
        return SequenceAnswers(said, truth, parts, scores(said), targets(truth))


def _packed(ids: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """Return the tokens of padded rows, ``(token,)``, and how many each row has, ``(row,)``."""
    there = ids != NO_TOKEN
    return ids[there].to(torch.int32).cpu().numpy(), there.sum(1).cpu().numpy()


def _joined(pieces: Sequence[tuple[np.ndarray, np.ndarray]]) -> TokenRows:
    values, lengths = zip(*pieces, strict=True)
    return TokenRows.of_lengths(np.concatenate(values), np.concatenate(lengths))


def _surprises(logits: Tensor, targets: Tensor) -> Tensor:
    """Return what `Said.surprises` holds of these rows, ``(row, 4)`` float64."""
    there = targets != NO_TOKEN
    logs = torch.log_softmax(logits[:, : targets.shape[1]], dim=-1)
    surprise = -logs.gather(-1, targets.where(there, 0).unsqueeze(-1)).squeeze(-1).double() * there
    return torch.stack([surprise.sum(1), there.sum(1), surprise[:, 1:].sum(1), there[:, 1:].sum(1)], dim=1)

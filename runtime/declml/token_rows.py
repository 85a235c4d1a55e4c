"""Rows of tokens without padding, and what a model says to such rows: all that is kept of a split's sequences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

NO_TOKEN = -100
"""Stands in padded tokens where a row has none; it is what torch leaves out of a loss unasked."""


@dataclass(frozen=True, slots=True)
class TokenRows:
    """The tokens of rows, one row after the other.

    Row ``i`` owns ``values[offsets[i]:offsets[i+1]]``; ``values`` ``(token,)``, ``offsets`` ``(row + 1,)`` int64.
    """

    values: np.ndarray
    offsets: np.ndarray

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.offsets) - 1

    @property
    def lengths(self) -> np.ndarray:
        """How many tokens each row has, ``(row,)``."""
        return np.diff(self.offsets)

    @classmethod
    def of_lengths(cls, values: np.ndarray, lengths: np.ndarray) -> TokenRows:
        """Return rows of these lengths, ``(row,)``, whose tokens stand one after the other in ``values``."""
        offsets = np.zeros(len(lengths) + 1, dtype=np.int64)
        np.cumsum(lengths, out=offsets[1:])
        return cls(values, offsets)

    @classmethod
    def joined(cls, tables: Sequence[TokenRows]) -> TokenRows:
        """Return the rows of all ``tables``, one table after the other."""
        return cls.of_lengths(
            np.concatenate([each.values for each in tables]), np.concatenate([each.lengths for each in tables])
        )

    def places(self, rows: np.ndarray) -> np.ndarray:
        """Return where the tokens of these ``rows``, by number and in that order, stand in ``values``."""
        lengths = self.lengths[rows]
        starts = np.repeat(self.offsets[:-1][rows], lengths)
        before = np.repeat(np.cumsum(lengths) - lengths, lengths)
        return starts + np.arange(len(starts)) - before

    def take(self, rows: np.ndarray) -> TokenRows:
        """Return these rows, by number and in that order."""
        return TokenRows.of_lengths(self.values[self.places(rows)], self.lengths[rows])

    def without(self, token: int | None) -> TokenRows:
        """Return the rows without one of their tokens; None takes none away."""
        if token is None:
            return self
        kept = self.values != token
        owners = np.repeat(np.arange(len(self)), self.lengths)
        return TokenRows.of_lengths(self.values[kept], np.bincount(owners[kept], minlength=len(self)))

    def padded(self, width: int | None = None) -> np.ndarray:
        """Return ``(row, token)``, cut or padded with `NO_TOKEN` to ``width`` tokens, None taking the longest row's."""
        longest = int(self.lengths.max(initial=0)) if width is None else width
        answer = np.full((len(self), longest), NO_TOKEN, dtype=np.int64)
        steps = np.arange(len(self.values)) - np.repeat(self.offsets[:-1], self.lengths)
        owners = np.repeat(np.arange(len(self)), self.lengths)
        inside = steps < longest
        answer[owners[inside], steps[inside]] = self.values[inside]
        return answer


@dataclass(frozen=True, slots=True)
class Said:
    """What a model says to rows.

    - ``tokens``: the ids that it says, and ``chances`` ``(token,)`` float32, the probability of each;
    - ``totals`` ``(row,)``: the logarithm of the probability of all that is said to a row, its end included;
    - ``surprises`` ``(row, 4)``: minus the logarithm of the probabilities that the true tokens got, summed, and their
      number; then the same without each row's first token.
    """

    tokens: TokenRows
    chances: np.ndarray
    totals: np.ndarray
    surprises: np.ndarray

    def take(self, rows: np.ndarray) -> Said:
        """Return what is said to these rows, by number and in that order."""
        places = self.tokens.places(rows)
        return Said(self.tokens.take(rows), self.chances[places], self.totals[rows], self.surprises[rows])


@dataclass(frozen=True, slots=True)
class SpokenScores:
    """What metrics of sequences are given as scores: what was said, without the symbol of its end, and how to read it.

    ``texts`` turns rows of ids into one text each, as a column would hold it.
    """

    said: Said
    texts: Callable[[TokenRows], list[str]]

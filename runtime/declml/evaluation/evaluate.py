"""Evaluate a model on all rows of a split: answers, losses, metrics. Draws no random number and changes no weight."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
import torch
from torch import Tensor, nn

from declml.contracts import Metric, Model, Rows, Scores, TokenAnswers, answers_of
from declml.evaluation.token_pieces import SequenceAnswers, TokenPieces, joined_sequences

_Scale: TypeAlias = Callable[[Any], np.ndarray]
_DOUBLE_BYTES = 1 << 30  # answers larger than this are not copied into double precision


@dataclass(frozen=True, slots=True)
class OutputSpec:
    """How one output is scored: its metrics by name, and the two functions that bring it to their scale.

    ``scores`` turns the decoder's answers into what metrics want, ``targets`` the encoded targets: see
    `declml.contracts.OutputOperation`. Every output has the score ``loss`` besides.
    """

    name: str
    metrics: Mapping[str, Metric]
    scores: Callable[[Any], Any]
    targets: Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Answers:
    """One output for all rows, on the CPU, in the order of the rows.

    ``raw`` ``(row,)`` or ``(row, class)`` are the decoder's answers, float32, and ``encoded`` the targets that the
    loss sees, ``(row,)`` or as wide as the answers; ``scores`` and ``targets`` are both on the scale of the metrics.
    """

    raw: Tensor
    encoded: Tensor
    scores: Tensor
    targets: Tensor

    @property
    def answered(self) -> np.ndarray:
        """What an output's operation decodes."""
        return self.raw.numpy()

    def loss(self, loss: Any) -> float:
        """Return the loss over all rows together."""
        raw = self.raw.double() if self.raw.numel() * 8 <= _DOUBLE_BYTES else self.raw
        return float(loss(raw, self.encoded))

    def select(self, mask: Tensor) -> Answers:
        """Return the rows where ``mask`` ``(row,)`` is true."""
        return Answers(self.raw[mask], self.encoded[mask], self.scores[mask], self.targets[mask])

    def piece(self, start: int, stop: int) -> Answers:
        """Return the rows from ``start`` until ``stop``; nothing is copied."""
        return Answers(*(each[start:stop] for each in (self.raw, self.encoded, self.scores, self.targets)))

    def rescored(self, output: OutputSpec) -> Answers:
        """Return the same answers with the scores that ``output`` gives them now."""
        return replace(self, scores=torch.from_numpy(np.ascontiguousarray(output.scores(self.raw.numpy()))))


@dataclass(frozen=True, slots=True)
class Predictions:
    """What the model answered to ``rows`` rows, by output."""

    rows: int
    outputs: Mapping[str, Answers | SequenceAnswers]

    @classmethod
    def joined(cls, pieces: Sequence[Predictions], outputs: Sequence[OutputSpec]) -> Predictions:
        """Return the answers to all pieces of a table as those to the whole of it; without rows there are none."""
        some = [each for each in pieces if each.rows]
        if len(some) == 1:
            return some[0]
        return cls(
            sum(each.rows for each in some),
            {each.name: _joined([piece.outputs[each.name] for piece in some], each) for each in outputs if some},
        )

    def piece(self, start: int, stop: int) -> Predictions:
        """Return the rows from ``start`` until ``stop``, at most those that there are."""
        stop = min(stop, self.rows)
        return Predictions(stop - start, {name: each.piece(start, stop) for name, each in self.outputs.items()})

    def select(self, mask: np.ndarray) -> Predictions:
        """Return the rows where ``mask`` ``(row,)`` bool is true."""
        chosen = torch.from_numpy(np.ascontiguousarray(mask, dtype=np.bool_))
        return Predictions(int(chosen.sum()), {name: each.select(chosen) for name, each in self.outputs.items()})


def _joined(pieces: Sequence[Answers | SequenceAnswers], output: OutputSpec) -> Answers | SequenceAnswers:
    spoken = [each for each in pieces if isinstance(each, SequenceAnswers)]
    if spoken:
        return joined_sequences(spoken, output.scores, output.targets)
    whole = [each for each in pieces if isinstance(each, Answers)]
    raw, encoded = torch.cat([each.raw for each in whole]), torch.cat([each.encoded for each in whole])
    return _answers(raw, encoded, output.scores, output.targets)


def _answers(raw: Tensor, encoded: Tensor, scores: _Scale, targets: _Scale) -> Answers:
    """Return answers on the CPU with what metrics are given of them."""
    scales = (scores(raw.numpy()), targets(encoded.numpy()))
    return Answers(raw, encoded, *(torch.from_numpy(np.ascontiguousarray(each)) for each in scales))


def evaluate(
    model: Model,
    batches: Rows,
    outputs: Sequence[OutputSpec],
    *,
    batch_size: int,
    dtype: torch.dtype | None = None,
) -> tuple[Scores, Predictions]:
    """Return the scores of ``model`` on all rows of ``batches``, and its answers.

    Losses and metrics are taken once, over all rows together, so ``batch_size`` is only a matter of speed. ``dtype`` is
    the 16-bit type to compute in, None for full precision. Without rows every score is nan. The module is left in the
    mode it was in, each part of it.
    """
    begin = time.perf_counter()
    predictions = predict(model, batches, outputs, batch_size=batch_size, dtype=dtype)
    values = score(predictions, outputs, model)
    return Scores(values, time.perf_counter() - begin), predictions


def predict(
    model: Model,
    batches: Rows,
    outputs: Sequence[OutputSpec],
    *,
    batch_size: int,
    dtype: torch.dtype | None = None,
) -> Predictions:
    """Return the answers of ``model`` to all rows of ``batches``, in their order.

    Rows of like length are computed together. How far a text is padded, and beside which rows it is computed, moves an
    answer by rounding alone, in its last digits; the same rows and ``batch_size`` give the same bits. Sequences are
    reduced batch by batch to what is said and to sums: their logits never are in memory for all rows.
    """
    kept: dict[str, _WholeRows | TokenPieces] = {}
    done = 0
    with _evaluating(model.module), torch.no_grad():
        for places, batch in batches.every_row(batch_size):
            context = nullcontext() if dtype is None else torch.autocast(_device_of(batch.targets), dtype=dtype)
            with context:
                new = answers_of(model.module, batch)
            for output in outputs:
                answer = new[output.name]
                if output.name not in kept:
                    is_spoken = isinstance(answer, TokenAnswers)
                    kept[output.name] = (
                        TokenPieces(model.losses[output.name][0]) if is_spoken else _WholeRows(batches.rows)
                    )
                kept[output.name].add(places, answer, batch.targets[output.name])
            done += batch.rows
    if done != batches.rows:
        raise RuntimeError(f"batches must yield the {batches.rows} rows that they have; got {done}")
    return Predictions(
        done, {each.name: kept[each.name].finish(each.scores, each.targets) for each in outputs} if done else {}
    )


def score(predictions: Predictions, outputs: Sequence[OutputSpec], model: Model) -> dict[str, dict[str, float]]:
    """Return output -> metric -> value for answers at hand, with the weighted sum of the losses as ``combined``."""
    values: dict[str, dict[str, float]] = {"combined": {"loss": 0.0}}
    for output in outputs:
        loss, weight = model.losses[output.name]
        if predictions.rows == 0:
            values[output.name] = dict.fromkeys(("loss", *output.metrics), math.nan)
        else:
            each = predictions.outputs[output.name]
            values[output.name] = {
                "loss": each.loss(loss),
                **{name: float(metric(each.scores, each.targets)) for name, metric in output.metrics.items()},
            }
        values["combined"]["loss"] += weight * values[output.name]["loss"]
    return values


@contextmanager
def _evaluating(module: nn.Module) -> Generator[None]:
    # A frozen encoder may be in evaluation mode inside a model that trains, so each part gets its own mode back.
    modes = [(part, part.training) for part in module.modules()]
    module.eval()
    try:
        yield
    finally:
        for part, training in modes:
            part.training = training


def _device_of(targets: Mapping[str, Tensor]) -> str:
    return next((target.device.type for target in targets.values()), "cpu")


class _WholeRows:
    """Takes the answers of one output batch by batch into one tensor of all ``rows``, which the first of them makes."""

    def __init__(self, rows: int) -> None:
        self._rows = rows
        self._answers: Tensor | None = None
        self._targets: Tensor | None = None

    def add(self, places: Tensor, answer: Tensor, targets: Tensor) -> None:
        """Copy the answers and targets of the rows at ``places`` to where they belong."""
        answer = answer.float()
        if self._answers is None or self._targets is None:
            self._answers = answer.new_empty((self._rows, *answer.shape[1:]))
            self._targets = targets.new_empty((self._rows, *targets.shape[1:]))
        self._answers.index_copy_(0, places, answer)
        self._targets.index_copy_(0, places, targets)

    def finish(self, scores: _Scale, targets: _Scale) -> Answers:
        """Return all that was taken, in the order of the rows."""
        assert self._answers is not None, "there is at least one batch"
        assert self._targets is not None, "there is at least one batch"
        return _answers(self._answers.cpu(), self._targets.cpu(), scores, targets)

"""A trained model on new rows: predictions, and metrics where the truth is there. The same transform as in training."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from declml.contracts import Encoded, OutputOperation
from declml.data.transform import PieceTransform
from declml.errors import UserProblem
from declml.evaluation.evaluate import Predictions
from declml.run.batches import batches_of
from declml.run.evaluating import Evaluator
from declml.run.labels import FittingLabels
from declml.run.new_rows import NewRows, new_rows
from declml.run.predictions import FrameWriter, prediction_frame, write_frame
from declml.run.saved import SavedModel, load_model
from declml.run.slices import slice_columns
from declml.run.tables import reading_again, table_of
from declml.runs.folder import Run
from declml_schema.events import encode_event

_BATCH_ROWS = 1024


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How a run does on some rows: output -> metric -> number, per slice (worst first), and the confusion of its
    classes.

    ``dropped`` rows had no target, one that the model never saw, or not a label for each token.
    """

    rows: int
    dropped: int
    values: Mapping[str, Mapping[str, float]]
    slices: list[dict[str, Any]]
    confusion: dict[str, Any]

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data; numbers that are not finite are the strings "nan", "inf" and "-inf"."""
        return json.loads(
            encode_event(
                {
                    "rows": self.rows,
                    "dropped": self.dropped,
                    "values": {key: dict(each) for key, each in self.values.items()},
                    "slices": self.slices,
                    "confusion": self.confusion,
                }
            )
        )


def evaluate_run(run: Run, data: Any) -> Evaluation:
    """Return the metrics of a run's model on the rows of ``data``, which must have the targets.

    Files are read a piece at a time. What stays in memory of all their rows are the answers, the targets and the
    columns that slices name: losses and metrics are taken once, over all rows together.
    """
    saved = load_model(run)
    with new_rows(data, reading_again(saved.plan.data, saved.types)) as rows:
        return _evaluated(saved, rows)


def _evaluated(saved: SavedModel, rows: NewRows) -> Evaluation:
    transforms = PieceTransform(saved.transforms.values(), rows.columns, rows.rows, rows.column)
    evaluator = Evaluator(
        saved.plan, saved.facts, saved.operations, saved.components, saved.model, batch_size=_BATCH_ROWS
    )
    labels = FittingLabels(saved.plan, saved.components)
    sliced = [name for name in slice_columns(saved.plan) if name in rows.columns] or rows.columns[:1]
    predictions: list[Predictions] = []
    kept: list[pl.DataFrame] = []
    start = 0
    for piece in rows.pieces():
        encoded = transforms.encode(piece, start)
        keep = np.ones(piece.height, dtype=bool)
        for each in encoded.values():
            if each.keep is not None:
                keep &= each.keep
        chosen = np.flatnonzero(labels.fitting(encoded, keep, start=start))
        if len(chosen):
            targets = {output.name: encoded[output.name] for output in saved.plan.outputs}
            batches = batches_of(saved.groups, encoded, targets, chosen, device="cpu")
            predictions.append(evaluator.predictions(batches))
            kept.append(piece.select(sliced)[chosen])
        start += piece.height
    labels.problems()
    if not predictions:
        raise UserProblem("empty-table", "The data must have at least one row with a known target; got none.")
    whole = Predictions.joined(predictions, evaluator.specs)
    del predictions  # each answer is needed once
    result = evaluator.judged(whole, pl.concat(kept))
    return Evaluation(result.rows, rows.rows - result.rows, result.values, result.slices, result.confusion)


@dataclass(frozen=True, slots=True)
class Written:
    """A file of predictions: where it is, how many rows it has and the names of its columns."""

    path: Path
    rows: int
    columns: tuple[str, ...]


def predict_run(run: Run, data: Any, *, output: Path | None = None) -> pl.DataFrame:
    """Return a run's predictions for every row of ``data``, in its order; targets need not be there.

    A row that training would have dropped for a missing input is predicted all the same, with the fill of that feature.
    """
    saved = load_model(run)
    frame = predict_table(saved, table_of(data, reading_again(saved.plan.data, saved.types)))
    if output is not None:
        write_frame(output, frame)
    return frame


def write_predictions(run: Run, data: Any, output: Path) -> Written:
    """Write what `predict_run` returns to ``output``; of neither the rows nor the answers all are in memory at once."""
    writer = FrameWriter(output)
    saved = load_model(run)
    with new_rows(data, reading_again(saved.plan.data, saved.types)) as rows, writer:
        for piece in answered(saved, rows):
            writer.add(piece)
    return Written(output, writer.rows, writer.columns)


def predict_table(saved: SavedModel, table: pl.DataFrame) -> pl.DataFrame:
    """Return the predictions of a loaded model for the rows of ``table``."""
    return pl.concat(answered(saved, NewRows(table)))


def answered(saved: SavedModel, rows: NewRows) -> Iterator[pl.DataFrame]:
    """Yield the predictions of a loaded model a piece at a time, in the order of the rows."""
    inputs = [saved.transforms[feature.name] for feature in saved.plan.inputs]
    transforms = PieceTransform(inputs, rows.columns, rows.rows, rows.column)
    evaluator = Evaluator(
        saved.plan, saved.facts, saved.operations, saved.components, saved.model, batch_size=_BATCH_ROWS
    )
    start = 0
    for number, piece in enumerate(rows.pieces()):
        encoded = transforms.encode(piece, start)
        blank = {each.name: _blank(saved.operations[each.name], piece.height) for each in saved.plan.outputs}
        batches = batches_of(saved.groups, encoded, blank, np.arange(piece.height), device="cpu")
        predictions = evaluator.predictions(batches)
        uncertainties = evaluator.uncertainties(batches, predictions, piece=number)
        yield prediction_frame(predictions, saved.plan, saved.facts, saved.operations, uncertainties)
        start += piece.height


def _blank(operation: OutputOperation, rows: int) -> Encoded:
    """Return targets that nothing reads, as batches carry some: zeros, or rows without a token."""
    if getattr(operation, "of_tokens", False):
        return Encoded(np.zeros(0, dtype=np.int32), np.zeros(rows + 1, dtype=np.int64))
    return Encoded(np.zeros(rows, dtype=np.float32))

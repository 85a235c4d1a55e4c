"""The output type ``vector``: a fixed number of numbers to predict for a row."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import polars as pl

from declml.components.features.missing import MISSING_DOC, MissingStrategy
from declml.components.features.vector import InputVector, read_vectors
from declml.contracts import Encoded, Facts, Finding, Summary, Values
from declml.errors import UserProblem
from declml_schema.declare import Component, Parameters, Rule, parameter


class OutputVectorPreprocessing(Parameters):
    """How a column of vectors becomes a target: lists of numbers, or text with blanks or commas between them."""

    vector_size: int | None = parameter(
        None, "How many numbers each vector has; null takes what most training rows have.", ge=1, common=True
    )
    missing_value_strategy: MissingStrategy = parameter("drop_row", MISSING_DOC)
    fill_value: str = parameter(
        "", "The numbers that `fill_with_const` gives a missing vector, with blanks between; empty text means zeros."
    )
    normalization: Literal["zscore"] | None = parameter(
        "zscore",
        "How training rows scale the numbers: zscore, each place of the vector to mean 0 and deviation 1; null not at"
        " all, as the loss softmax_cross_entropy asks for.",
    )


class OutputVectorParameters(Parameters):
    """What a vector output says of its predictions."""

    softmax: bool = parameter(
        False,
        "Whether the answers become shares that add up to 1; the loss must then be softmax_cross_entropy.",
    )


class OutputVector(InputVector):
    """A column of vectors as a target; predictions come back in its own unit."""

    version = 1

    def inspect(self, column: pl.Series, name: str, preprocessing: Values) -> list[Finding]:
        """Return what is wrong or odd with the column; the first vector of another length is told with its row."""
        return self._inspect(column, name, preprocessing, is_target=True)

    def summarize(self, column: pl.Series, preprocessing: Values) -> Summary:
        """Return what an input counts, and for each length of vectors the moments of each of its places."""
        vectors = read_vectors(column)
        sizes = vectors.list.len()
        moments: dict[str, Any] = {}
        for size in sizes.drop_nulls().unique().sort().to_list():
            # Only what may become the vectors' size: a table of wrong rows must not fill the memory.
            if preprocessing["vector_size"] in (None, size):
                rows = vectors.filter((sizes == size).fill_null(value=False))
                moments[str(size)] = _moments(_matrix(rows, size))
        return {**super().summarize(column, preprocessing), "moments": moments}

    def merge(self, left: Summary, right: Summary) -> Summary:
        """Return the summary of both chunks."""
        moments = dict(left["moments"])
        for size, more in right["moments"].items():
            moments[size] = _joined(moments[size], more) if size in moments else more
        return {**super().merge(left, right), "moments": moments}

    def fit(self, summary: Summary, preprocessing: Values) -> Facts:
        """Return ``vector_size``, the stand-in ``fill``, and ``shift`` and ``scale`` of each place."""
        facts = super().fit(summary, preprocessing)
        size = facts["vector_size"]
        if str(size) not in summary["moments"]:
            raise UserProblem(
                "no-vectors", f"The training rows must have vectors of {size:,} numbers; got none of that length."
            )
        count, mean, squares = summary["moments"][str(size)]
        shift, scale = [0.0] * size, [1.0] * size
        if preprocessing["normalization"] == "zscore":
            deviation = np.sqrt(np.asarray(squares) / count)
            shift = mean
            # A place that never changes, but for rounding, is only shifted.
            scale = np.where(deviation > 1e-9 * (1 + np.abs(mean)), deviation, 1.0).tolist()
        return {**facts, "shift": shift, "scale": scale}

    def encode(self, column: pl.Series, facts: Facts, preprocessing: Values) -> Encoded:
        """Return the scaled vectors, ``(row, vector_size)`` float32, all finite."""
        encoded = super().encode(column, facts, preprocessing)
        values = (encoded.values - np.asarray(facts["shift"])) / np.asarray(facts["scale"])
        return Encoded(values.astype(np.float32), keep=encoded.keep, counts=encoded.counts)

    def decode(
        self, answers: np.ndarray, facts: Facts, preprocessing: Values, parameters: Values
    ) -> dict[str, pl.Series]:
        """Return ``predictions``, lists of float64 in the column's unit."""
        values = self.scores(answers, facts, preprocessing, parameters)
        return {"predictions": pl.Series("predictions", values.tolist(), dtype=pl.List(pl.Float64))}

    def targets(self, encoded: np.ndarray, facts: Facts, preprocessing: Values) -> np.ndarray:
        """Return targets in the column's unit, ``(row, vector_size)`` float64."""
        return _unscaled(encoded, facts)

    def scores(self, answers: np.ndarray, facts: Facts, preprocessing: Values, parameters: Values) -> np.ndarray:
        """Return answers in the column's unit, or with ``softmax`` shares, ``(row, vector_size)`` float64."""
        if not parameters["softmax"]:
            return _unscaled(answers, facts)
        logits = np.asarray(answers, dtype=np.float64)
        weights = np.exp(logits - logits.max(axis=1, keepdims=True))
        return weights / weights.sum(axis=1, keepdims=True)


def _unscaled(values: np.ndarray, facts: Facts) -> np.ndarray:
    # Rows without a truth come as one zero each.
    wide = np.asarray(values, dtype=np.float64).reshape(len(values), -1)
    return wide * np.asarray(facts["scale"]) + np.asarray(facts["shift"])


def _matrix(vectors: pl.Series, size: int) -> np.ndarray:
    return vectors.explode(empty_as_null=False).to_numpy().reshape(-1, size)


def _moments(values: np.ndarray) -> list[Any]:
    """Return count, mean and squared deviations of each place."""
    mean = values.mean(axis=0)
    return [len(values), mean.tolist(), np.square(values - mean).sum(axis=0).tolist()]


def _joined(left: list[Any], right: list[Any]) -> list[Any]:
    """Return the moments of both (Chan, Golub and LeVeque, 1979)."""
    count, delta = left[0] + right[0], np.asarray(right[1]) - np.asarray(left[1])
    mean = np.asarray(left[1]) + delta * (right[0] / count)
    squares = np.asarray(left[2]) + np.asarray(right[2]) + delta * delta * (left[0] * right[0] / count)
    return [count, mean.tolist(), squares.tolist()]


OUTPUT = Component(
    kind="output",
    name="vector",
    doc="A fixed number of numbers to predict for a row, such as an embedding or the points of a curve.",
    parameters=OutputVectorParameters,
    build=OutputVector,
    preprocessing=OutputVectorPreprocessing,
    preprocessing_rules=(Rule("ignored-unless", "fill_value", "missing_value_strategy", ("fill_with_const",)),),
    facts={
        "default_decoder": "projector",
        "default_loss": "mean_squared_error",
        "default_metric": "mean_squared_error",
    },
)

"""The output type ``category_distribution``: how a whole is shared among classes, such as people's votes."""

from __future__ import annotations

import numpy as np
import polars as pl

from declml.components.features.category import OutputCategory
from declml.components.features.missing import (
    MissingStrategy,
    fill_missing,
    finding,
    first_row,
    presence_findings,
)
from declml.components.features.vector import InputVector, read_vectors
from declml.contracts import Encoded, Facts, Finding, Summary, Values
from declml.errors import UserProblem
from declml_schema import column_findings as found
from declml_schema.declare import Component, Parameters, parameter


class OutputDistributionPreprocessing(Parameters):
    """How a column of shares becomes a target: lists of numbers, or text with blanks or commas between them."""

    vocab: list[str] | None = parameter(
        None,
        "The names of the classes, in the order of the numbers in each value; null numbers them from 0.",
        min_length=2,
        common=True,
        examples=[["red", "green", "blue"]],
    )
    missing_value_strategy: MissingStrategy = parameter(
        "drop_row",
        "What a missing value becomes: equal shares (fill_with_const), all for the class with the largest share"
        " (fill_with_mode), the next (bfill) or previous (ffill) value in the column, or nothing, leaving the row out.",
    )


class OutputDistributionParameters(Parameters):
    """What an output of shares says of its predictions."""

    top_k: int = parameter(
        3, "How many of the likeliest classes count as a hit in the metric hits_at_k.", ge=1, unit="classes"
    )
    calibration: bool = parameter(
        False,
        "Whether a temperature is learned from the validation rows after the training, so that a probability of 0.8"
        " comes true 8 times in 10; the answers themselves stay the same.",
    )


class OutputDistribution(OutputCategory):
    """A column of shares as a target; counts, such as votes, are divided by their sum.

    Values of another length than the classes, with negative numbers, or with nothing but zeros count as missing.
    """

    version = 1

    def inspect(self, column: pl.Series, name: str, preprocessing: Values) -> list[Finding]:
        """Return what is wrong or odd with the column; the first value that is no share is told with its row."""
        findings = InputVector().inspect(column, name, _as_vector(preprocessing))
        if any(each.fatal for each in findings):
            return findings
        vectors = read_vectors(column)
        findings = [each for each in findings if each.code in ("not-a-vector", "wrong-length")]
        negative = ((vectors.list.min() < 0) | (vectors.list.max() <= 0)).fill_null(value=False)
        if negative.any():
            row = first_row(negative)
            told = found.not_shares(
                name, count=int(negative.sum()), rows=len(column), row=row, got=str(vectors[row - 1].to_list())
            )
            findings.append(finding(told))
        size = len(preprocessing["vocab"]) if preprocessing["vocab"] else vectors.list.len().mode().min()
        other = (negative | (vectors.list.len() != size)).fill_null(value=False)
        values = vectors.set(other, None).list.eval(pl.element().cast(pl.String)).list.join(" ")
        strategy = preprocessing["missing_value_strategy"]
        return findings + presence_findings(values, name, is_target=True, strategy=strategy)

    def summarize(self, column: pl.Series, preprocessing: Values) -> Summary:
        """Return the sum of the shares of each class in a chunk, by the number of classes."""
        shares = _shares(column, None)
        sizes = shares.list.len()
        sums = {
            str(size): shares.filter((sizes == size).fill_null(value=False)).explode(empty_as_null=False).to_numpy()
            .reshape(-1, size).sum(axis=0).tolist()
            for size in sizes.drop_nulls().unique().sort().to_list()
        }  # fmt: skip
        counts = sizes.drop_nulls().value_counts(name="rows")
        rows = {str(size): number for size, number in counts.iter_rows()}
        return {"sums": sums, "rows": rows, "missing": shares.null_count()}

    def merge(self, left: Summary, right: Summary) -> Summary:
        """Return the summary of both chunks."""
        sums: dict[str, list[float]] = dict(left["sums"])
        rows: dict[str, int] = dict(left["rows"])
        for size, more in right["sums"].items():
            sums[size] = [a + b for a, b in zip(sums[size], more, strict=True)] if size in sums else more
            rows[size] = rows.get(size, 0) + right["rows"][size]
        return {"sums": sums, "rows": rows, "missing": left["missing"] + right["missing"]}

    def fit(self, summary: Summary, preprocessing: Values) -> Facts:
        """Return ``classes`` in the order of the numbers, the sums of their shares as ``counts``, and the stand-in."""
        vocab: list[str] | None = preprocessing["vocab"]
        rows: dict[str, int] = summary["rows"]
        size = len(vocab) if vocab else max((int(each) for each in rows), key=lambda n: (rows[str(n)], -n), default=0)
        if str(size) not in rows or size < 2:
            wanted = f"{size} numbers, one for each name in vocab" if vocab else "at least two numbers"
            raise UserProblem("no-shares", f"The training rows must have values of {wanted}; got none.")
        if vocab and len(set(vocab)) < size:
            raise UserProblem("duplicate-class", "vocab must name each class once; got a name twice.")
        sums = summary["sums"][str(size)]
        common = max(range(size), key=lambda place: sums[place])
        if preprocessing["missing_value_strategy"] == "fill_with_mode":
            fill = [float(place == common) for place in range(size)]
        else:
            fill = [1 / size] * size
        classes = list(vocab) if vocab else [str(place) for place in range(size)]
        return {"classes": classes, "counts": sums, "missing": summary["missing"], "kind": "text", "fill": fill}

    def encode(self, column: pl.Series, facts: Facts, preprocessing: Values) -> Encoded:
        """Return shares that add up to 1, ``(row, class)`` float32."""
        size = len(facts["classes"])
        shares = _shares(column, size)
        strategy, missing = preprocessing["missing_value_strategy"], shares.null_count()
        counts = {"missing": missing, "unreadable": missing - int(column.is_null().sum())}
        if strategy == "drop_row":
            counts["missing_dropped"] = missing
        shares, keep = fill_missing(shares, strategy, facts["fill"])
        values = shares.explode(empty_as_null=False).to_numpy().astype(np.float32)
        return Encoded(values.reshape(len(column), size), keep=keep, counts=counts)

    def targets(self, encoded: np.ndarray, facts: Facts, preprocessing: Values) -> np.ndarray:
        """Return shares, ``(row, class)`` float64."""
        return np.asarray(encoded, dtype=np.float64)


def _as_vector(preprocessing: Values) -> Values:
    vocab = preprocessing["vocab"]
    return {
        "vector_size": len(vocab) if vocab else None,
        "missing_value_strategy": "fill_with_const",
        "fill_value": "",
    }


def _shares(column: pl.Series, size: int | None) -> pl.Series:
    """Return lists of shares that add up to 1, null where there are none or not ``size`` of them."""
    vectors = read_vectors(column)
    total = vectors.list.sum()
    right = (vectors.list.min() >= 0) & (total > 0)
    if size is not None:
        right &= vectors.list.len() == size
    vectors = vectors.set(~right.fill_null(value=False), None)
    table = pl.DataFrame({"shares": vectors, "total": total})
    return table.select(pl.col("shares") / pl.col("total"))["shares"]


OUTPUT = Component(
    kind="output",
    name="category_distribution",
    doc="How a whole is shared among classes, to be predicted as shares, such as the votes of several people.",
    parameters=OutputDistributionParameters,
    build=OutputDistribution,
    preprocessing=OutputDistributionPreprocessing,
    facts={"default_decoder": "classifier", "default_loss": "softmax_cross_entropy"},
)

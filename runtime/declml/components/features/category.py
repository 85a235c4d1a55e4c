"""The feature type ``category``: one of a list of labels, learned from the training rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from declml.components.answer_scale import class_probabilities
from declml.components.features.labels import (
    add_counts,
    as_known,
    as_labels,
    by_frequency,
    can_be_label,
    coded_labels,
    count_labels,
    from_labels,
    joined_kind,
    kind_of_classes,
    label_kind,
)
from declml.components.features.missing import (
    MISSING_DOC,
    MissingStrategy,
    fill_missing,
    finding,
    nested_finding,
    presence_findings,
)
from declml.contracts import Encoded, Facts, Finding, Summary, Values
from declml.errors import UserProblem
from declml_schema import column_findings as found
from declml_schema.column_findings import quoted
from declml_schema.declare import Component, Parameters, Rule, parameter

UNKNOWN = "<UNK>"
"""The label of id 0 of an input: what no training row has, and by default what is missing."""
_UNSEEN = -1
"""Stands for the place of a label that is in no vocabulary."""

_FILL_DOC = "The label that `fill_with_const` gives a missing value."
_LOWERCASE_DOC = "Whether labels are compared in lower case, so that `Paris` and `PARIS` are one."
_MOST_COMMON_DOC = (
    "How many labels to keep at most, the most frequent ones; a larger number costs memory in the embedding table."
)


class InputCategoryPreprocessing(Parameters):
    """How a category column becomes an input."""

    missing_value_strategy: MissingStrategy = parameter("fill_with_const", MISSING_DOC, common=True)
    fill_value: str = parameter(UNKNOWN, _FILL_DOC)
    lowercase: bool = parameter(False, _LOWERCASE_DOC)
    most_common: int = parameter(10000, _MOST_COMMON_DOC, ge=1, unit="labels", common=True)


class OutputCategoryPreprocessing(Parameters):
    """How a category column becomes a target."""

    missing_value_strategy: MissingStrategy = parameter("drop_row", MISSING_DOC)
    fill_value: str = parameter(UNKNOWN, _FILL_DOC)
    lowercase: bool = parameter(False, _LOWERCASE_DOC)
    most_common: int = parameter(
        10000,
        "How many classes to keep at most, the most frequent ones; rows of other classes are left out.",
        ge=2,
        unit="classes",
    )


class OutputCategoryParameters(Parameters):
    """What a category output says of its predictions."""

    top_k: int = parameter(
        3, "How many of the likeliest classes count as a hit in the metric hits_at_k.", ge=1, unit="classes"
    )
    calibration: bool = parameter(
        False,
        "Whether a temperature is learned from the validation rows after the training, so that a probability of 0.8"
        " comes true 8 times in 10; the answers themselves stay the same.",
    )


class InputCategory:
    """A category column as an input: id 0 is the unknown label, the others follow by frequency, equals by text."""

    version = 2

    def inspect(self, column: pl.Series, name: str, preprocessing: Values) -> list[Finding]:
        """Return what is wrong or odd with the column."""
        if not can_be_label(column.dtype):
            return [nested_finding(name, "category", column.dtype)]
        labels = _labels(column, preprocessing)
        strategy = preprocessing["missing_value_strategy"]
        findings = presence_findings(labels, name, is_target=False, strategy=strategy)
        return findings + _id_findings(labels, name)

    def summarize(self, column: pl.Series, preprocessing: Values) -> Summary:
        """Return how often each label of a chunk occurs."""
        counts, missing = count_labels(column, lowercase=preprocessing["lowercase"])
        return {"counts": counts, "missing": missing, "kind": label_kind(column.dtype)}

    def merge(self, left: Summary, right: Summary) -> Summary:
        """Return the counts of both chunks."""
        return {
            "counts": add_counts(left["counts"], right["counts"]),
            "missing": left["missing"] + right["missing"],
            "kind": joined_kind(left["kind"], right["kind"]),
        }

    def fit(self, summary: Summary, preprocessing: Values) -> Facts:
        """Return ``vocabulary`` (labels by id, ``<UNK>`` first), ``counts`` in its order, and the stand-in ``fill``."""
        counts, fill = _filled_counts(summary, preprocessing)
        counts.pop(UNKNOWN, None)
        kept = by_frequency(counts)[: preprocessing["most_common"]]
        rest = sum(counts.values()) - sum(counts[label] for label in kept)
        return {
            "vocabulary": [UNKNOWN, *kept],
            "counts": [rest, *(counts[label] for label in kept)],
            "missing": summary["missing"],
            "fill": fill,
        }

    def encode(self, column: pl.Series, facts: Facts, preprocessing: Values) -> Encoded:
        """Return label ids, ``(row,)`` int32; 0 where the label is unknown.

        For an encoder that asks for the statistics of the targets an unknown label is -1; once the facts have these,
        they are what comes back, ``(row, width)`` float32.
        """
        found = _ids(column, facts["vocabulary"], facts["fill"], preprocessing)
        # <UNK> itself is no news: it is what a missing value was asked to become.
        unseen = found.ids == _UNSEEN
        counts = {"missing": found.missing, "unseen": int(unseen.sum())}
        if preprocessing["missing_value_strategy"] == "drop_row":
            counts["missing_dropped"] = found.missing
        if preprocessing.get("target_statistics"):
            return Encoded(_with_targets(found.ids, facts), keep=found.keep, counts=counts)
        return Encoded(
            np.where(unseen, 0, found.ids) if counts["unseen"] else found.ids, keep=found.keep, counts=counts
        )


class OutputCategory(InputCategory):
    """A category column as a target: the classes are the labels of the training rows, and there is no unknown one."""

    def inspect(self, column: pl.Series, name: str, preprocessing: Values) -> list[Finding]:
        """Return what is wrong or odd with the column; a single class cannot be learned."""
        if not can_be_label(column.dtype):
            return [nested_finding(name, "category", column.dtype)]
        labels = _labels(column, preprocessing)
        strategy = preprocessing["missing_value_strategy"]
        findings = [
            each
            for each in presence_findings(labels, name, is_target=True, strategy=strategy)
            if each.code != "constant-column"
        ]
        classes = labels.drop_nulls().unique()
        if len(classes) == 1 and not _has_second_class(labels, preprocessing):
            findings.append(finding(found.one_class(name, label=classes[0], rows=len(labels))))
        return findings + _id_findings(labels, name)

    def fit(self, summary: Summary, preprocessing: Values) -> Facts:
        """Return ``classes`` by id, their ``counts``, the ``kind`` of their values, and the stand-in ``fill``."""
        counts, fill = _filled_counts(summary, preprocessing)
        classes = by_frequency(counts)[: preprocessing["most_common"]]
        if len(classes) < 2:
            got = f"only {quoted(classes)}" if classes else "none"
            raise UserProblem(
                "one-class", f"The training rows must have at least two classes to tell apart; got {got}."
            )
        return {
            "classes": classes,
            "counts": [counts[label] for label in classes],
            "missing": summary["missing"],
            "kind": kind_of_classes(summary["kind"], classes),
            "fill": fill,
        }

    def encode(self, column: pl.Series, facts: Facts, preprocessing: Values) -> Encoded:
        """Return class ids, ``(row,)`` int32; rows without a class that training knows are not kept."""
        found = _ids(column, facts["classes"], facts["fill"], preprocessing)
        known = found.ids != _UNSEEN
        counts = {"missing": found.missing, "unseen_dropped": int((~known).sum())}
        ids = np.where(known, found.ids, 0) if counts["unseen_dropped"] else found.ids
        if found.keep is not None:
            known, counts["missing_dropped"] = known & found.keep, found.missing
        return Encoded(ids, keep=None if known.all() else known, counts=counts)

    def decode(
        self, answers: np.ndarray, facts: Facts, preprocessing: Values, parameters: Values
    ) -> dict[str, pl.Series]:
        """Return ``predictions`` in the column's own values, their ``probability`` and that of each class."""
        probabilities = self.scores(answers, facts, preprocessing, parameters)
        best = probabilities.argmax(axis=1)
        labels = pl.Series("predictions", facts["classes"], dtype=pl.String).gather(best)
        columns = {
            "predictions": from_labels(labels, facts["kind"]),
            "probability": pl.Series("probability", probabilities[np.arange(len(best)), best]),
        }
        for place, label in enumerate(facts["classes"]):
            name = f"probability_{label}"
            columns[name] = pl.Series(name, probabilities[:, place])
        return columns

    def targets(self, encoded: np.ndarray, facts: Facts, preprocessing: Values) -> np.ndarray:
        """Return class ids, ``(row,)`` int64."""
        return np.asarray(encoded).astype(np.int64)

    def scores(self, answers: np.ndarray, facts: Facts, preprocessing: Values, parameters: Values) -> np.ndarray:
        """Return probabilities, ``(row, class)`` float64."""
        return class_probabilities(answers, facts)


def _labels(column: pl.Series, preprocessing: Values) -> pl.Series:
    return as_labels(column, lowercase=preprocessing["lowercase"])


@dataclass(frozen=True, slots=True)
class _Ids:
    """The places of a column's labels in a vocabulary, ``(row,)`` int32, and the rows that had none."""

    ids: np.ndarray
    missing: int
    keep: np.ndarray | None


def _ids(column: pl.Series, vocabulary: list[str], fill: str, preprocessing: Values) -> _Ids:
    """Return the places of a column's labels: `_UNSEEN` where there is none, that of ``fill`` for a missing label."""
    coded = coded_labels(column, lowercase=preprocessing["lowercase"])
    places = _places(coded.labels, vocabulary).set(coded.labels.is_null(), None)
    ids, strategy = coded.map(places), preprocessing["missing_value_strategy"]
    filled, keep = fill_missing(ids, strategy, int(_places(pl.Series([fill]), vocabulary)[0]))
    return _Ids(filled.to_numpy(), ids.null_count(), keep)


def _places(labels: pl.Series, vocabulary: list[str]) -> pl.Series:
    """Return the place of each label in the vocabulary, Int32; `_UNSEEN` where it is in none."""
    places = pl.Series(range(len(vocabulary)), dtype=pl.Int32)
    known = pl.Series(vocabulary, dtype=pl.String)
    return as_known(labels, vocabulary).replace_strict(known, places, default=_UNSEEN, return_dtype=pl.Int32)


def _with_targets(places: np.ndarray, facts: Facts) -> np.ndarray:
    """Return what the targets are like by label, or the ids from which that is learned; unknown labels tell nothing."""
    if "statistics" not in facts:
        return places
    means = np.asarray(facts["statistics"], dtype=np.float32)  # (label, width)
    return np.where(places[:, None] != _UNSEEN, means[np.maximum(places, 0)], np.float32(0))


def _filled_counts(summary: Summary, preprocessing: Values) -> tuple[dict[str, int], str]:
    """Return the counts as they are once missing values are filled, and the label that fills them."""
    counts: dict[str, int] = dict(summary["counts"])
    strategy = preprocessing["missing_value_strategy"]
    fill = preprocessing["fill_value"]
    if preprocessing["lowercase"] and fill != UNKNOWN:
        fill = fill.lower()
    if strategy != "fill_with_const" and counts:
        fill = by_frequency(counts)[0]
    fill = str(as_known(pl.Series([fill]), list(counts))[0])
    if summary["missing"] and strategy in {"fill_with_const", "fill_with_mode"}:
        counts[fill] = counts.get(fill, 0) + summary["missing"]
    return counts, fill


def _has_second_class(labels: pl.Series, preprocessing: Values) -> bool:
    return preprocessing["missing_value_strategy"] == "fill_with_const" and labels.null_count() > 0


def _id_findings(labels: pl.Series, name: str) -> list[Finding]:
    """Return a warning when nearly every row has a label of its own, which nothing can be learned from."""
    present, distinct = len(labels) - labels.null_count(), labels.drop_nulls().n_unique()
    if not found.is_like_an_id(distinct=distinct, present=present):
        return []
    return [finding(found.looks_like_id(name, distinct=distinct, present=present))]


INPUT = Component(
    kind="input",
    name="category",
    doc="One of a list of labels, such as a country or a colour.",
    build=InputCategory,
    preprocessing=InputCategoryPreprocessing,
    preprocessing_rules=(Rule("ignored-unless", "fill_value", "missing_value_strategy", ("fill_with_const",)),),
    facts={"default_encoder": "dense"},
)

OUTPUT = Component(
    kind="output",
    name="category",
    doc="One of a list of labels to predict: classification.",
    parameters=OutputCategoryParameters,
    build=OutputCategory,
    preprocessing=OutputCategoryPreprocessing,
    preprocessing_rules=(Rule("ignored-unless", "fill_value", "missing_value_strategy", ("fill_with_const",)),),
    facts={"default_decoder": "classifier", "default_loss": "softmax_cross_entropy"},
)

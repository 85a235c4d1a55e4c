"""The feature type ``binary``: true or false, in any of the ways in which tables write it."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import polars as pl

from declml.components.features.labels import (
    add_counts,
    as_known,
    as_labels,
    can_be_label,
    coded_labels,
    count_labels,
    from_labels,
    joined_kind,
    kind_of_classes,
    label_kind,
)
from declml.components.features.missing import fill_missing, finding, nested_finding, presence_findings
from declml.contracts import Encoded, Facts, Finding, Summary, Values
from declml.errors import UserProblem
from declml_schema import column_findings as found
from declml_schema.column_findings import quoted
from declml_schema.declare import Component, Parameters, parameter

BinaryStrategy = Literal["fill_with_mode", "bfill", "ffill", "drop_row", "fill_with_false", "fill_with_true"]

TRUE_WORDS = ("1", "true", "yes", "t", "y", "on")
"""What reads as true in lower case, the word that stands against it in `FALSE_WORDS` at the same place."""
FALSE_WORDS = ("0", "false", "no", "f", "n", "off")

_MISSING_DOC = (
    "What a missing value becomes: false, true, the more frequent of the two, the next (bfill) or previous (ffill)"
    " value in the "
    "column, or nothing, leaving the row out."
)
_TRUE_DOC = (
    "The value that counts as true; needed where the column's two values do not say it, such as `spam` against `ham`."
)


class InputBinaryPreprocessing(Parameters):
    """How a binary column becomes an input."""

    missing_value_strategy: BinaryStrategy = parameter("fill_with_false", _MISSING_DOC, common=True)
    fallback_true_label: str | None = parameter(None, _TRUE_DOC, min_length=1, common=True)


class OutputBinaryPreprocessing(Parameters):
    """How a binary column becomes a target."""

    missing_value_strategy: BinaryStrategy = parameter("drop_row", _MISSING_DOC)
    fallback_true_label: str | None = parameter(None, _TRUE_DOC, min_length=1, common=True)


class OutputBinaryParameters(Parameters):
    """What a binary output says of its predictions."""

    threshold: float = parameter(
        0.5,
        "The probability from which a row is predicted true; larger predicts true less often.",
        ge=0,
        le=1,
        common=True,
    )
    calibration: bool = parameter(
        False,
        "Whether a temperature is learned from the validation rows after the training, so that a probability of 0.8"
        " comes true 8 times in 10; the answers themselves stay the same.",
    )


class InputBinary:
    """A binary column as an input: 1 for true, 0 for false."""

    version = 2

    def inspect(self, column: pl.Series, name: str, preprocessing: Values) -> list[Finding]:
        """Return what is wrong or odd with the column; more than two values are no binary."""
        return _inspect(column, name, preprocessing, is_target=False)

    def summarize(self, column: pl.Series, preprocessing: Values) -> Summary:
        """Return how often each value of a chunk occurs."""
        counts, missing = count_labels(column)
        return {"counts": counts, "missing": missing, "kind": label_kind(column.dtype)}

    def merge(self, left: Summary, right: Summary) -> Summary:
        """Return the counts of both chunks."""
        return {
            "counts": add_counts(left["counts"], right["counts"]),
            "missing": left["missing"] + right["missing"],
            "kind": joined_kind(left["kind"], right["kind"]),
        }

    def fit(self, summary: Summary, preprocessing: Values) -> Facts:
        """Return the values for ``true`` and ``false``, ``counts`` of false and true, and the stand-in ``fill``."""
        return _fit(summary, preprocessing)

    def encode(self, column: pl.Series, facts: Facts, preprocessing: Values) -> Encoded:
        """Return 0 and 1, ``(row,)`` float32; a value that is neither counts as missing."""
        coded = coded_labels(column)
        values = coded.map(_truth(coded.labels, facts))
        missing = values.null_count()
        strange = missing - int(coded.map(coded.labels.is_null()).sum())
        strategy = preprocessing["missing_value_strategy"]
        values, keep = fill_missing(values, strategy, facts["fill"])
        counts = {"missing": missing, "unreadable": strange}
        if strategy == "drop_row":
            counts["missing_dropped"] = missing
        return Encoded(values.to_numpy(), keep=keep, counts=counts)


class OutputBinary(InputBinary):
    """A binary column as a target; predictions come back in the column's own values."""

    def inspect(self, column: pl.Series, name: str, preprocessing: Values) -> list[Finding]:
        """Return what is wrong or odd with the column; a single value cannot be learned."""
        return _inspect(column, name, preprocessing, is_target=True)

    def fit(self, summary: Summary, preprocessing: Values) -> Facts:
        """Return the facts of the input type; training rows of one value only are a `UserProblem`."""
        facts = _fit(summary, preprocessing)
        if 0 in facts["counts"]:
            raise UserProblem(
                "one-class",
                f"The training rows must have both values; got only"
                f" {quoted(sorted(summary['counts'])) or 'missing ones'}.",
            )
        return facts

    def decode(
        self, answers: np.ndarray, facts: Facts, preprocessing: Values, parameters: Values
    ) -> dict[str, pl.Series]:
        """Return ``predictions`` in the column's own values, their ``probability`` and that of both values."""
        true = self.scores(answers, facts, preprocessing, parameters)
        is_true = true >= parameters["threshold"]
        labels = pl.Series("predictions", [facts["false"], facts["true"]], dtype=pl.String).gather(
            is_true.astype(np.int64)
        )
        names = [f"probability_{facts['false']}", f"probability_{facts['true']}"]
        return {
            "predictions": from_labels(labels, facts["kind"]),
            "probability": pl.Series("probability", np.where(is_true, true, 1 - true)),
            names[0]: pl.Series(names[0], 1 - true),
            names[1]: pl.Series(names[1], true),
        }

    def targets(self, encoded: np.ndarray, facts: Facts, preprocessing: Values) -> np.ndarray:
        """Return 0 and 1, ``(row,)`` int64."""
        return np.asarray(encoded).astype(np.int64)

    def scores(self, answers: np.ndarray, facts: Facts, preprocessing: Values, parameters: Values) -> np.ndarray:
        """Return the probability of true, ``(row,)`` float64."""
        logits = np.asarray(answers, dtype=np.float64) / facts.get("temperature", 1.0)
        return np.where(
            logits >= 0, 1 / (1 + np.exp(-np.abs(logits))), np.exp(-np.abs(logits)) / (1 + np.exp(-np.abs(logits)))
        )


# --- which value is true --------------------------------------------------------------------------------------------


def _is_word(label: str) -> bool:
    return label.lower() in TRUE_WORDS or label.lower() in FALSE_WORDS


def _sides(labels: list[str], fallback: str | None) -> tuple[str, str]:
    """Return the value for false and the value for true of a column with one or two values.

    ``fallback`` decides where it is given, then the column's own words, then the order of the text: the later one is
    true.
    """
    if len(labels) == 1:
        only = labels[0]
        is_true = _same(only, fallback) if fallback is not None else only.lower() in TRUE_WORDS
        return (_opposite(only), only) if is_true else (only, _opposite(only))
    first, second = sorted(labels)
    if fallback is not None:
        return (second, first) if _same(first, fallback) else (first, second)
    return (second, first) if first.lower() in TRUE_WORDS and second.lower() in FALSE_WORDS else (first, second)


def _same(label: str, wanted: str) -> bool:
    """Return whether both are one value: words may differ in case."""
    return label == wanted or (_is_word(label) and label.lower() == wanted.lower())


def _opposite(label: str) -> str:
    """Return what stands against a column's only value."""
    word = label.lower()
    for words, others in ((TRUE_WORDS, FALSE_WORDS), (FALSE_WORDS, TRUE_WORDS)):
        if word in words:
            return others[words.index(word)]
    return f"not {label}"


def _variants(counts: dict[str, int]) -> dict[str, int]:
    """Return the counts with spellings of one word joined: ``Yes`` and ``yes`` are one value, the more frequent one."""
    joined: dict[str, tuple[str, int]] = {}
    for label, rows in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        name = label.lower() if _is_word(label) else label
        kept, total = joined.get(name, (label, 0))
        joined[name] = (kept, total + rows)
    return dict(joined.values())


def _truth(labels: pl.Series, facts: Facts) -> pl.Series:
    """Return 1, 0 or null per label, ``(row,)`` Float32; other words for true and false are understood beside words."""
    known: dict[str, float] = {}
    if facts["words"]:
        labels = labels.str.to_lowercase()
        known.update(dict.fromkeys(FALSE_WORDS, 0.0))
        known.update(dict.fromkeys(TRUE_WORDS, 1.0))
    else:
        known.update({facts["false"]: 0.0, facts["true"]: 1.0})
        labels = as_known(labels, list(known))
    return labels.replace_strict(list(known), list(known.values()), default=None, return_dtype=pl.Float32)


def _fit(summary: Summary, preprocessing: Values) -> Facts:
    counts = _variants(summary["counts"])
    if len(counts) > 2:
        raise UserProblem("not-binary", f"A binary column must have two values; got {quoted(sorted(counts))}.")
    false, true = _sides(list(counts) or ["false"], preprocessing["fallback_true_label"])
    words = _is_word(false) and _is_word(true) and false.lower() in FALSE_WORDS and true.lower() in TRUE_WORDS
    strategy = preprocessing["missing_value_strategy"]
    rows = [counts.get(false, 0), counts.get(true, 0)]
    fill = {"fill_with_false": 0.0, "fill_with_true": 1.0}.get(strategy, float(rows[1] > rows[0]))
    if strategy in {"fill_with_false", "fill_with_true", "fill_with_mode"}:
        rows[int(fill)] += summary["missing"]
    facts: dict[str, Any] = {
        "false": false,
        "true": true,
        "words": words,
        "counts": rows,
        "missing": summary["missing"],
        "kind": kind_of_classes(summary["kind"], [false, true]),
        "fill": fill,
    }
    return facts


def _inspect(column: pl.Series, name: str, preprocessing: Values, *, is_target: bool) -> list[Finding]:
    if not can_be_label(column.dtype):
        return [nested_finding(name, "binary", column.dtype)]
    labels = as_labels(column)
    counts = _variants(count_labels(labels)[0])
    if len(counts) > 2:
        return [finding(found.not_binary(name, values=sorted(counts), count=len(counts)))]
    strategy = preprocessing["missing_value_strategy"]
    findings = presence_findings(labels, name, is_target=is_target, strategy=strategy)
    fallback = preprocessing["fallback_true_label"]
    if len(counts) == 2:
        findings += _truth_findings(sorted(counts), fallback, name)
    filled = labels.null_count() > 0 and strategy in {"fill_with_false", "fill_with_true"}
    if is_target and len(counts) == 1 and not filled:
        findings = [each for each in findings if each.code != "constant-column"]
        findings.append(finding(found.one_value(name, value=next(iter(counts)), rows=len(labels))))
    return findings


def _truth_findings(labels: list[str], fallback: str | None, name: str) -> list[Finding]:
    if fallback is not None and not any(_same(label, fallback) for label in labels):
        return [
            Finding(
                "absent-true-label",
                f"fallback_true_label must be a value of column '{name}'; got '{fallback}', while the values are"
                f" {quoted(labels)}.",
                fatal=True,
            )
        ]
    if fallback is not None or all(_is_word(label) for label in labels):
        return []
    false, true = _sides(labels, fallback)
    return [
        Finding(
            "guessed-true-label",
            f"Column '{name}' has the values '{false}' and '{true}', which do not say what is true: '{true}' counts"
            f" as true."
            " Set fallback_true_label to decide it.",
        )
    ]


INPUT = Component(
    kind="input",
    name="binary",
    doc="True or false, yes or no, 1 or 0, or any other two values.",
    build=InputBinary,
    preprocessing=InputBinaryPreprocessing,
    facts={"default_encoder": "passthrough"},
)

OUTPUT = Component(
    kind="output",
    name="binary",
    doc="True or false to predict, with a probability.",
    parameters=OutputBinaryParameters,
    build=OutputBinary,
    preprocessing=OutputBinaryPreprocessing,
    facts={
        "default_decoder": "regressor",
        "default_loss": "binary_weighted_cross_entropy",
        "default_metric": "roc_auc",
    },
)

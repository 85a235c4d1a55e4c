"""The output type ``set``: several items to predict for a row, each there or not."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from declml.components.features.missing import MISSING_DOC, MissingStrategy, fill_missing, finding
from declml.components.features.token_lists import (
    fit_tokens,
    inspect_tokens,
    merge_tokens,
    read_tokens,
    summarize_tokens,
    token_ids,
)
from declml.components.features.token_texts import as_texts
from declml.components.features.tokenizers import PLANNED_TOKENIZERS, TOKEN_PATTERN_RULES, OwnTokenizer, token_pattern
from declml.contracts import Encoded, Facts, Finding, Summary, Values
from declml.errors import UserProblem
from declml_schema import column_findings as found
from declml_schema.declare import Component, Parameters, Rule, parameter

UNKNOWN = "<UNK>"
"""The fill value that stands for no item at all."""


class OutputSetPreprocessing(Parameters):
    """How a column of sets becomes a target; the values of list columns are their items."""

    tokenizer: OwnTokenizer = parameter(
        "space", "How a text is cut into items.", common=True, planned=["hf_tokenizer", *PLANNED_TOKENIZERS]
    )
    token_pattern: str | None = token_pattern()
    missing_value_strategy: MissingStrategy = parameter("drop_row", MISSING_DOC)
    fill_value: str = parameter(
        UNKNOWN, "The items that `fill_with_const` gives a missing value; `<UNK>` gives none: an empty set."
    )
    lowercase: bool = parameter(False, "Whether items are compared in lower case, so that `Tea` and `tea` are one.")
    most_common: int = parameter(
        10000,
        "How many items can be predicted at most, the most frequent ones; each costs a byte of memory in every row.",
        ge=1,
        unit="items",
    )


class OutputSetParameters(Parameters):
    """What a set output says of its predictions."""

    threshold: float = parameter(
        0.5,
        "The probability from which an item is predicted; larger predicts fewer items, with fewer false ones.",
        ge=0,
        le=1,
    )


class OutputSet:
    """A column of sets as a target: for each item of the training rows 1 where it is there, else 0."""

    version = 1

    def inspect(self, column: pl.Series, name: str, preprocessing: Values) -> list[Finding]:
        """Return what is wrong or odd with the column; sets that never differ cannot be learned."""
        findings = inspect_tokens(column, name, preprocessing, declared="set", is_target=True)
        items = [] if findings and findings[0].fatal else _items(column, preprocessing)
        if len(items) == 1 and any(each.code == "constant-column" for each in findings):
            findings = [each for each in findings if each.code != "constant-column"]
            findings.append(finding(found.one_class(name, label=items[0], rows=len(column))))
        return findings

    def summarize(self, column: pl.Series, preprocessing: Values) -> Summary:
        """Return in how many rows of a chunk each item occurs."""
        counted = summarize_tokens(read_tokens(column, preprocessing), preprocessing, once=True)
        return {**counted, "kind": "list" if column.dtype.is_nested() else "text"}

    def merge(self, left: Summary, right: Summary) -> Summary:
        """Return the summary of both chunks."""
        return {**merge_tokens(left, right), "kind": left["kind"]}

    def fit(self, summary: Summary, preprocessing: Values) -> Facts:
        """Return ``vocabulary`` (the items, by frequency), ``counts`` in its order, the stand-in and the ``kind``."""
        facts = fit_tokens(summary, preprocessing, [UNKNOWN], preprocessing["fill_value"])
        if len(facts["vocabulary"]) < 2:
            raise UserProblem("one-class", "The training rows must have at least one item to predict; got none.")
        return {
            **facts,
            "vocabulary": facts["vocabulary"][1:],
            "counts": facts["counts"][1:],
            "kind": summary["kind"],
        }

    def encode(self, column: pl.Series, facts: Facts, preprocessing: Values) -> Encoded:
        """Return ``(row, item)`` uint8, 1 for each item that is there; items that no training row has are left out."""
        tokens = read_tokens(column, preprocessing)
        strategy, missing = preprocessing["missing_value_strategy"], tokens.null_count()
        tokens, keep = fill_missing(tokens, strategy, facts["fill"])
        ids, offsets, unseen = token_ids(tokens, facts["vocabulary"], unknown=-1, at_least=0)
        values = np.zeros((len(column), len(facts["vocabulary"])), dtype=np.uint8)
        rows = np.repeat(np.arange(len(column)), np.diff(offsets))
        values[rows[ids >= 0], ids[ids >= 0]] = 1
        counts = {"missing": missing, "unknown_tokens": unseen}
        if strategy == "drop_row":
            counts["missing_dropped"] = missing
        return Encoded(values, keep=keep, counts=counts)

    def decode(
        self, answers: np.ndarray, facts: Facts, preprocessing: Values, parameters: Values
    ) -> dict[str, pl.Series]:
        """Return ``predictions``, the items as a list or as text like the column's, and the probability of each item.

        The items of a row stand in the order of the vocabulary.
        """
        probabilities = self.scores(answers, facts, preprocessing, parameters)
        items = np.array(facts["vocabulary"], dtype=object)
        lists = [items[row].tolist() for row in probabilities >= parameters["threshold"]]
        predictions = pl.Series("predictions", lists, dtype=pl.List(pl.String))
        if facts["kind"] == "text":
            predictions = as_texts(predictions, preprocessing["tokenizer"])
        columns = {"predictions": predictions}
        for place, item in enumerate(facts["vocabulary"]):
            columns[f"probability_{item}"] = pl.Series(f"probability_{item}", probabilities[:, place])
        return columns

    def targets(self, encoded: np.ndarray, facts: Facts, preprocessing: Values) -> np.ndarray:
        """Return 0 and 1, ``(row, item)`` uint8."""
        return np.asarray(encoded).astype(np.uint8)

    def scores(self, answers: np.ndarray, facts: Facts, preprocessing: Values, parameters: Values) -> np.ndarray:
        """Return the probability of each item, ``(row, item)`` float64."""
        logits = np.asarray(answers, dtype=np.float64)
        small = np.exp(-np.abs(logits))
        return np.where(logits >= 0, 1, small) / (1 + small)


def _items(column: pl.Series, preprocessing: Values) -> list[Any]:
    return read_tokens(column, preprocessing).drop_nulls().list.unique().explode(empty_as_null=False).unique().to_list()


OUTPUT = Component(
    kind="output",
    name="set",
    doc="Several items to predict for a row, each there or not, such as the tags of an article.",
    parameters=OutputSetParameters,
    build=OutputSet,
    preprocessing=OutputSetPreprocessing,
    preprocessing_rules=(
        *TOKEN_PATTERN_RULES,
        Rule("ignored-unless", "fill_value", "missing_value_strategy", ("fill_with_const",)),
    ),
    facts={"default_decoder": "classifier", "default_loss": "sigmoid_cross_entropy", "default_metric": "jaccard"},
)

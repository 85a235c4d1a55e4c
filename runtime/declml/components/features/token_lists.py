"""Columns whose values are several tokens each: read from text or lists, counted, filled and turned into ids."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from declml.components.features.labels import add_counts, as_labels, by_frequency, can_be_label
from declml.components.features.missing import fill_missing, nested_finding, presence_findings
from declml.components.features.pretrained_tokenizers import pretrained_pieces
from declml.components.features.tokenizers import tokenize
from declml.components.features.vocabulary_file import vocabulary_of_file
from declml.contracts import Encoded, Facts, Finding, Summary, Values

_BETWEEN = "\x1f"  # the unit separator: a list of tokens as one text, for counting


def inspect_tokens(
    column: pl.Series, name: str, preprocessing: Values, *, declared: str, is_target: bool = False
) -> list[Finding]:
    """Return what is wrong or odd with a column of texts or of lists of single values."""
    if not can_be_label(column.dtype if not _is_list(column) else _inner(column)):
        return [nested_finding(name, declared, column.dtype)]
    values = _joined(read_tokens(column, preprocessing)) if _is_list(column) else as_labels(column)
    return presence_findings(values, name, is_target=is_target, strategy=preprocessing["missing_value_strategy"])


def read_tokens(column: pl.Series, preprocessing: Values) -> pl.Series:
    """Return the tokens of each row, ``(row,)`` lists of text; null where the value is missing, none where it is empty.

    The values of a list are its tokens; text is cut by the tokenizer.
    """
    lowercase = preprocessing["lowercase"]
    if _is_list(column):
        lists = column.cast(pl.List(_inner(column)))
        flat = as_labels(lists.explode(empty_as_null=False, keep_nulls=False), lowercase=lowercase)
        rows = np.repeat(np.arange(len(lists)), lists.list.len().fill_null(0).to_numpy())
        return _gathered(flat, rows, lists.is_null())
    texts = column.cast(pl.String)
    texts = texts.str.to_lowercase() if lowercase else texts
    if preprocessing["tokenizer"] == "hf_tokenizer":
        tokens = pretrained_pieces(texts.fill_null(""), preprocessing)
    else:
        tokens = tokenize(
            texts.fill_null(""),
            preprocessing["tokenizer"],
            ngram_size=preprocessing.get("ngram_size", 2),
            token_pattern=preprocessing.get("token_pattern"),
        )
    return pl.select(tokens=pl.when(texts.is_not_null()).then(tokens))["tokens"]


def summarize_tokens(tokens: pl.Series, preprocessing: Values, *, once: bool = False) -> Summary:
    """Return how often each token occurs, or with ``once`` in how many rows; and the longest row.

    ``fill_with_mode`` counts whole rows too.
    """
    present = tokens.drop_nulls()
    counted = present.list.unique() if once else present
    summary: dict[str, Any] = {
        "missing": tokens.null_count(),
        "counts": count_values(counted.explode(empty_as_null=False)),
        "longest": int(np.max(present.list.len().to_numpy(), initial=0)),
    }
    if preprocessing["missing_value_strategy"] == "fill_with_mode":
        summary["wholes"] = count_values(_joined(present))
    return summary


def merge_tokens(left: Summary, right: Summary) -> Summary:
    """Return the summary of both chunks."""
    merged: dict[str, Any] = {
        "missing": left["missing"] + right["missing"],
        "counts": add_counts(left["counts"], right["counts"]),
        "longest": max(left["longest"], right["longest"]),
    }
    if "wholes" in left:
        merged["wholes"] = add_counts(left["wholes"], right["wholes"])
    return merged


def fit_tokens(summary: Summary, preprocessing: Values, symbols: list[str], fill_value: str) -> Facts:
    """Return ``vocabulary``, ``counts`` in its order, and the stand-in ``fill``.

    The ``symbols`` come first, then the tokens by frequency, or as a file has them. ``fill_value`` is the text of
    `fill_with_const`; the last symbol, the unknown one, stands for itself.
    """
    fill = _stand_in(summary, preprocessing, symbols[-1], fill_value)
    counts = dict(summary["counts"])
    if summary["missing"] and preprocessing["missing_value_strategy"] in {"fill_with_const", "fill_with_mode"}:
        counts = add_counts(counts, {token: fill.count(token) * summary["missing"] for token in fill})
    counts = {token: rows for token, rows in counts.items() if token not in symbols}
    given = vocabulary_of_file(preprocessing, symbols)
    kept = by_frequency(counts)[: preprocessing["most_common"]] if given is None else given
    return {
        "vocabulary": [*symbols, *kept],
        "counts": [*(0 for _ in symbols), *(counts.get(token, 0) for token in kept)],
        "missing": summary["missing"],
        "fill": fill,
    }


def encode_tokens(tokens: pl.Series, facts: Facts, preprocessing: Values, *, unknown: int, at_least: int) -> Encoded:
    """Return token ids, ``(token,)`` int32, and the rows' offsets; ``at_least`` is as in `token_ids`."""
    strategy, missing = preprocessing["missing_value_strategy"], tokens.null_count()
    tokens, keep = fill_missing(tokens, strategy, facts["fill"])
    values, offsets, unseen = token_ids(tokens, facts["vocabulary"], unknown=unknown, at_least=at_least)
    counts = {"missing": missing, "unknown_tokens": unseen}
    if strategy == "drop_row":
        counts["missing_dropped"] = missing
    return Encoded(values, offsets=offsets, keep=keep, counts=counts)


def token_ids(
    tokens: pl.Series, vocabulary: list[str], *, unknown: int, at_least: int
) -> tuple[np.ndarray, np.ndarray, int]:
    """Return the ids of all tokens, the offsets of the rows, and how many tokens the vocabulary lacks.

    A row of fewer than ``at_least`` tokens, which is 0 or 1, gets one that is ``unknown``.
    """
    lengths = tokens.list.len().to_numpy().astype(np.int64)
    places = pl.Series(range(len(vocabulary)), dtype=pl.Int32)
    flat = tokens.explode(empty_as_null=False)
    found = flat.replace_strict(
        pl.Series(vocabulary, dtype=pl.String), places, default=unknown, return_dtype=pl.Int32
    ).to_numpy()
    unseen = int((found == unknown).sum())
    filled = np.maximum(lengths, at_least)
    offsets = np.zeros(len(lengths) + 1, dtype=np.int64)
    np.cumsum(filled, out=offsets[1:])
    ids = np.full(int(offsets[-1]), unknown, dtype=np.int32)
    ids[np.repeat(lengths > 0, filled)] = found
    return ids, offsets, unseen


def count_values(values: pl.Series) -> dict[str, int]:
    """Return how often each value occurs."""
    table = values.alias("value").value_counts(name="rows")
    return dict(zip(table["value"].to_list(), table["rows"].to_list(), strict=True))


def _stand_in(summary: Summary, preprocessing: Values, unknown: str, fill_value: str) -> list[str]:
    """Return the tokens of a missing value."""
    strategy = preprocessing["missing_value_strategy"]
    if strategy == "fill_with_mode" and summary["wholes"]:
        return by_frequency(summary["wholes"])[0].split(_BETWEEN)
    if strategy != "fill_with_const" or fill_value == unknown:
        return [unknown]
    return read_tokens(pl.Series([fill_value]), preprocessing)[0].to_list()


def _joined(tokens: pl.Series) -> pl.Series:
    return tokens.list.join(_BETWEEN)


def _is_list(column: pl.Series) -> bool:
    return isinstance(column.dtype, (pl.List, pl.Array))


def _inner(column: pl.Series) -> pl.DataType:
    return column.dtype.inner  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType, reportUnknownMemberType] - lists have it


def _gathered(flat: pl.Series, rows: np.ndarray, missing: pl.Series) -> pl.Series:
    """Return lists of the tokens of each row; missing tokens are left out."""
    present = flat.is_not_null()
    lists = pl.DataFrame({"row": rows, "token": flat}).filter(present).group_by("row", maintain_order=True).agg("token")
    every = pl.DataFrame({"row": np.arange(len(missing)), "missing": missing})
    joined = every.join(lists, on="row", how="left", maintain_order="left")
    empty = pl.lit([], dtype=pl.List(pl.String))
    return joined.select(tokens=pl.when(~pl.col("missing")).then(pl.col("token").fill_null(empty)))["tokens"]

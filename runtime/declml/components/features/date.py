"""The feature type ``date``: a day, with or without a time of day, as the parts that people count in."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import numpy as np
import polars as pl

from declml.components.features.date_reading import FORMS, count_forms, ordered_forms, read_moments
from declml.components.features.labels import add_counts, as_labels, can_be_label
from declml.components.features.missing import fill_missing, nested_finding, presence_findings, unread_findings
from declml.components.features.number import InputNumber
from declml.components.features.number_fit import moments_of
from declml.contracts import Encoded, Facts, Finding, Summary, Values
from declml.errors import UserProblem
from declml_schema.declare import Component, Parameters, Rule, parameter

DateStrategy = Literal["fill_with_const", "bfill", "ffill", "drop_row"]

PARTS = 9
"""How many numbers a date becomes: the time, scaled; month, day, weekday, day of the year, hour, minute, second and
second of the day, each counted from 1. A missing date is nine zeros."""

_SECONDS = 86_400
_START = datetime(2000, 1, 1)


class InputDatePreprocessing(Parameters):
    """How a date column becomes an input."""

    missing_value_strategy: DateStrategy = parameter(
        "fill_with_const",
        "What a missing date becomes: a constant, the next (bfill) or previous (ffill) date in the column, or nothing,"
        " leaving the row out.",
    )
    fill_value: str = parameter(
        "", "The date that `fill_with_const` gives a missing one; empty text marks it as missing, which can be learned."
    )
    datetime_format: str | None = parameter(
        None,
        "How the dates are written, as in %d.%m.%Y %H:%M; null reads all usual forms, and learns from the training"
        " rows whether the day or the month comes first.",
        common=True,
        examples=["%d.%m.%Y", "%m/%d/%Y %I:%M %p"],
    )


class InputDate:
    """A date column as an input. Values in which no date can be read count as missing."""

    version = 1

    def inspect(self, column: pl.Series, name: str, preprocessing: Values) -> list[Finding]:
        """Return what is wrong or odd with the column."""
        if not can_be_label(column.dtype) or isinstance(column.dtype, (pl.Time, pl.Duration, pl.Boolean)):
            return [nested_finding(name, "date", column.dtype)]
        _stand_in(preprocessing)
        forms = ordered_forms(count_forms(column, preprocessing["datetime_format"]))
        moments = read_moments(column, forms, preprocessing["datetime_format"])
        findings = unread_findings(column, moments, name, declared="date")
        if any(each.fatal for each in findings):
            return findings
        strategy = preprocessing["missing_value_strategy"]
        return findings + presence_findings(moments, name, is_target=False, strategy=strategy)

    def summarize(self, column: pl.Series, preprocessing: Values) -> Summary:
        """Return how many rows of a chunk each form of dates reads, and mean, deviation and range of its days.

        Which form comes first is known once all chunks are merged: ``days`` has the figures for each that could.
        """
        counts = count_forms(column, preprocessing["datetime_format"])
        days = {
            first: _figures(read_moments(column, ordered_forms({first: 1}), preprocessing["datetime_format"]))
            for first in {FORMS[0], *counts}
        }
        return {"forms": counts, "days": days}

    def merge(self, left: Summary, right: Summary) -> Summary:
        """Return the summary of both chunks; where a form reads nothing in one, it changes nothing there."""
        return {
            "forms": add_counts(left["forms"], right["forms"]),
            "days": {
                first: InputNumber().merge(*(each["days"].get(first, each["days"][FORMS[0]]) for each in (left, right)))
                for first in {**left["days"], **right["days"]}
            },
        }

    def fit(self, summary: Summary, preprocessing: Values) -> Facts:
        """Return ``forms``, the order in which forms are tried, and ``mean`` and ``std`` of the days since 2000."""
        forms = ordered_forms(summary["forms"])
        days = summary["days"][forms[0]]
        std = (days["m2"] / days["count"]) ** 0.5 if days["count"] else 0.0
        return {"forms": forms, "missing": days["missing"], "mean": days["mean"], "std": std}

    def encode(self, column: pl.Series, facts: Facts, preprocessing: Values) -> Encoded:
        """Return the parts of each date, ``(row, 9)`` float32; zeros where there is none."""
        moments = read_moments(column, facts["forms"], preprocessing["datetime_format"])
        strategy, missing = preprocessing["missing_value_strategy"], moments.null_count()
        counts = {"missing": missing, "unreadable": int((moments.is_null() & _present(column)).sum())}
        if strategy == "drop_row":
            counts["missing_dropped"] = missing
        keep = None
        fill = _stand_in(preprocessing) if strategy == "fill_with_const" else None
        moments, keep = fill_missing(moments, strategy, fill)
        return Encoded(_parts(moments, facts), keep=keep, counts=counts)


def _present(column: pl.Series) -> pl.Series:
    return as_labels(column).is_not_null()


def _figures(moments: pl.Series) -> dict[str, Any]:
    days = _days(moments).drop_nulls().to_numpy()
    return {"count": len(days), "missing": len(moments) - len(days), **moments_of(days)}


def _days(moments: pl.Series) -> pl.Series:
    """Return days since 2000 as float64: small numbers keep their decimals."""
    return (moments - _START).dt.total_seconds() / _SECONDS


def _parts(moments: pl.Series, facts: Facts) -> np.ndarray:
    moment = pl.col("moment")
    second_of_day = moment.dt.hour().cast(pl.Int64) * 3600 + moment.dt.minute().cast(pl.Int64) * 60 + moment.dt.second()
    table = moments.alias("moment").to_frame()
    parts = table.select(
        time=(_days(moments) - facts["mean"]) / (facts["std"] or 1.0),
        month=moment.dt.month(),
        day=moment.dt.day(),
        weekday=moment.dt.weekday(),
        yearday=moment.dt.ordinal_day(),
        hour=moment.dt.hour().cast(pl.Int64) + 1,
        minute=moment.dt.minute().cast(pl.Int64) + 1,
        second=moment.dt.second().cast(pl.Int64) + 1,
        second_of_day=second_of_day + 1,
    )
    return parts.select(pl.all().cast(pl.Float32).fill_null(0.0)).to_numpy()


def _stand_in(preprocessing: Values) -> datetime | None:
    """Return the date that stands in for a missing one, or None for the mark; what is no date is a `UserProblem`."""
    text = preprocessing["fill_value"]
    if not text:
        return None
    moment = read_moments(pl.Series([text]), FORMS, preprocessing["datetime_format"])[0]
    if moment is None:
        raise UserProblem("bad-fill-value", f"fill_value must be a date that can be read; got {text!r}.")
    return moment


INPUT = Component(
    kind="input",
    name="date",
    doc="A day, with or without a time of day, such as a date of birth or the time of an order.",
    build=InputDate,
    preprocessing=InputDatePreprocessing,
    preprocessing_rules=(Rule("ignored-unless", "fill_value", "missing_value_strategy", ("fill_with_const",)),),
    facts={"default_encoder": "embed"},
)

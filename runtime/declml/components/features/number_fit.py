"""What the training rows of a number column teach: moments, ranks, the bounds of outliers, and a scale."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from declml.contracts import Facts, Summary, Values
from declml.errors import UserProblem


def needs_histogram(preprocessing: Values) -> bool:
    """Return whether the fit asks for ranks or modes, which moments cannot give."""
    strategies = {preprocessing["missing_value_strategy"], preprocessing["outlier_strategy"]}
    return (
        preprocessing["normalization"] == "iq"
        or preprocessing["outlier_strategy"] is not None
        or "fill_with_mode" in strategies
    )


def bounded(value: float) -> float:
    """Return the nearest finite number: sums of squares of huge values overflow, and JSON has no infinity."""
    largest = np.finfo(np.float64).max
    return float(min(max(value, -largest), largest))


def moments_of(values: np.ndarray, counts: np.ndarray | None = None) -> dict[str, float]:
    """Return mean, sum of squared deviations, min and max of ``(value,)``, each value counted ``counts`` times."""
    if not len(values):
        return {"mean": 0.0, "m2": 0.0, "min": 0.0, "max": 0.0}
    low, high = float(values.min()), float(values.max())
    with np.errstate(over="ignore"):
        scale = max(abs(low), abs(high), 1.0)
        mean = float(np.average(values / scale, weights=counts)) * scale
        squares = (values - mean) ** 2
        m2 = bounded(float(squares.sum() if counts is None else (squares * counts).sum()))
    return {"mean": min(max(mean, low), high), "m2": m2, "min": low, "max": high}


def fit_numbers(summary: Summary, preprocessing: Values) -> Facts:
    """Return the facts of a number column: moments without outliers, stand-ins, and ``shift`` and ``scale``."""
    count = summary["count"]
    moments = {name: summary[name] for name in ("mean", "m2", "min", "max")}
    facts: dict[str, Any] = {"missing": summary["missing"]}
    distinct = np.array(summary.get("values", []), dtype=np.float64)
    counts = np.array(summary.get("counts", []), dtype=np.int64)
    if preprocessing["outlier_strategy"] is not None and count:
        reach = preprocessing["outlier_threshold"] * math.sqrt(moments["m2"] / count)
        facts["low"], facts["high"] = bounded(moments["mean"] - reach), bounded(moments["mean"] + reach)
        inside = (distinct >= facts["low"]) & (distinct <= facts["high"])
        facts["outliers"] = int(counts[~inside].sum())
        distinct, counts = distinct[inside], counts[inside]
        count = int(counts.sum())
        moments = moments_of(distinct, counts)
    std = math.sqrt(moments["m2"] / count) if count else 0.0
    facts.update(count=count, mean=moments["mean"], std=std, min=moments["min"], max=moments["max"])
    if len(distinct):
        facts["mode"] = float(distinct[int(counts.argmax())])  # the smallest of equals
        facts["quartiles"] = [_quantile(distinct, counts, share) for share in (0.25, 0.5, 0.75)]
    facts["fill"] = _stand_in(preprocessing["missing_value_strategy"], facts, preprocessing)
    facts["outlier_fill"] = _stand_in(preprocessing["outlier_strategy"], facts, preprocessing)
    facts["shift"], facts["scale"] = _scaling(facts, preprocessing["normalization"])
    return facts


def _quantile(distinct: np.ndarray, counts: np.ndarray, share: float) -> float:
    """Return a quantile of the values behind a histogram, interpolated between neighbours as `numpy.quantile` does."""
    ends = np.cumsum(counts)
    place = share * (int(ends[-1]) - 1)
    below, above = (
        distinct[int(np.searchsorted(ends, step, side="right"))] for step in (math.floor(place), math.ceil(place))
    )
    weight = place - math.floor(place)
    return float(below * (1 - weight) + above * weight)


def _stand_in(strategy: str | None, facts: Facts, preprocessing: Values) -> float:
    if strategy == "fill_with_const":
        value = float(preprocessing["fill_value"])
        if preprocessing["normalization"] == "log1p" and value <= -1:
            raise UserProblem("outside-log1p", f"fill_value must be > -1 for the normalization log1p; got {value:g}.")
        return value
    if strategy == "fill_with_mode":
        return facts.get("mode", 0.0)
    # bfill and ffill fall back on the mean where there is no neighbour, as for a single row in serving.
    return facts["mean"]


def _scaling(facts: Facts, normalization: str | None) -> tuple[float, float]:
    """Return shift and scale of ``(x - shift) / scale``; a column that does not vary is only shifted."""
    shift, scale = 0.0, 1.0
    if normalization == "zscore":
        shift, scale = facts["mean"], facts["std"]
    elif normalization == "minmax":
        shift, scale = facts["min"], bounded(facts["max"] - facts["min"])
    elif normalization == "iq" and "quartiles" in facts:
        first, shift, third = facts["quartiles"]
        scale = bounded(third - first)
    # A deviation that is only rounding would blow a constant column up.
    negligible = abs(shift) * 1e-15
    return shift, (scale if scale > negligible and scale > 0 else 1.0)

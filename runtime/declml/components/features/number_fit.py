"""What the training rows of a number column teach: moments, ranks, the bounds of outliers, and a scale."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Any

import numpy as np

from declml.contracts import Facts, Summary, Values
from declml.errors import UserProblem


def needs_histogram(preprocessing: Values) -> bool:
    """Return whether the fit asks for ranks or modes, which moments cannot give."""
    strategies = {preprocessing["missing_value_strategy"], preprocessing["outlier_strategy"]}
    return (
        preprocessing["normalization"] in ("iq", "robust", "quantile")
        or preprocessing["outlier_strategy"] is not None
        or "fill_with_mode" in strategies
        or "bins" in preprocessing
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
        facts["quartiles"] = quantiles(distinct, counts, np.array([0.25, 0.5, 0.75])).tolist()
    facts["fill"] = _stand_in(preprocessing["missing_value_strategy"], facts, preprocessing)
    facts["outlier_fill"] = _stand_in(preprocessing["outlier_strategy"], facts, preprocessing)
    facts["shift"], facts["scale"] = _scaling(facts, preprocessing["normalization"])
    if preprocessing["normalization"] == "quantile" and len(distinct):
        facts["landmarks"], facts["scores"] = _landmarks(distinct, counts)
    if "bins" in preprocessing:
        # An encoder asked for the bounds of bins: on the scale that it sees.
        bounds = _bin_bounds(distinct, counts, preprocessing["bins"])
        facts["edges"] = np.unique(scaled(bounds, facts, preprocessing)).tolist()
    return facts


def _bin_bounds(distinct: np.ndarray, counts: np.ndarray, bins: int) -> np.ndarray:
    """Return the bounds of at most so many bins, ``(bin + 1,)`` in the column's unit, in rising order.

    Bins have equally many rows, but a value that more rows share than a bin has counts as one bin full: where most
    rows say 0, the others still get nearly all of the bins.
    """
    if len(distinct) <= bins + 1:
        return distinct
    most = int(counts.max())
    while (fair := max(1, math.ceil(np.minimum(counts, most).sum() / bins))) < most:
        most = fair
    return np.unique(quantiles(distinct, np.minimum(counts, most), np.linspace(0.0, 1.0, bins + 1)))


def quantiles(distinct: np.ndarray, counts: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Return quantiles of the values behind a histogram, interpolated between neighbours as `numpy.quantile` does.

    ``distinct`` ``(value,)`` in rising order, ``counts`` ``(value,)`` and ``shares`` ``(share,)`` from 0 to 1 ->
    ``(share,)`` float64.
    """
    ends = np.cumsum(counts)
    places = shares * (int(ends[-1]) - 1)
    below = distinct[np.searchsorted(ends, np.floor(places), side="right")]
    above = distinct[np.searchsorted(ends, np.ceil(places), side="right")]
    weights = places - np.floor(places)
    return below * (1 - weights) + above * weights


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
    elif normalization in ("iq", "robust") and "quartiles" in facts:
        first, shift, third = facts["quartiles"]
        scale = bounded(third - first)
        if normalization == "robust" and not scale > abs(shift) * _ROUNDING:
            # Most rows share one value: what varies is in the other rows.
            scale = bounded(facts["max"] - facts["min"]) / 2
    # A deviation that is only rounding would blow a constant column up.
    negligible = abs(shift) * _ROUNDING
    return shift, (scale if scale > negligible and scale > 0 else 1.0)


_ROUNDING = 1e-15
_MOST_LANDMARKS = 1000


def _landmarks(distinct: np.ndarray, counts: np.ndarray) -> tuple[list[float], list[float]]:
    """Return values in rising order and the score of each: where it would lie if the column were standard normal.

    The ends lie where those of a normal sample of as many rows are expected, at the shares 0.5 / n and 1 - 0.5 / n. A
    value that many rows share lies in the middle of their shares.
    """
    rows = int(counts.sum())
    shares = np.linspace(0.0, 1.0, min(rows, _MOST_LANDMARKS))
    values, places = np.unique(quantiles(distinct, counts, shares), return_inverse=True)
    shares = np.bincount(places, weights=np.clip(shares, 0.5 / rows, 1 - 0.5 / rows)) / np.bincount(places)
    normal = NormalDist()
    return values.tolist(), [normal.inv_cdf(share) for share in shares.tolist()]


# --- to the scale of a model and back ---------------------------------------------------------------------------------


def scaled(values: np.ndarray, facts: Facts, preprocessing: Values) -> np.ndarray:
    """Return values in the column's unit, ``(value,)`` float64, as a model sees them: ``(value,)`` float32, finite."""
    if preprocessing["normalization"] == "log1p":
        seen = np.log1p(values)
    elif "landmarks" in facts:
        seen = _along(values, facts["landmarks"], facts["scores"])
    else:
        seen = (values - facts["shift"]) / facts["scale"]
    limit = np.finfo(np.float32).max
    return np.clip(seen, -limit, limit).astype(np.float32)


def unscaled(values: np.ndarray, facts: Facts, preprocessing: Values) -> np.ndarray:
    """Return what `scaled` was given, ``(value,)`` float64, but for the rounding to float32."""
    wide = np.asarray(values, dtype=np.float64)
    if preprocessing["normalization"] == "log1p":
        # exp of a wild answer overflows: the largest float keeps metrics finite.
        return np.expm1(np.minimum(wide, 709.0))
    if "landmarks" in facts:
        return _along(wide, facts["scores"], facts["landmarks"])
    return wide * facts["scale"] + facts["shift"]


def _along(values: np.ndarray, start: list[float], end: list[float]) -> np.ndarray:
    """Return values moved along the line through the points ``(start, end)``, which goes on straight outside of them.

    Outside, the line has the mean slope of the whole, so that a value beyond the training rows stays apart from their
    ends, and going back is exact there too.
    """
    largest = np.finfo(np.float64).max
    # A quarter of everything: differences of the largest numbers are finite.
    here, sources, goals = np.asarray(values) / 4, np.array(start) / 4, np.array(end) / 4
    low, high = sources[0], sources[-1]
    with np.errstate(over="ignore"):
        slope = min((goals[-1] - goals[0]) / (high - low), largest) if high > low else 1.0
        answer = np.interp(here, sources, goals) + (here - np.clip(here, low, high)) * slope
        return np.clip(answer * 4, -largest, largest)

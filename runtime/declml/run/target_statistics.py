"""The encoder that looks at the targets: its inputs' arrays are made once the arrays of all outputs are there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from declml.contracts import Encoded, Facts
from declml.data.cache import Cache
from declml.data.fit import Fitted
from declml.data.split import Sides
from declml.data.target_statistics import Statistics, Target, fit_statistics
from declml.data.transform import EncodedColumn
from declml.errors import UserProblem
from declml.seeds import derive_seed
from declml_schema.content import content_hash
from declml_schema.plan import OutputFeature, Plan

if TYPE_CHECKING:
    from declml.run.prepare import FeatureData

_ASKED = "target_statistics"
_VERSION = 1


def with_target_statistics(
    plan: Plan, cache: Cache, sides: Sides, data: Mapping[str, FeatureData]
) -> dict[str, FeatureData]:
    """Return the features with the arrays and facts of those whose encoder asks for the statistics of the targets.

    Their key has those of all outputs in it, and the split: another target or another side of a row makes them anew.
    A tied feature takes the statistics of the one whose encoder it uses.
    """
    answer = dict(data)
    asking = [each for each in data.values() if each.role == "input" and asks(each.fitting.preprocessing)]
    outputs = [each for each in data.values() if each.role == "output" and each.encoded.encoded.offsets is None]
    if asking and not outputs:
        raise UserProblem(
            "target-statistics",
            "The encoder target needs an output with one value a row, such as a number or a category; got none.",
            path=f"input_features[{asking[0].name}].encoder.type",
        )
    ties = {each.name: each.tied for each in plan.inputs}
    for feature in asking:
        owner = data[_end_of_ties(feature.name, ties)]
        answer[feature.name] = _with_statistics(plan, cache, sides, feature, owner, outputs)
    return answer


def asks(preprocessing: Mapping[str, Any]) -> bool:
    """Return whether the encoder behind this preprocessing looks at the targets."""
    return bool(preprocessing.get(_ASKED))


def statistics_width(outputs: Sequence[OutputFeature], facts: Mapping[str, Facts]) -> int:
    """Return how many statistics a label has, from the facts of the outputs alone."""
    width = 0
    for output in outputs:
        own = facts[output.name]
        classes = own.get("classes", ()) if output.type != "binary" else ()
        items = len(own["vocabulary"]) if output.type == "set" else int(own.get("vector_size", 1))
        width += (1 if output.type == "category" and len(classes) == 2 else len(classes)) if classes else items
    return width


def _end_of_ties(name: str, ties: Mapping[str, str | None]) -> str:
    tied = ties[name]
    return name if tied is None else _end_of_ties(tied, ties)


def _with_statistics(
    plan: Plan, cache: Cache, sides: Sides, feature: FeatureData, owner: FeatureData, outputs: Sequence[FeatureData]
) -> FeatureData:
    asked = feature.fitting.preprocessing
    seed = derive_seed(plan.trainer["seed"], "target_statistics")
    fit_key = content_hash(
        {
            "target_statistics": _VERSION,
            "owner": owner.encoded.key,
            "outputs": {each.name: each.encoded.key for each in outputs},
            "sides": sides.key,
            "seed": seed,
            "folds": asked["folds"],
            "smoothing": asked["smoothing"],
        }
    )
    key = content_hash({"statistics": fit_key, "column": feature.encoded.key})

    def write(folder: Path) -> dict[str, Any]:
        statistics = _fit(sides, owner, outputs, folds=asked["folds"], smoothing=asked["smoothing"], seed=seed)
        np.save(folder / "values.npy", statistics.of(feature.encoded.encoded.values))
        return {"statistics": statistics.means.tolist(), "statistics_width": statistics.means.shape[1]}

    entry = cache.get_or_put("targets", key, write)
    before = feature.encoded.encoded
    encoded = Encoded(np.load(entry.path / "values.npy", mmap_mode="r"), keep=before.keep, counts=before.counts)
    return replace(
        feature,
        fitted=Fitted(fit_key, {**feature.facts, **entry.facts}, entry.cached, entry.reason),
        encoded=EncodedColumn(key, encoded, entry.cached, entry.reason),
    )


def _fit(
    sides: Sides, owner: FeatureData, outputs: Sequence[FeatureData], *, folds: int, smoothing: float, seed: int
) -> Statistics:
    is_training = np.asarray(sides.sides) == 0
    for each in (owner, *outputs):
        if each.encoded.encoded.keep is not None:
            is_training &= each.encoded.encoded.keep
    return fit_statistics(
        owner.encoded.encoded.values,
        len(owner.facts["vocabulary"]),
        [_target(each) for each in outputs],
        np.flatnonzero(is_training),
        folds=folds,
        smoothing=smoothing,
        seed=seed,
    )


def _target(output: FeatureData) -> Target:
    values = output.encoded.encoded.values
    return Target(values, len(output.facts["classes"]) if values.dtype.kind in "iu" else None)

"""What a row of each class weighs: read from a list in the order of the vocabulary, or from a mapping by name."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from declml.errors import UserProblem

ClassWeights: TypeAlias = list[float] | dict[str, float] | None
CLASS_WEIGHTS_DOC = (
    "What a row of each class weighs: one number per class in the order of the vocabulary, or a mapping from class "
    "to number; larger finds more of a rare class at the cost of false alarms. `null` weighs all alike."
)


def per_class(weights: Sequence[float] | Mapping[str, float], classes: Sequence[str]) -> list[float]:
    """Return one weight per class in the order of the vocabulary, or say which classes do not fit."""
    if not isinstance(weights, Mapping):
        if len(weights) != len(classes):
            raise UserProblem(
                "class-weights-mismatch",
                f"class_weights must have one number for each of the {len(classes)} classes; got {len(weights)}.",
                hint=f"The classes, in order, are {_listed(classes)}.",
            )
        values = [float(each) for each in weights]
    else:
        unknown = [name for name in weights if str(name) not in classes]
        missing = [name for name in classes if name not in weights]
        if unknown or missing:
            what = f"the unknown {_listed(unknown)}" if unknown else f"none for {_listed(missing)}"
            raise UserProblem(
                "class-weights-mismatch",
                f"class_weights must have a number for each class and no other name; got {what}.",
                hint=f"The classes, in order, are {_listed(classes)}.",
            )
        values = [float(weights[name]) for name in classes]
    if any(not math.isfinite(value) or value < 0 for value in values) or not any(values):
        raise UserProblem(
            "class-weights-mismatch", f"class_weights must be numbers >= 0, not all of them 0; got {values}."
        )
    return values


def _listed(names: Sequence[str], limit: int = 20) -> str:
    shown = ", ".join(f"'{name}'" for name in names[:limit])
    return f"{shown} and {len(names) - limit} more" if len(names) > limit else shown

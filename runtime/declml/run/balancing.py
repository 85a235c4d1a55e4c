"""Which rows train when ``preprocessing`` asks for balanced classes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from declml.data.balance import oversampled, undersampled
from declml.errors import UserProblem
from declml_schema.plan import Values

_BALANCING = {"oversample_minority": oversampled, "undersample_majority": undersampled}


def balanced(
    preprocessing: Values, outputs: Sequence[tuple[str, str, np.ndarray]], rows: np.ndarray, *, seed: int
) -> tuple[np.ndarray, dict[str, int]]:
    """Return the training rows with their classes balanced as asked, and by how many rows they grew, by what asked.

    ``outputs`` are name, type and encoded targets ``(row,)`` of each output; any but one output of classes is a
    `UserProblem`.
    """
    asked = {name: preprocessing.get(name) for name in _BALANCING}
    name, ratio = next(((name, ratio) for name, ratio in asked.items() if ratio is not None), ("", None))
    if ratio is None or not len(rows):
        return rows, {}
    if len(outputs) != 1 or outputs[0][1] not in ("binary", "category"):
        told = ", ".join(f"{output} ({kind})" for output, kind, _ in outputs)
        raise UserProblem(
            "unbalanced-output",
            f"{name} must go with one output of classes: binary or category; got {told}.",
            path=f"preprocessing.{name}",
        )
    chosen = _BALANCING[name](np.asarray(outputs[0][2]), rows, ratio=ratio, seed=seed)
    return chosen, {name: len(chosen) - len(rows)}

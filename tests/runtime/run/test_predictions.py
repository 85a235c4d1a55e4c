"""The table of predictions keeps every column, whatever the outputs are called."""

from __future__ import annotations

import numpy as np
import polars as pl

from declml.run.predictions import with_truth
from declml_schema.check import check


def test_outputs_whose_names_collide_lose_no_column() -> None:
    names = ("row", "y", "y_predictions")
    outputs = "".join(f"  - {{name: {name}, type: number}}\n" for name in names)
    plan = check(f"input_features: [{{name: a, type: number}}]\noutput_features:\n{outputs}").plan
    assert plan is not None
    table = pl.DataFrame({name: [float(place), 0.0] for place, name in enumerate(names)})
    answers = pl.DataFrame({f"{name}_predictions": [9.0] for name in names})
    kept = with_truth(answers, plan, table, np.array([0]))
    assert kept.row(0, named=True) == {
        "row": 0, "row_": 0.0, "y": 1.0, "y_predictions_": 2.0,
        "row_predictions": 9.0, "y_predictions": 9.0, "y_predictions_predictions": 9.0,
    }  # fmt: skip

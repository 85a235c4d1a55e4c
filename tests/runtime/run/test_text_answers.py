"""Answers to texts of many lengths come back in the order of the rows, whatever they were computed beside."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from declml.contracts import Encoded, Model
from declml.data.fit import Fitting, fit_series
from declml.evaluation.evaluate import OutputSpec, predict
from declml.run.batches import batches_of
from declml.run.components import Components
from declml.run.network import blueprint
from declml_schema.check import check

CONFIG = """\
input_features:
  - {name: note, type: text, preprocessing: {tokenizer: space}, encoder: {type: %s, embedding_size: 8}}
  - {name: size, type: number, encoder: passthrough}
output_features: [{name: price, type: number}]
"""


def answers(encoder: str, *, batch_size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the answers to 60 rows in batches of that size, and those to each row alone."""
    plan = check(CONFIG % encoder).plan
    assert plan is not None
    random = np.random.default_rng(3)
    notes = [" ".join(random.choice(list("abcdefgh"), length)) for length in random.integers(0, 50, 60)]
    table = pl.DataFrame({"note": notes, "size": random.normal(size=60), "price": random.normal(size=60)})
    components = Components()
    facts: dict[str, Any] = {}
    encoded: dict[str, Encoded] = {}
    for feature in (*plan.inputs, *plan.outputs):
        role = "output" if feature.name == "price" else "input"
        operation = components.build(role, feature.type)()
        fitting = Fitting(f"{role}.{feature.type}", operation, feature.preprocessing)
        facts[feature.name] = fit_series(table[feature.name], fitting)
        encoded[feature.name] = operation.encode(table[feature.name], facts[feature.name], feature.preprocessing)
    built = blueprint(plan, facts, components)
    model = Model(built.build(1), {})
    spec = OutputSpec("price", {}, np.asarray, np.asarray)

    def predicted(rows: np.ndarray, size: int) -> np.ndarray:
        batches = batches_of(built.groups, encoded, {"price": encoded["price"]}, rows, device="cpu")
        made = predict(model, batches, [spec], batch_size=size).outputs["price"]
        assert np.array_equal(made.encoded.numpy(), encoded["price"].values[rows])
        return made.raw.numpy()

    alone = np.concatenate([predicted(np.array([row]), 1) for row in range(60)])
    return predicted(np.arange(60), batch_size), alone


@pytest.mark.parametrize("encoder", ["parallel_cnn", "rnn", "lstm", "gru", "embed"])
@pytest.mark.parametrize("batch_size", [7, 60])
def test_answers_come_in_the_order_of_the_rows_and_do_not_depend_on_their_neighbours(
    encoder: str, batch_size: int
) -> None:
    together, alone = answers(encoder, batch_size=batch_size)
    np.testing.assert_allclose(together, alone, atol=2e-6)
    assert np.array_equal(together, answers(encoder, batch_size=batch_size)[0])
    assert len(np.unique(together.round(4))) > 50

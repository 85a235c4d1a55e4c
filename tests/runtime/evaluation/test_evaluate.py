"""Evaluation: scores over all rows at once, whatever the batch size, and nothing of the training disturbed."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from declml.components.losses.binary_weighted_cross_entropy import BinaryWeightedCrossEntropy
from declml.components.losses.root_mean_squared_error import RootMeanSquaredError
from declml.components.losses.softmax_cross_entropy import SoftmaxCrossEntropy
from declml.components.metrics.accuracy import build_binary_accuracy, build_category_accuracy
from declml.components.metrics.r2 import build_r2
from declml.contracts import Decides, Model
from declml.data.batches import InMemoryBatches, dense_group
from declml.evaluation.confusion import confusion
from declml.evaluation.evaluate import OutputSpec, evaluate
from declml.evaluation.slices import score_slices

CLASSES = ["a", "b", "c"]


class Heads(nn.Module):
    """Reads its answers off the inputs, and would differ between training and evaluation."""

    def __init__(self) -> None:
        super().__init__()
        self.noise = nn.Dropout(0.9)
        self.steady = nn.BatchNorm1d(5, affine=False, momentum=1.0)

    def forward(self, groups: Any) -> dict[str, Tensor]:
        x = self.noise(self.steady(groups[0][0]))
        return {"price": x[:, 0], "sold": x[:, 1], "kind": x[:, 2:]}


def make(rows: int) -> tuple[Model, InMemoryBatches, list[OutputSpec], np.ndarray]:
    generator = np.random.default_rng(rows)
    table = generator.normal(size=(rows, 5)).astype(np.float32)
    targets = {
        "price": torch.from_numpy((table[:, 0] + generator.normal(size=rows)).astype(np.float32)),
        "sold": torch.from_numpy((generator.random(rows) < 0.4).astype(np.float32)),
        "kind": torch.from_numpy(generator.integers(0, 3, rows)),
    }
    losses: Any = {
        "price": (RootMeanSquaredError({}), 2.0),
        "sold": (BinaryWeightedCrossEntropy({}, positive_class_weight=3.0), 1.0),
        "kind": (SoftmaxCrossEntropy({"classes": CLASSES}, class_weights=[1.0, 5.0, 0.5]), 0.5),
    }
    specs = [
        OutputSpec("price", {"r2": build_r2()}, lambda a: a * 10.0 + 3.0, lambda t: t * 10.0 + 3.0),
        OutputSpec("sold", {"accuracy": build_binary_accuracy()}, lambda a: 1 / (1 + np.exp(-a)), lambda t: t),
        OutputSpec("kind", {"accuracy": build_category_accuracy()}, softmax, lambda t: t),
    ]
    return Model(Heads(), losses), InMemoryBatches([dense_group([table], np.arange(rows))], targets), specs, table


def softmax(logits: np.ndarray) -> np.ndarray:
    return torch.from_numpy(logits).softmax(dim=1).numpy()


def test_scores_do_not_depend_on_the_batch_size() -> None:
    model, batches, specs, _ = make(101)
    whole, predictions = evaluate(model, batches, specs, batch_size=101)
    assert predictions.rows == 101
    assert list(whole.values) == ["combined", "price", "sold", "kind"]
    for size in (1, 7, 100, 1000):
        assert evaluate(model, batches, specs, batch_size=size)[0].values == whole.values


def test_losses_are_those_of_all_rows_together_and_metrics_are_in_real_units() -> None:
    model, batches, specs, table = make(50)
    scores, predictions = evaluate(model, batches, specs, batch_size=8)
    x = torch.from_numpy(table).double() / math.sqrt(1 + 1e-5)  # evaluation mode: running mean 0 and variance 1
    targets = next(iter(batches.epoch(50, seed=None))).targets
    expected = {
        "price": torch.nn.functional.mse_loss(x[:, 0], targets["price"].double()).sqrt(),
        "sold": torch.nn.functional.binary_cross_entropy_with_logits(
            x[:, 1], targets["sold"].double(), pos_weight=torch.tensor(3.0)
        ),
        "kind": torch.nn.functional.cross_entropy(
            x[:, 2:], targets["kind"], weight=torch.tensor([1.0, 5.0, 0.5]).double()
        ),
    }
    for name, value in expected.items():
        assert scores.values[name]["loss"] == pytest.approx(float(value), rel=1e-5)
    combined = 2.0 * expected["price"] + expected["sold"] + 0.5 * expected["kind"]
    assert scores.values["combined"]["loss"] == pytest.approx(float(combined), rel=1e-5)
    price = predictions.outputs["price"]
    torch.testing.assert_close(price.scores, price.raw * 10 + 3)
    torch.testing.assert_close(price.targets, targets["price"] * 10 + 3)


def test_training_is_not_disturbed() -> None:
    model, batches, specs, _ = make(40)
    model.module.train()
    model.module.get_submodule("steady").eval()
    buffers = {name: tensor.clone() for name, tensor in model.module.named_buffers()}
    random_state = torch.get_rng_state()
    _, predictions = evaluate(model, batches, specs, batch_size=8)
    assert torch.equal(torch.get_rng_state(), random_state)
    assert model.module.training
    assert model.module.get_submodule("noise").training
    assert not model.module.get_submodule("steady").training
    for name, tensor in model.module.named_buffers():
        assert torch.equal(tensor, buffers[name])
    assert not predictions.outputs["price"].raw.requires_grad


def test_a_module_that_fails_is_back_in_its_mode() -> None:
    model, batches, specs, _ = make(10)
    model.module.train()
    broken = OutputSpec("absent", {}, np.asarray, np.asarray)
    with pytest.raises(KeyError):
        evaluate(model, batches, [*specs, broken], batch_size=4)
    assert model.module.training


def test_without_rows_every_score_is_nan() -> None:
    model, batches, specs, _ = make(0)
    scores, predictions = evaluate(model, batches, specs, batch_size=4)
    assert predictions.rows == 0
    assert set(scores.values) == {"combined", "price", "sold", "kind"}
    assert all(math.isnan(value) for each in scores.values.values() for value in each.values())


def test_sixteen_bits_answer_nearly_the_same() -> None:
    model, batches, specs, _ = make(60)
    full, _ = evaluate(model, batches, specs, batch_size=16)
    half, predictions = evaluate(model, batches, specs, batch_size=16, dtype=torch.bfloat16)
    assert predictions.outputs["kind"].raw.dtype == torch.float32
    assert half.values["kind"]["loss"] == pytest.approx(full.values["kind"]["loss"], rel=0.05)


@pytest.mark.parametrize(
    ("decides", "order"),
    [
        (Decides("sold", "accuracy", "maximize"), ["bad", "all", "good", "none"]),
        (Decides("price", "loss", "minimize"), None),
    ],
)
def test_the_worst_slice_comes_first(decides: Decides, order: list[str] | None) -> None:
    model, batches, specs, _ = make(80)
    scores, predictions = evaluate(model, batches, specs, batch_size=16)
    sold = predictions.outputs["sold"]
    right = ((sold.scores >= 0.5) == (sold.targets > 0.5)).numpy()
    slices = {"good": right, "none": np.zeros(80, bool), "all": np.ones(80, bool), "bad": ~right}
    scored = score_slices(predictions, specs, model, slices, decides)
    if order is not None:
        assert [each.name for each in scored] == order
        assert [each.values["sold"]["accuracy"] for each in scored[:3]] == [0.0, right.mean(), 1.0]
    else:
        losses = [each.values["price"]["loss"] for each in scored[:3]]
        assert losses == sorted(losses, reverse=True)
    assert scored[-1].name == "none"
    assert scored[-1].rows == 0
    whole = next(each for each in scored if each.name == "all")
    assert whole.values == scores.values
    assert whole.as_json()["rows"] == 80


def test_confusion_counts_true_rows_against_answered_columns() -> None:
    probabilities = torch.tensor([[0.9, 0.1, 0.0], [0.2, 0.3, 0.5], [0.1, 0.8, 0.1], [0.6, 0.3, 0.1]])
    counts = confusion(probabilities, torch.tensor([0, 1, 1, 2]), CLASSES)
    assert counts.as_json() == {"classes": CLASSES, "counts": [[1, 0, 0], [0, 1, 1], [1, 0, 0]]}
    binary = confusion(torch.tensor([0.1, 0.4, 0.7]), torch.tensor([0.0, 1.0, 1.0]), ["no", "yes"], threshold=0.4)
    assert binary.counts == ((1, 0), (0, 2))
    assert confusion(torch.zeros(0, 3), torch.zeros(0, dtype=torch.int64), CLASSES).counts == ((0, 0, 0),) * 3

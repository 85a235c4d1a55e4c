"""Uncertainty by dropout: zero where nothing is dropped, the same each time, and no trace in model or chance."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from declml.components.decoders.projector import Projector, ProjectorParameters
from declml.components.dropout import Dropout
from declml.components.features.category import OutputCategory
from declml.contracts import Model
from declml.data.batches import InMemoryBatches, dense_group, target_tensor
from declml.errors import UserProblem
from declml.evaluation.dropout_samples import drops, spread
from declml.evaluation.evaluate import OutputSpec, predict

CLASSES = {"classes": ["a", "b", "c"]}


class Net(nn.Module):
    """A layer with dropout and batch statistics, and a head for a category or a binary."""

    def __init__(self, dropout: nn.Module, answers: int) -> None:
        super().__init__()
        torch.manual_seed(3)
        self.body = nn.Sequential(nn.Linear(4, 16), nn.BatchNorm1d(16), dropout)
        self.head = nn.Linear(16, answers)

    def forward(self, groups: Any) -> dict[str, Tensor]:
        answers = self.head(self.body(groups[0][0]))
        return {"kind": answers.squeeze(-1) if answers.shape[1] == 1 else answers}


def batches() -> InMemoryBatches:
    table = np.random.default_rng(0).normal(size=(30, 4)).astype(np.float32)
    rows = np.arange(30)
    return InMemoryBatches([dense_group([table], rows)], {"kind": target_tensor(rows.astype(np.int32) % 3, rows)})


def spec(answers: int) -> OutputSpec:
    def of_classes(raw: np.ndarray) -> np.ndarray:
        return OutputCategory().scores(raw, CLASSES, {}, {})

    def of_one(raw: np.ndarray) -> np.ndarray:
        return 1 / (1 + np.exp(-raw.astype(np.float64)))

    return OutputSpec("kind", {}, of_classes if answers == 3 else of_one, np.asarray)


def measured(module: nn.Module, answers: int, *, samples: int = 40, seed: int = 1) -> np.ndarray:
    model = Model(module, {})
    plain = predict(model, batches(), [spec(answers)], batch_size=7)
    return spread(model, batches(), spec(answers), plain, samples=samples, batch_size=7, seed=seed)


@pytest.mark.parametrize("answers", [1, 3])
@pytest.mark.parametrize("dropout", [nn.Dropout, Dropout])
def test_the_spread_is_that_of_passes_with_dropout_alone(dropout: Any, answers: int) -> None:
    module = Net(dropout(0.4), answers)
    assert drops(module)
    module.train()
    before = {name: each.clone() for name, each in module.state_dict().items()}
    torch.manual_seed(9)
    first = measured(module, answers)
    assert first.shape == (30,) and (first > 0).all() and (first < 0.5).all()
    # Neither the running figures of the batch norm, nor its mode, nor the caller's chance have moved.
    assert all(torch.equal(each, before[name]) for name, each in module.state_dict().items())
    assert all(part.training for part in module.modules())
    drawn = torch.rand(1)
    torch.manual_seed(9)
    assert torch.equal(drawn, torch.rand(1))
    assert np.array_equal(first, measured(module, answers))
    assert not np.array_equal(first, measured(module, answers, seed=2))


def test_more_dropout_spreads_more_and_none_not_at_all() -> None:
    assert measured(Net(Dropout(0.6), 3), 3).mean() > measured(Net(Dropout(0.05), 3), 3).mean() > 0
    none = Net(Dropout(0.0), 3)
    assert not drops(none)
    assert measured(none, 3).max() == pytest.approx(0, abs=1e-7)


def test_a_projector_of_another_size_than_the_vectors_is_a_problem() -> None:
    facts = {"vector_size": 3}
    Projector(5, facts, **ProjectorParameters(output_size=3).model_dump())
    with pytest.raises(UserProblem, match="output_size must be null or the 3 numbers"):
        Projector(5, facts, **ProjectorParameters(output_size=4).model_dump())

"""A tiny but whole training, for the tests of this folder: real batches, dropout, two outputs, a real folder."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from declml.components.losses.mean_squared_error import MeanSquaredError
from declml.components.losses.softmax_cross_entropy import SoftmaxCrossEntropy
from declml.components.optimizers.adam import build_adam
from declml.components.schedules.cosine import build_cosine
from declml.contracts import Decides, Model, Optimizer, Scores
from declml.data.batches import InMemoryBatches, dense_group, target_tensor
from declml.evaluation.evaluate import OutputSpec, evaluate
from declml.training.gradients import Clipping
from declml.training.loop import train
from declml.training.schedule import Plateau, count_steps, warm_up, warmup_steps
from declml.training.settings import Hooks, Outcome, Settings

ROWS, FEATURES, BATCH = 64, 4, 10
CLASSES = ["a", "b", "c"]


class Net(nn.Module):
    """Two small heads over a layer with dropout and batch statistics."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(FEATURES, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.3))
        self.number = nn.Linear(8, 1)
        self.kind = nn.Linear(8, len(CLASSES))
        self.frozen = nn.Linear(FEATURES, FEATURES)
        self.frozen.requires_grad_(False)

    def forward(self, groups: Any) -> dict[str, Tensor]:
        hidden = self.body(self.frozen(groups[0][0]))
        return {"number": self.number(hidden)[:, 0], "kind": self.kind(hidden)}


class Recorder:
    """Takes events in order."""

    def __init__(self) -> None:
        self.events: list[tuple[str, dict[str, Any]]] = []

    def __call__(self, kind: str, **fields: Any) -> None:
        self.events.append((kind, fields))

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [fields for each, fields in self.events if each == kind]


def never() -> bool:
    return False


def make_batches(seed: int = 0, rows: int = ROWS) -> InMemoryBatches:
    generator = np.random.default_rng(seed)
    table = generator.normal(size=(rows, FEATURES)).astype(np.float32)
    number = table @ np.array([1.0, -2.0, 0.5, 0.0], dtype=np.float32)
    kind = np.digitize(number, [-1, 1]).astype(np.int32)
    everything = np.arange(rows)
    return InMemoryBatches(
        [dense_group([table], everything)],
        {"number": target_tensor(number, everything), "kind": target_tensor(kind, everything)},
    )


def make_model() -> Model:
    torch.manual_seed(7)
    losses: Any = {
        "number": (MeanSquaredError({}), 0.5),
        "kind": (SoftmaxCrossEntropy({"classes": CLASSES}), 1.0),
    }
    return Model(Net(), losses)


def trainable(model: Model) -> list[Tensor]:
    return [each for each in model.module.parameters() if each.requires_grad]


def make_settings(
    *, epochs: int = 3, accumulate: int = 2, batches: InMemoryBatches | None = None, **changes: Any
) -> Settings:
    number = (batches or make_batches()).steps(BATCH)
    steps = count_steps(number, epochs=epochs, accumulate=accumulate, evaluations_per_epoch=2)
    warm = warmup_steps(steps, evaluations=1)
    schedule = build_cosine(
        total_steps=steps.total - warm, steps_per_epoch=steps.per_epoch, learning_rate=0.01, eta_min=1e-4
    )
    standard: dict[str, Any] = {
        "steps": steps,
        "batch_size": BATCH,
        "learning_rate": 0.01,
        "schedule": warm_up(schedule, warm),
        "seed": 3,
        "plateau": Plateau(reductions=2, patience=1, rate=0.5),
        "clipping": Clipping(global_norm=0.5),
        "l2": 1e-3,
        "decides": Decides("combined", "loss", "minimize"),
        "patience": 50,
    }
    return Settings(**{**standard, **changes})


def evaluator(model: Model) -> Callable[[str], Scores]:
    batches = {"validation": make_batches(seed=1, rows=30), "training": make_batches()}
    specs = [OutputSpec(name, {}, np.asarray, np.asarray) for name in model.losses]

    def scores(split: str) -> Scores:
        return evaluate(model, batches[split], specs, batch_size=16)[0]

    return scores


def run(
    folder: Path,
    *,
    settings: Settings | None = None,
    model: Model | None = None,
    optimizer: Optimizer | None = None,
    emit: Any = None,
    stop: Callable[[], bool] = never,
    resume: bool = False,
    batches: Any = None,
) -> tuple[Outcome, Model, Recorder]:
    """Train the tiny model in ``folder`` and return how it ended."""
    model = model or make_model()
    recorder = Recorder()
    outcome = train(
        model,
        batches or make_batches(),
        optimizer or build_adam(trainable(model)),
        settings or make_settings(),
        Hooks(evaluator(model), emit or recorder, stop),
        folder=folder,
        resume=resume,
    )
    return outcome, model, recorder


def digest(model: Model, folder: Path) -> str:
    """Return the SHA-256 of the weights in force, of the best weights' file and of the latest state's tensors."""
    checksum = hashlib.sha256()
    for name, tensor in sorted(model.module.state_dict().items()):
        checksum.update(name.encode() + tensor.numpy().tobytes())
    checksum.update((folder / "best.safetensors").read_bytes())
    checksum.update((folder / "latest.safetensors").read_bytes())
    return checksum.hexdigest()

"""The loop: what it tells, when it stops, which weights it keeps; its shortcuts give the numbers of the long way."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from declml.components.losses.mean_squared_error import MeanSquaredError
from declml.components.optimizers.sgd import build_sgd
from declml.contracts import Batch, Decides, Model, Scores
from declml.errors import UserProblem
from declml.training.checkpoints import BEST, LATEST, load_best
from declml.training.gradients import Clipping
from declml.training.loop import train
from declml.training.precision import Precision
from declml.training.schedule import Plateau
from declml.training.settings import Hooks
from declml_schema.events import KINDS

from . import tiny_training as tiny


def test_events_come_in_order_with_all_their_fields(tmp_path: Path) -> None:
    outcome, model, told = tiny.run(tmp_path)
    kinds = [kind for kind, _ in told.events]
    assert kinds[0] == "training_started"
    assert kinds[-1] == "training_finished"
    assert kinds.count("metrics") == 2 * 2 * 3  # two splits, two evaluations an epoch, three epochs
    for kind, fields in told.events:
        assert fields.keys() == KINDS[kind].fields.keys()
    started = told.of("training_started")[0]
    assert (started["steps_per_epoch"], started["total_steps"], started["epochs"]) == (4, 12, 3)
    assert started["optimizer"] == "fused adam"
    assert started["frozen_parameters"] == sum(
        each.numel() for each in model.module.get_submodule("frozen").parameters()
    )
    assert (outcome.step, outcome.epoch, outcome.reason) == (12, 3, "epochs")


def test_the_best_weights_are_in_force_at_the_end(tmp_path: Path) -> None:
    kept: dict[int, dict[str, Tensor]] = {}
    model = tiny.make_model()
    values = iter([0.5, 0.2, 0.1, 0.4, math.nan, 0.9])

    def evaluate(split: str) -> Scores:
        kept[len(kept)] = {name: tensor.clone() for name, tensor in model.module.state_dict().items()}
        return Scores({"number": {"r2": next(values)}})

    settings = tiny.make_settings(decides=Decides("number", "r2", "maximize"), plateau=None, patience=None)
    told = tiny.Recorder()
    outcome = train(
        model,
        tiny.make_batches(),
        tiny.build_adam(tiny.trainable(model)),
        settings,
        Hooks(evaluate, told, tiny.never),
        folder=tmp_path,
    )
    assert (outcome.best_step, outcome.best_epoch, outcome.best_value) == (12, 3, 0.9)
    assert [each["best"] for each in told.of("metrics") if each["split"] == "validation"] == [
        True,
        False,
        False,
        False,
        False,
        True,
    ]
    for name, tensor in model.module.state_dict().items():
        assert torch.equal(tensor, kept[5][name])
    fresh = tiny.make_model()
    assert load_best(tmp_path, fresh.module)["epoch"] == 3
    assert torch.equal(fresh.module.get_parameter("kind.weight"), model.module.get_parameter("kind.weight"))


def test_early_stop_counts_evaluations_and_keeps_the_best(tmp_path: Path) -> None:
    model = tiny.make_model()
    values = iter([3.0, 1.0, 2.0, math.nan, 1.0])
    weights: list[Tensor] = []

    def evaluate(split: str) -> Scores:
        weights.append(model.module.get_parameter("kind.weight").detach().clone())
        return Scores({"combined": {"loss": next(values)}})

    settings = tiny.make_settings(patience=3, plateau=None)
    hooks = Hooks(evaluate, tiny.Recorder(), tiny.never)
    outcome = train(
        model, tiny.make_batches(), tiny.build_adam(tiny.trainable(model)), settings, hooks, folder=tmp_path
    )
    assert (outcome.reason, outcome.step, outcome.best_step) == ("early_stop", 10, 4)
    assert torch.equal(model.module.get_parameter("kind.weight"), weights[1])


def test_without_a_deciding_metric_the_last_weights_stay_and_the_loss_is_told(tmp_path: Path) -> None:
    settings = tiny.make_settings(splits=(), decides=None, plateau=None)
    outcome, _, told = tiny.run(tmp_path, settings=settings)
    assert outcome.best_epoch is None
    assert not (tmp_path / BEST).exists()
    assert (tmp_path / LATEST).exists()
    assert {each["split"] for each in told.of("metrics")} == {"training"}
    assert all(math.isfinite(each["values"]["combined"]["loss"]) for each in told.of("metrics"))


def test_train_steps_decide_instead_of_epochs(tmp_path: Path) -> None:
    steps = tiny.count_steps(7, epochs=1, train_steps=9)
    outcome, _, told = tiny.run(tmp_path, settings=tiny.make_settings(steps=steps))
    assert (outcome.step, outcome.epoch, outcome.reason) == (9, 2, "train_steps")
    assert [each["step"] for each in told.of("metrics") if each["split"] == "validation"] == [7, 9]


def test_a_plateau_lowers_the_rate_a_limited_number_of_times(tmp_path: Path) -> None:
    plateau = Plateau(reductions=2, patience=1, rate=0.1, split="validation")
    settings = tiny.make_settings(plateau=plateau, schedule=lambda step: 1.0)
    rates: list[float] = []

    class Watched:
        implementation = "watched"

        def step(self, learning_rate: float) -> None:
            rates.append(learning_rate)

        def state(self) -> dict[str, Tensor]:
            return {}

        def load(self, state: Any) -> None:
            del state

    model = tiny.make_model()
    hooks = Hooks(lambda split: Scores({"combined": {"loss": 1.0}}), tiny.Recorder(), tiny.never)
    train(model, tiny.make_batches(), Watched(), settings, hooks, folder=tmp_path)
    assert rates == pytest.approx([0.01] * 4 + [0.001] * 2 + [0.0001] * 6)


def test_a_metric_that_is_not_evaluated_is_named(tmp_path: Path) -> None:
    settings = tiny.make_settings(decides=Decides("number", "r2", "maximize"))
    with pytest.raises(UserProblem, match="got r2 of number on validation") as caught:
        tiny.run(tmp_path, settings=settings)
    assert "loss of number on validation" in caught.value.hint


class OneBatch:
    """All rows in given batches, in order, for comparisons with a hand-written loop."""

    def __init__(self, x: Tensor, y: Tensor, sizes: list[int]) -> None:
        self.rows = len(x)
        self._parts = list(zip(x.split(sizes), y.split(sizes), strict=True))

    def steps(self, batch_size: int) -> int:
        return len(self._parts)

    def epoch(self, batch_size: int, *, seed: int | None, first_step: int = 0) -> Iterator[Batch]:
        for x, y in self._parts[first_step:]:
            yield Batch([(x, None)], {"y": y}, len(x))


class Line(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(3, 1)

    def forward(self, groups: Any) -> dict[str, Tensor]:
        return {"y": self.layer(groups[0][0])[:, 0]}


def line_and_data(scale: float = 1.0) -> tuple[Line, Tensor, Tensor]:
    torch.manual_seed(0)
    x = torch.randn(25, 3)
    return Line(), x, x.sum(dim=1) * scale


def train_line(folder: Path, line: Line, batches: OneBatch, **changes: Any) -> None:
    accumulate = changes.pop("accumulate", 1)
    standard: dict[str, Any] = {
        "steps": tiny.count_steps(batches.steps(10), epochs=2, accumulate=accumulate),
        "schedule": lambda step: 1.0,
        "clipping": Clipping(),
        "l2": 0.0,
        "plateau": None,
        "decides": None,
        "splits": (),
        "shuffle": False,
    }
    settings = tiny.make_settings(**{**standard, **changes})
    model = Model(line, {"y": (MeanSquaredError({}), 1.0)})
    optimizer = build_sgd(list(line.parameters()))
    hooks = Hooks(lambda split: Scores({}), tiny.Recorder(), tiny.never)
    train(model, batches, optimizer, settings, hooks, folder=folder)


def by_hand(line: Line, parts: list[tuple[Tensor, Tensor]], penalty: Any = None, limit: Any = None) -> None:
    optimizer = torch.optim.SGD(line.parameters(), lr=0.01)
    for _ in range(2):
        for x, y in parts:
            optimizer.zero_grad()
            loss = torch.nn.functional.mse_loss(line([(x, None)])["y"], y)
            if penalty is not None:
                loss = loss + sum(penalty(weight) for weight in line.parameters())
            loss.backward()
            if limit is not None:
                limit(list(line.parameters()))
            optimizer.step()


def assert_same(left: Line, right: Line) -> None:
    for a, b in zip(left.parameters(), right.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-6, atol=1e-7)


def test_accumulated_batches_of_unequal_size_equal_one_large_batch(tmp_path: Path) -> None:
    line, x, y = line_and_data()
    other = line_and_data()[0]
    train_line(tmp_path, line, OneBatch(x, y, [10, 5, 10]), accumulate=2)
    by_hand(other, [(x[:15], y[:15]), (x[15:], y[15:])])
    assert_same(line, other)


@pytest.mark.parametrize(("l1", "l2"), [(0.1, 0.0), (0.0, 0.1), (0.2, 0.3)])
def test_regularization_equals_a_penalty_in_the_loss(tmp_path: Path, l1: float, l2: float) -> None:
    line, x, y = line_and_data()
    other = line_and_data()[0]
    train_line(tmp_path, line, OneBatch(x, y, [10, 15]), l1=l1, l2=l2)
    by_hand(other, [(x[:10], y[:10]), (x[10:], y[10:])], lambda w: l1 * w.abs().sum() + l2 * w.square().sum())
    assert_same(line, other)


@pytest.mark.parametrize(
    ("clipping", "limit"),
    [
        (Clipping(global_norm=0.5), lambda weights: nn.utils.clip_grad_norm_(weights, 0.5)),
        (Clipping(norm=0.5), lambda weights: [nn.utils.clip_grad_norm_([each], 0.5) for each in weights]),
        (Clipping(value=0.1), lambda weights: nn.utils.clip_grad_value_(weights, 0.1)),
    ],
    ids=["global", "each", "value"],
)
def test_clipping_equals_that_of_torch(tmp_path: Path, clipping: Clipping, limit: Any) -> None:
    line, x, y = line_and_data(scale=20)
    other, unlimited = line_and_data()[0], line_and_data()[0]
    train_line(tmp_path, line, OneBatch(x, y, [10, 15]), clipping=clipping)
    parts = [(x[:10], y[:10]), (x[10:], y[10:])]
    by_hand(other, parts, limit=limit)
    by_hand(unlimited, parts)
    assert_same(line, other)
    assert not torch.allclose(line.layer.weight, unlimited.layer.weight)


@pytest.mark.parametrize("precision", [Precision(torch.bfloat16), Precision(torch.float16, scaled=True)])
def test_mixed_precision_learns_and_resumes(tmp_path: Path, precision: Precision) -> None:
    settings = tiny.make_settings(precision=precision, checkpoint_seconds=0.0)
    _, whole, told = tiny.run(tmp_path / "whole", settings=settings)
    seen = iter(range(1, 100))
    tiny.run(tmp_path / "cut", settings=settings, stop=lambda: next(seen) == 5)
    _, resumed, _ = tiny.run(tmp_path / "cut", settings=settings, resume=True)
    assert tiny.digest(whole, tmp_path / "whole") == tiny.digest(resumed, tmp_path / "cut")
    losses = [each["values"]["combined"]["loss"] for each in told.of("metrics") if each["split"] == "validation"]
    assert losses[-1] < losses[0]


def test_a_loss_that_is_not_finite_names_its_step_and_leaves_the_last_checkpoint(tmp_path: Path) -> None:
    line, x, y = line_and_data()
    y = y.clone()
    y[20] = math.inf  # in the fifth batch
    told = tiny.Recorder()
    settings = tiny.make_settings(
        steps=tiny.count_steps(5, epochs=1),
        plateau=None,
        splits=(),
        decides=None,
        shuffle=False,
        checkpoint_seconds=0.0,
    )
    model = Model(line, {"y": (MeanSquaredError({}), 1.0)})
    with pytest.raises(
        UserProblem, match="The training loss of 'y' must be a finite number; got inf at step 5"
    ) as caught:
        train(
            model,
            OneBatch(x, y, [5] * 5),
            build_sgd(list(line.parameters())),
            settings,
            Hooks(lambda split: Scores({}), told, tiny.never),
            folder=tmp_path,
        )
    assert caught.value.code == "loss-not-finite"
    assert "learning_rate" in caught.value.hint
    assert [each["step"] for each in told.of("checkpoint")] == [1, 2, 3, 4]


def test_weights_that_diverged_are_never_written(tmp_path: Path) -> None:
    line, x, y = line_and_data(scale=1e30)  # finite losses would overflow: the gradient step makes the weights infinite
    with pytest.raises(UserProblem) as caught:
        train_line(tmp_path, line, OneBatch(x, y * 1e8, [25]), learning_rate=1e30)
    assert caught.value.code == "loss-not-finite"
    assert not (tmp_path / LATEST).exists()


def test_a_full_disk_is_a_problem_and_the_old_checkpoint_stays_whole(tmp_path: Path) -> None:
    tiny.run(tmp_path)
    before = (tmp_path / LATEST).read_bytes()
    (tmp_path / f".{LATEST}.part").symlink_to("/dev/full")
    with pytest.raises(UserProblem) as caught:
        tiny.run(tmp_path)
    assert caught.value.code == "disk-full"
    assert (tmp_path / LATEST).read_bytes() == before
    assert sorted(each.name for each in tmp_path.iterdir()) == [BEST, LATEST]


def test_frozen_weights_are_in_the_best_file_only(tmp_path: Path) -> None:
    from safetensors.torch import load_file

    tiny.run(tmp_path)
    latest, best = load_file(tmp_path / LATEST), load_file(tmp_path / BEST)
    assert "frozen.weight" in best
    assert not any("frozen" in name for name in latest)
    assert "weight.body.1.running_mean" in latest

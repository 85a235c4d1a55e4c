"""The combiner `tabm` and what stands behind it: several networks in one, each learning for itself, one answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from declml.components.combiners.concat import CONCAT
from declml.components.combiners.tabm import TABM
from declml.components.decoders.classifier import CLASSIFIER
from declml.components.decoders.regressor import REGRESSOR
from declml.components.encoders.passthrough import PASSTHROUGH
from declml.contracts import Batch, Member, Model
from declml.model.assemble import Network, Part, assemble
from declml.model.groups import Group
from declml.training.schedule import count_steps
from declml.training.settings import Settings
from declml.training.step import Stepper

ROWS = 5


def build(**given: Any) -> Any:
    torch.manual_seed(1)
    assert TABM.build is not None
    parameters = TABM.parameters(**{"output_size": 6, "num_submodels": 3, "dropout": 0.0, **given}).model_dump()
    return TABM.build([[2, 1], [4]], **parameters)


def inputs() -> list[Tensor]:
    chance = torch.Generator().manual_seed(2)
    return [torch.randn(ROWS, 3, generator=chance), torch.randn(ROWS, 4, generator=chance)]


def test_it_is_so_many_networks_that_scale_their_inputs_and_share_their_weights() -> None:
    module = build()
    answers = module(inputs())
    first, second = (each for each in module.layers if hasattr(each, "weight"))
    joined = torch.cat(inputs(), dim=1)
    for index in range(3):
        hidden = torch.relu((joined * first.scales[index]) @ first.weight.T + first.bias)
        expected = torch.relu(hidden @ second.weight.T + second.bias)
        torch.testing.assert_close(answers[:, index], expected)
    assert not torch.allclose(answers[:, 0], answers[:, 1])


def test_with_all_adapters_each_layer_starts_the_same_and_can_come_apart() -> None:
    few, every = build(), build(adapters="all")
    torch.testing.assert_close(few(inputs()), every(inputs()))
    own = {name for name, each in every.named_parameters() if each.shape[0] == 3}
    assert len(own) == 6  # scales before and behind, and constants, of two layers


def test_the_values_of_a_features_vector_start_with_one_scale() -> None:
    scales = next(iter(build().layers)).scales
    assert torch.equal(scales[:, 0], scales[:, 1])
    assert torch.equal(scales[:, 3:], scales[:, 3:4].expand(3, 4))
    assert not torch.equal(scales[:, 0], scales[:, 2])


@pytest.mark.parametrize("residual", [False, True])
def test_concat_can_be_a_batch_ensemble(residual: bool) -> None:
    torch.manual_seed(1)
    assert CONCAT.build is not None
    given = {"num_fc_layers": 2, "output_size": 7, "batch_ensemble": True, "num_ensemble_members": 3}
    parameters = CONCAT.parameters(**given, residual=residual, bias_initializer="normal").model_dump()
    module = CONCAT.build([[2, 1], [4]], **parameters)
    assert module.submodels == 3
    answers = module(inputs())
    first, second = (layer[0] for layer in module.stack.layers)
    assert set(first.scales.detach().unique().tolist()) == set(second.out_scales.detach().unique().tolist()) == {-1, 1}
    joined = torch.cat(inputs(), dim=1)
    for index in range(3):
        hidden = joined
        for layer in (first, second):
            linear = (hidden * layer.scales[index]) @ layer.weight.T * layer.out_scales[index] + layer.bias[index]
            hidden = linear.relu() + (hidden if residual else 0)
        torch.testing.assert_close(answers[:, index], hidden)
    without = CONCAT.parameters(batch_ensemble=True, num_fc_layers=0).model_dump()
    assert CONCAT.build([[2, 1], [4]], **without).submodels is None


class _Plain(nn.Module):
    """A decoder that knows nothing of submodels, as a plug-in's may be."""

    def __init__(self, width: int, facts: Any) -> None:
        super().__init__()
        self.line = nn.Linear(width, 1)

    def forward(self, combined: Tensor) -> Tensor:
        assert combined.dim() == 2
        return self.line(combined).squeeze(-1)


def network(decoder: Callable[..., Any], parameters: dict[str, Any], *, per_submodel: bool) -> Network:
    assert PASSTHROUGH.build is not None
    assert TABM.build is not None
    group = Group("number", "passthrough", PASSTHROUGH.build, {}, (Member("a", {}), Member("b", {})), fused=True)
    combiner = Part(TABM.build, TABM.parameters(num_submodels=4, output_size=6, dropout=0.0).model_dump())
    part = Part(decoder, parameters, {"classes": ["x", "y", "z"]}, per_submodel)
    return assemble([group], combiner=combiner, decoders={"y": part}, seed=3)


@pytest.mark.parametrize(
    ("component", "shape"), [(REGRESSOR, ()), (CLASSIFIER, (3,)), (None, ())], ids=["number", "classes", "plug-in"]
)
def test_submodels_answer_apart_in_training_and_together_otherwise(component: Any, shape: tuple[int, ...]) -> None:
    made = (
        network(_Plain, {}, per_submodel=False)
        if component is None
        else network(component.build, component.parameters().model_dump(), per_submodel=True)
    )
    rows = [(torch.randn(ROWS, 2, generator=torch.Generator().manual_seed(5)), None)]
    apart = made.train()(rows)["y"]
    together = made.eval()(rows)["y"]
    assert apart.shape == (ROWS * 4, *shape)
    assert together.shape == (ROWS, *shape)
    torch.testing.assert_close(apart.unflatten(0, (ROWS, 4)).mean(1), together)


class _Descent:
    implementation = "descent"

    def __init__(self, weights: list[Tensor]) -> None:
        self.gradients: list[Tensor] = []
        self._weights = weights

    def step(self, learning_rate: float) -> None:
        self.gradients = [each.grad.clone() for each in self._weights if each.grad is not None]

    def state(self) -> dict[str, Tensor]:
        return {}

    def load(self, state: Any) -> None:
        raise AssertionError(state)


def test_each_submodel_learns_from_its_own_mistakes() -> None:
    made = network(REGRESSOR.build, REGRESSOR.parameters().model_dump(), per_submodel=True)  # type: ignore[arg-type]
    values = torch.randn(ROWS, 2, generator=torch.Generator().manual_seed(5))
    targets = torch.arange(float(ROWS))
    weights = list(made.parameters())
    optimizer = _Descent(weights)
    settings = Settings(
        steps=count_steps(1, epochs=1), batch_size=ROWS, learning_rate=0.1, schedule=lambda _step: 1.0, seed=1
    )
    stepper = Stepper(Model(made, {"y": (nn.functional.mse_loss, 1.0)}), optimizer, settings, torch.device("cpu"))
    losses: list[float] = []
    batches = iter([Batch([(values, None)], {"y": targets}, ROWS)])
    stepper.take(batches, 1, 0.1, lambda each, _rows: losses.append(each[0].item()), step=1)
    answers = made.train()([(values, None)])["y"].unflatten(0, (ROWS, 4))
    own = ((answers - targets[:, None]) ** 2).mean()
    assert losses == [pytest.approx(own.item())]
    expected = torch.autograd.grad(own, weights)
    for found, each in zip(optimizer.gradients, expected, strict=True):
        torch.testing.assert_close(found, each)

"""What a trainer asks of a network: frozen weights by name, lost features, layers computed twice, hidden matrices."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from declml.components.combiners.concat import CONCAT
from declml.components.decoders.classifier import CLASSIFIER
from declml.components.encoders.category_dense import CATEGORY_DENSE
from declml.components.encoders.dense import DENSE
from declml.contracts import TokenStates
from declml.errors import UserProblem
from declml.model.assemble import Network, Part, assemble
from declml.model.freezing import freeze, weight_names
from declml.model.groups import InputSpec, group_features
from declml.model.hidden import hidden_weights

WORDS = {"vocabulary": [str(each) for each in range(60)]}


def network() -> Network:
    inputs: list[InputSpec] = []
    for name, feature, component, facts in (
        ("age in years", "number", DENSE, {}),
        ("hours", "number", DENSE, {}),
        ("city.name", "category", CATEGORY_DENSE, WORDS),
    ):
        assert component.build is not None
        parameters = component.parameters().model_dump()
        inputs.append(InputSpec(name, feature, component.name, component.build, parameters, facts, component.fusion))
    combiner = Part(CONCAT.build, CONCAT.parameters(num_fc_layers=1, output_size=8).model_dump())  # type: ignore[arg-type]
    decoder = Part(
        CLASSIFIER.build,  # type: ignore[arg-type]
        CLASSIFIER.parameters(num_fc_layers=1, fc_output_size=6).model_dump(),
        {"classes": ["a", "b", "c"]},
    )
    return assemble(group_features(inputs), combiner=combiner, decoders={"topic": decoder}, seed=1)


def batch(rows: int = 200) -> list[tuple[Tensor, Tensor | None]]:
    chance = torch.Generator().manual_seed(2)
    return [
        (torch.randn(rows, 2, generator=chance), None),
        (torch.randint(60, (rows, 1), generator=chance), None),
    ]


def test_weights_have_names_that_a_user_knows() -> None:
    names = list(weight_names(network()))
    assert "encoders.city.name.weight" in names or any(each.startswith("encoders.city.name.") for each in names)
    assert any(each.startswith("encoders.age in years,hours.") for each in names)
    assert any(each.startswith("combiner.stack.") for each in names)
    assert "decoders.topic.answer.weight" in names
    assert len(names) == len(list(network().parameters()))


def test_a_pattern_freezes_the_weights_whose_name_has_it() -> None:
    made = network()
    count = freeze(made, r"^encoders\.city|topic\.answer")
    named = weight_names(made)
    frozen = {name for name, weight in named.items() if not weight.requires_grad}
    assert frozen == {name for name in named if name.startswith("encoders.city") or "topic.answer" in name}
    assert count == sum(named[name].numel() for name in frozen) > 0


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("encoder_obj", "must match the name of a weight; got 'encoder_obj'"),
        ("(", "must be a regular expression"),
        (".", "must leave something to train"),
    ],
)
def test_a_pattern_that_does_not_fit_is_a_problem(pattern: str, message: str) -> None:
    with pytest.raises(UserProblem, match=message) as caught:
        freeze(network(), pattern)
    assert caught.value.path == "trainer.layers_to_freeze_regex"


def seen_by_combiner(made: Network) -> list[Tensor]:
    seen: list[Any] = []
    handle = made.combiner.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    made(batch())
    handle.remove()
    return [each.detach() for each in seen[0]]


def test_in_training_each_row_loses_each_feature_by_itself() -> None:
    made = network()
    plain = seen_by_combiner(made.train())
    made.modality_dropout = 0.4
    torch.manual_seed(3)
    lossy = seen_by_combiner(made)
    gone: list[Tensor] = []
    for place in made.slices.values():
        before, after = (each[place.group][:, place.start : place.end] for each in (plain, lossy))
        lost = (after == 0).all(dim=1)
        assert torch.equal(after[~lost], before[~lost])
        assert 0.25 < float(lost.float().mean()) < 0.55
        gone.append(lost)
    assert not torch.equal(gone[0], gone[1])
    for mine, its in zip(seen_by_combiner(made.eval()), plain, strict=True):
        assert torch.equal(mine, its)


def test_layers_that_are_computed_twice_give_the_same_gradients() -> None:
    answers: list[list[Tensor]] = []
    for twice in (False, True):
        made = network().train()
        made.checkpointed = twice
        calls: list[int] = []
        made.combiner.register_forward_pre_hook(lambda *_, calls=calls: calls.append(1))
        made(batch())["topic"].square().sum().backward()
        assert len(calls) == 1 + twice
        answers.append([each.grad for each in made.parameters() if each.grad is not None])
    assert all(torch.equal(mine, its) for mine, its in zip(*answers, strict=True))


class Keeper(nn.Module):
    """A combiner that hands on two tokens of the first row, and none of the second."""

    per_token = True
    width = 2

    def forward(self, _: Any) -> TokenStates:
        mask = torch.tensor([[True, True, False], [False] * 3])
        return TokenStates(torch.tensor([[[1.0, -4.0], [3.0, -2.0], [0.0, 0.0]], [[0.0, 0.0]] * 3]), mask)


class Told(nn.Module):
    """A decoder that answers with what it sees."""

    def forward(self, seen: Tensor) -> Tensor:
        return seen


@pytest.mark.parametrize(
    ("way", "expected"),
    [("sum", [4, -6]), ("mean", [2, -3]), ("avg", [2, -3]), ("max", [3, -2]), ("last", [3, -2])],
)
def test_tokens_become_the_one_vector_that_an_output_asks_for(way: str, expected: list[float]) -> None:
    def keeper(_: Any) -> nn.Module:
        return Keeper()

    def told(width: int, facts: Any) -> nn.Module:
        return Told()

    made = assemble([], combiner=Part(keeper, {}), decoders={"y": Part(told, {}, reduces=way)}, seed=0)
    assert made([])["y"].tolist() == [expected, [0.0, 0.0]]


def test_hidden_matrices_are_neither_tables_nor_last_layers() -> None:
    made = network()
    names = list(weight_names(made))
    weights = list(weight_names(made).values())
    hidden = {name for name, is_hidden in zip(names, hidden_weights(made, weights), strict=True) if is_hidden}
    assert "combiner.stack.layers.0.0.weight" in hidden
    assert "decoders.topic.stack.layers.0.0.weight" in hidden
    assert "decoders.topic.answer.weight" not in hidden
    assert not any("bias" in name or name.startswith("encoders.city") for name in hidden)

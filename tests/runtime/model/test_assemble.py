"""The assembled network: forward, slices, seeds, figures, saving."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from declml.components.combiners.concat import CONCAT
from declml.components.decoders.classifier import CLASSIFIER
from declml.components.decoders.regressor import REGRESSOR
from declml.components.encoders.category_dense import CATEGORY_DENSE
from declml.components.encoders.dense import DENSE
from declml.components.encoders.lstm import LSTM
from declml.components.encoders.passthrough import PASSTHROUGH
from declml.contracts import Facts, Member
from declml.model.assemble import Part, assemble, count_parameters, describe
from declml.model.groups import Group, InputSpec, group_features
from declml_schema.declare import Component

CLASSES = {"classes": ["sports", "world", "business"]}


def spec(name: str, feature: str, component: Component, facts: dict[str, Any], **given: Any) -> InputSpec:
    assert component.build is not None
    parameters = component.parameters(**given).model_dump()
    return InputSpec(name, feature, component.name, component.build, parameters, facts, component.fusion)


def words(count: int) -> dict[str, Any]:
    return {"vocabulary": [str(each) for each in range(count)]}


def part(component: Component, facts: Facts | None = None, **given: Any) -> Part:
    assert component.build is not None
    return Part(component.build, component.parameters(**given).model_dump(), facts or {})


INPUTS = [
    spec("age in years", "number", PASSTHROUGH, {}),
    spec("city.name", "category", CATEGORY_DENSE, words(60), embedding_size=4),
    spec("hours", "number", PASSTHROUGH, {}),
    spec("job", "category", CATEGORY_DENSE, words(70), embedding_size=4),
    spec("title", "text", LSTM, words(20), embedding_size=6, state_size=5),
]
OUTPUTS = {"income.per year": part(REGRESSOR), "topic": part(CLASSIFIER, CLASSES, num_fc_layers=1)}
COMBINER = part(CONCAT, num_fc_layers=1, output_size=8)


def batch(rows: int = 4) -> list[tuple[Tensor, Tensor | None]]:
    chance = torch.Generator().manual_seed(2)
    return [
        (torch.randn(rows, 2, generator=chance), None),
        (torch.randint(60, (rows, 2), generator=chance), None),
        (torch.randint(20, (rows, 7), generator=chance), torch.tensor([7, 3, 1, 5])),
    ]


def network(inputs: list[InputSpec] = INPUTS, seed: int = 1) -> Any:
    return assemble(group_features(inputs), combiner=COMBINER, decoders=OUTPUTS, seed=seed)


def test_forward_gives_the_answers_of_each_output() -> None:
    answers = network()(batch())
    assert {name: tuple(each.shape) for name, each in answers.items()} == {"income.per year": (4,), "topic": (4, 3)}


def test_slices_tell_where_each_feature_stands() -> None:
    built, groups = network(), batch()
    assert set(built.slices) == {each.name for each in INPUTS}
    hours = built.slices["hours"]
    assert torch.equal(built.encode(hours.group, *groups[hours.group])[:, hours.start], groups[0][0][:, 1])
    job = built.slices["job"]
    encoded = built.encode(job.group, *groups[job.group])[:, job.start : job.end]
    assert torch.equal(encoded, built.encoders[1].table[60 + groups[1][0][:, 1]])
    assert (built.slices["title"].group, built.slices["title"].end) == (2, 5)


def test_the_same_seed_gives_the_same_bits_and_leaves_the_callers_random_state() -> None:
    torch.manual_seed(5)
    before = torch.get_rng_state()
    left, right, other = network(), network(), network(seed=2)
    assert torch.equal(torch.get_rng_state(), before)
    same = [torch.equal(a, b) for a, b in zip(left.state_dict().values(), right.state_dict().values(), strict=True)]
    assert all(same)
    assert not torch.equal(left.encoders[1].table, other.encoders[1].table)


def test_a_new_feature_leaves_the_first_weights_of_the_others() -> None:
    small = network()
    wide = network(
        [
            spec("brand new", "category", CATEGORY_DENSE, words(50), embedding_size=4),
            spec("height", "number", DENSE, {}),
            *INPUTS,
            spec("text", "text", LSTM, words(20), embedding_size=6, state_size=5),
        ]
    )
    assert torch.equal(wide.encoders[0].table[50:], small.encoders[1].table)
    old, new = small.encoders[2].state_dict(), wide.encoders[3].state_dict()
    assert all(torch.equal(old[name], new[name]) for name in old)
    assert not torch.equal(wide.encoders[4].tokens.table, wide.encoders[3].tokens.table)
    assert all(
        torch.equal(a, b)
        for a, b in zip(small.decoders.state_dict().values(), wide.decoders.state_dict().values(), strict=True)
    )


def test_parts_of_one_shape_start_with_different_weights() -> None:
    built = assemble(
        group_features(INPUTS), combiner=COMBINER, decoders={"a": part(REGRESSOR), "b": part(REGRESSOR)}, seed=1
    )
    first, second = built.decoders
    assert not torch.equal(first.answer.weight, second.answer.weight)


def test_a_saved_network_gives_the_same_answers() -> None:
    trained, fresh = network().eval(), network(seed=9).eval()
    fresh.load_state_dict(trained.state_dict(), strict=True)
    for name, answers in trained(batch()).items():
        assert torch.equal(answers, fresh(batch())[name])


def test_description_tells_the_figures_of_the_built_network() -> None:
    built = network()
    told = describe(group_features(INPUTS), combiner=COMBINER, decoders=OUTPUTS)
    assert (told.trainable, told.frozen) == count_parameters(built)
    assert told.weights_bytes == 4 * told.trainable + 8 * 2  # two offsets of the category table
    assert told.training_bytes == told.weights_bytes + 3 * 4 * told.trainable
    assert told.widths == {"age in years": 1, "city.name": 4, "hours": 1, "job": 4, "title": 5}
    assert told.groups == (("age in years", "hours"), ("city.name", "job"), ("title",))
    assert told.combined_width == 8


def test_description_of_a_huge_network_takes_no_memory() -> None:
    inputs = [spec("word", "category", CATEGORY_DENSE, {"vocabulary": range(50_000_000)}, embedding_size=10_000)]
    told = describe(group_features(inputs), combiner=COMBINER, decoders=OUTPUTS)
    assert told.weights_bytes > 10**12


class Frozen(nn.Module):
    """An encoder of a plug-in that never changes and counts how often it is asked."""

    def __init__(self, members: tuple[Member, ...]) -> None:
        super().__init__()
        self.widths = [3]
        self.frozen = True
        self.asked = 0

    def forward(self, values: Tensor, lengths: Tensor | None = None) -> Tensor:
        self.asked += 1
        return values[:, :3].float()

    def extra_facts(self) -> dict[str, Any]:
        return {"kept": 1}


def test_a_frozen_group_may_come_already_encoded() -> None:
    group = Group("text", "frozen", Frozen, {}, (Member("text", {}),), fused=False)
    built = assemble([group], combiner=COMBINER, decoders=OUTPUTS, seed=1)
    ids = torch.arange(8).reshape(2, 4)
    plain = built([(ids, torch.tensor([4, 4]))])
    kept = built([(built.encode(0, ids), None)])
    assert built.is_frozen(0)
    assert built.encoders[0].asked == 2
    assert all(torch.equal(plain[name], kept[name]) for name in plain)
    assert built.extra_facts() == {"text": {"kept": 1}}
    assert not network().is_frozen(0)
    assert network().extra_facts() == {}


def test_a_network_learns_a_toy() -> None:
    built = network()
    groups = batch()
    targets = torch.tensor([0, 1, 2, 1])
    weights = [each for each in built.parameters() if each.requires_grad]
    losses: list[float] = []
    for _ in range(80):
        answers = built(groups)
        loss = nn.functional.cross_entropy(answers["topic"], targets) + answers["income.per year"].square().mean()
        losses.append(loss.item())
        for weight, gradient in zip(weights, torch.autograd.grad(loss, weights), strict=True):
            weight.data -= 0.1 * gradient
    assert losses[-1] < 0.5 * losses[0]

"""Outputs that see the answers of others: in their order, with gradients, behind submodels, never in a circle."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from declml.contracts import Member
from declml.errors import UserProblem
from declml.model.assemble import Network, Part, assemble, in_order
from declml.model.groups import Group
from declml_schema.check import check

WIDTH, ROWS = 3, 5


class Values(nn.Module):
    def __init__(self, members: Any) -> None:
        super().__init__()
        self.widths = [WIDTH]

    def forward(self, values: Tensor, lengths: Tensor | None = None) -> Tensor:
        return values


class Through(nn.Module):
    def __init__(self, widths: Any, *, submodels: int | None = None) -> None:
        super().__init__()
        self.width = WIDTH
        if submodels:
            self.submodels = submodels

    def forward(self, groups: Any) -> Tensor:
        whole: Tensor = groups[0]
        number = getattr(self, "submodels", None)
        return whole if number is None else torch.stack([whole * (place + 1) for place in range(number)], dim=1)


class Linear(nn.Module):
    """Answers the sum of what it sees, for one number, or that and its double for two."""

    def __init__(self, width: int, facts: Any, *, size: int, submodels: int | None = None) -> None:
        super().__init__()
        self.seen, self.answer_width, self.submodels = width, size, submodels
        self.scale = nn.Parameter(torch.ones(()))

    def forward(self, combined: Tensor) -> Tensor:
        assert combined.shape[-1] == self.seen
        total = combined.sum(dim=-1) * self.scale
        return total if self.answer_width == 1 else torch.stack([total, 2 * total], dim=-1)


def network(needs: dict[str, tuple[str, ...]], *, submodels: int | None = None, per_submodel: bool = False) -> Network:
    group = Group("vector", "values", Values, {}, (Member("x", {}),), fused=False)
    parts = {
        name: Part(Linear, {"size": size}, per_submodel=per_submodel, dependencies=needs.get(name, ()))
        for name, size in (("one", 1), ("two", 2), ("three", 1))
    }
    return assemble([group], combiner=Part(Through, {"submodels": submodels}), decoders=parts, seed=1)


X = torch.arange(ROWS * WIDTH, dtype=torch.float32).reshape(ROWS, WIDTH)


@pytest.mark.parametrize("per_submodel", [False, True])
@pytest.mark.parametrize("submodels", [None, 2])
def test_a_decoder_sees_the_answers_of_the_outputs_that_it_names(submodels: int | None, per_submodel: bool) -> None:
    built = network({"one": ("two",), "three": ("one", "two")}, submodels=submodels, per_submodel=per_submodel)
    answers = built.eval()([(X, None)])
    assert list(answers) == ["one", "two", "three"]
    total = X.sum(dim=1) * (1 if submodels is None else 1.5)
    torch.testing.assert_close(answers["two"], torch.stack([total, 2 * total], dim=1))
    torch.testing.assert_close(answers["one"], 4 * total)
    torch.testing.assert_close(answers["three"], 8 * total)
    trained = built.train()([(X, None)])
    assert trained["three"].shape == (ROWS * (submodels or 1),)


def test_the_loss_of_an_output_teaches_those_that_it_depends_on() -> None:
    built = network({"one": ("two",)})
    built([(X, None)])["one"].sum().backward()
    assert [each.scale.grad is not None for each in built.decoders] == [True, True, False]  # type: ignore[union-attr]


def test_outputs_come_in_an_order_in_which_they_can_be_made() -> None:
    assert in_order(["a", "b", "c"], {}) == ["a", "b", "c"]
    assert in_order(["a", "b", "c"], {"a": ["c"], "c": ["b"]}) == ["b", "c", "a"]
    with pytest.raises(UserProblem, match="lead back to the output itself"):
        in_order(["a", "b", "c"], {"a": ["c"], "c": ["a"]})


CONFIG = """\
data: {{source: rows.csv}}
input_features: [{{name: x, type: number}}]
output_features:
  - {{name: a, type: number{a}}}
  - {{name: b, type: category{b}}}
  - {{name: c, type: binary}}
"""


@pytest.mark.parametrize(
    ("a", "b", "code", "message"),
    [
        (", dependencies: [b, c]", ", dependencies: [c]", "", ""),
        (", dependencies: [x]", "", "absent-feature", "must be names of other outputs; got 'x'"),
        (", dependencies: [a]", "", "absent-feature", "must be names of other outputs; got 'a'"),
        (", dependencies: [combined]", "", "absent-feature", "got 'combined'"),
        (", dependencies: [b]", ", dependencies: [a]", "dependency-circle", "lead back to the output itself; got 'b'"),
        (", dependencies: b", "", "wrong-type", "dependencies must be a list"),
    ],
)
def test_a_config_is_checked_before_anything_is_built(a: str, b: str, code: str, message: str) -> None:
    result = check(CONFIG.format(a=a, b=b))
    if not code:
        assert result.problems == []
        assert result.plan is not None
        assert [each.parameters["dependencies"] for each in result.plan.outputs] == [["b", "c"], ["c"], []]
        return
    (problem,) = result.problems
    assert problem.code == code
    assert message in problem.message
    assert problem.span is not None
    assert problem.span.start.line in (3, 4)

"""Combiners that see each feature by itself: what they compare, choose and leave out."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from declml.components.combiners.comparator import COMPARATOR
from declml.components.combiners.ft_transformer import FT_TRANSFORMER
from declml.components.combiners.project_aggregate import PROJECT_AGGREGATE
from declml.components.combiners.tabnet import TABNET
from declml.components.combiners.tabtransformer import TABTRANSFORMER
from declml.components.combiners.transformer import TRANSFORMER
from declml.components.feature_tokens import FeatureTokens
from declml.components.sparse_softmax import entmax15, sparsemax
from declml.contracts import Source
from declml.errors import UserProblem
from declml_schema.check import check
from declml_schema.declare import Component

WIDTHS = [[3], [2, 2]]
SOURCES = [[Source("size", "number")], [Source("colour", "category"), Source("shape", "category")]]
ENTITIES = {"entity_1": ["size", "colour"], "entity_2": ["shape"]}


def built(component: Component, **given: Any) -> Any:
    assert component.build is not None
    torch.manual_seed(0)
    told = {"sources": SOURCES} if component.facts.get("sources") else {}
    return component.build(WIDTHS, **told, **component.parameters(**given).model_dump())


def rows(count: int = 6) -> list[Tensor]:
    chance = torch.Generator().manual_seed(1)
    return [torch.randn(count, 3, generator=chance), torch.randn(count, 4, generator=chance)]


def test_the_comparator_compares_what_the_config_says() -> None:
    module = built(COMPARATOR, **ENTITIES, output_size=4).eval()
    groups = rows()
    first = module.first(torch.cat([groups[0], groups[1][:, :2]], dim=1))
    second = module.second(groups[1][:, 2:])
    answer = module(groups)
    assert torch.allclose(answer[:, 0], (first * second).sum(1), atol=1e-6)
    assert torch.allclose(answer[:, 1], torch.einsum("bi,ij,bj->b", first, module.bilinear, second), atol=1e-5)
    assert torch.allclose(answer[:, 2:6], (first - second).abs())
    assert torch.allclose(answer[:, 6:], first * second)


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        (["size", "colour"], ["shape", "colour"], "'colour' in both"),
        (["size"], ["shape"], "'colour' in none"),
        (["size", "colour"], ["shape", "weight"], "'weight', which is no input"),
    ],
)
def test_the_comparator_needs_every_input_on_one_side(first: list[str], second: list[str], told: str) -> None:
    with pytest.raises(UserProblem, match=told) as caught:
        built(COMPARATOR, entity_1=first, entity_2=second)
    assert caught.value.path == "combiner.entity_1"


def test_an_entity_that_is_no_input_is_found_by_the_checker() -> None:
    text = (
        "input_features: [{name: size, type: number}, {name: shape, type: category}]\n"
        "output_features: [{name: price, type: number}]\n"
        "combiner: {type: comparator, entity_1: [size], entity_2: [shap]}\n"
    )
    (problem,) = check(text).problems
    assert (problem.code, problem.path) == ("absent-feature", "combiner.entity_2[0]")
    assert "Did you mean 'shape'?" in problem.message


def test_a_combiner_without_its_entities_is_told_what_it_needs() -> None:
    text = "input_features: [{name: a, type: number}]\noutput_features: [{name: b, type: number}]\n"
    problems = check(text + "combiner: {type: comparator}\n").problems
    assert [each.message for each in problems] == ["combiner must have 'entity_1'.", "combiner must have 'entity_2'."]


@pytest.mark.parametrize("component", [TRANSFORMER, FT_TRANSFORMER, PROJECT_AGGREGATE, TABTRANSFORMER])
def test_every_row_is_answered_by_itself(component: Component) -> None:
    module = built(component).eval()
    together = module(rows())
    for row in range(6):
        alone = module([group[row : row + 1] for group in rows()])
        assert torch.allclose(alone[0], together[row], atol=1e-5)


def test_features_of_one_width_are_one_product_and_each_has_weights_of_its_own() -> None:
    torch.manual_seed(0)
    linear: dict[str, Any] = {
        "use_bias": True, "weights_initializer": "xavier_uniform", "bias_initializer": "normal",
    }  # fmt: skip
    tokens = FeatureTokens([[3], [2, 2, 1]], 5, **linear)
    assert [tuple(each.shape) for each in tokens.weights] == [(1, 3, 5), (2, 2, 5), (1, 1, 5)]
    groups = [torch.randn(4, 3), torch.randn(4, 5)]
    answer = tokens(groups)
    assert tokens.bias is not None
    wanted = groups[1][:, 2:4] @ tokens.weights[1][1] + tokens.bias[2]
    assert answer.shape == (4, 4, 5)
    assert torch.allclose(answer[:, 2], wanted, atol=1e-6)


def test_the_tabtransformer_leaves_numbers_out_of_attention() -> None:
    module = built(TABTRANSFORMER, reduce_output="concat", num_fc_layers=0).eval()
    before, groups = module(rows()), rows()
    groups[0] = groups[0] * 3 + 1
    after = module(groups)
    assert torch.equal(before[:, :512], after[:, :512])
    assert not torch.equal(before[:, 512:], after[:, 512:])


@pytest.mark.parametrize("numbers_only", [True, False])
def test_the_tabtransformer_takes_tables_of_one_kind(numbers_only: bool) -> None:
    kind = "number" if numbers_only else "category"
    assert TABTRANSFORMER.build is not None
    sources = [[Source("a", kind)], [Source("b", kind), Source("c", kind)]]
    module = TABTRANSFORMER.build(WIDTHS, sources=sources, **TABTRANSFORMER.parameters().model_dump())
    assert module(rows()).shape == (6, 7 if numbers_only else 3 * 256)


def test_sparse_masks_are_shares_and_leave_values_out() -> None:
    scores = torch.randn(200, 9, generator=torch.Generator().manual_seed(3), dtype=torch.double) * 2
    soft, between, sparse = scores.softmax(-1), entmax15(scores), sparsemax(scores)
    for mask in (between, sparse):
        assert torch.allclose(mask.sum(-1), torch.ones(200, dtype=torch.double))
        assert mask.min() >= 0
    assert (soft == 0).sum() == 0 < (between == 0).sum() < (sparse == 0).sum()
    # The definition of entmax with alpha 1.5: among the values kept, scores / 2 and roots differ by one threshold.
    gap = torch.where(between > 0, scores / 2 - between.sqrt(), torch.nan)
    assert (gap.nan_to_num(-1e9).amax(1) - gap.nan_to_num(1e9).amin(1)).max() < 1e-6


def test_sparsity_counts_in_the_gradient_and_not_in_the_answer() -> None:
    seen: dict[float, tuple[Tensor, Tensor]] = {}
    for sparsity in (0.0, 1.0):
        module = built(TABNET, sparsity=sparsity, dropout=0.0, output_size=4, size=4).train()
        answer = module(rows(32))
        (answer * 0).sum().backward()
        gradient = module.choices[0].linear.weight.grad
        seen[sparsity] = (answer.detach(), gradient)
    assert torch.equal(seen[0.0][0], seen[1.0][0])
    assert seen[0.0][1].abs().max() == 0 < seen[1.0][1].abs().max()

"""Encoders of number, binary and category groups: values, widths, fusion keys and first weights."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from declml.components.encoders.category_dense import CATEGORY_DENSE
from declml.components.encoders.dense import DENSE
from declml.components.encoders.onehot import ONEHOT
from declml.components.encoders.passthrough import PASSTHROUGH
from declml.contracts import Member
from declml_schema.declare import Component


def category(name: str, classes: int) -> Member:
    return Member(name, {"vocabulary": [str(each) for each in range(classes)], "counts": [0, *[10] * (classes - 1)]})


def build(component: Component, members: list[Member], **given: Any) -> Any:
    assert component.build is not None
    torch.manual_seed(1)
    return component.build(members, **component.parameters(**given).model_dump())


def test_passthrough_hands_the_values_on() -> None:
    values = torch.randn(4, 3)
    encoder = build(PASSTHROUGH, [Member(name, {}) for name in "abc"])
    assert torch.equal(encoder(values), values)
    assert encoder.widths == [1, 1, 1]


def test_onehot_marks_one_class_of_each_feature() -> None:
    encoder = build(ONEHOT, [category("a", 2), category("b", 3)])
    assert encoder(torch.tensor([[0, 2], [1, 0]])).tolist() == [[1, 0, 0, 0, 1], [0, 1, 1, 0, 0]]
    assert encoder.widths == [2, 3]


def test_category_vectors_are_at_most_as_wide_as_there_are_classes() -> None:
    assert build(CATEGORY_DENSE, [category("a", 4)], embedding_size=50).widths == [4]
    assert build(CATEGORY_DENSE, [category("a", 400)], embedding_size=50).widths == [50]


def test_categories_of_one_width_share_a_key() -> None:
    assert CATEGORY_DENSE.fusion is not None
    parameters = CATEGORY_DENSE.parameters().model_dump()
    keys = [CATEGORY_DENSE.fusion(parameters, category("a", classes).facts) for classes in (4, 60, 70)]
    assert keys == [4, 8, 8]


def test_each_category_reads_its_own_rows_of_the_table() -> None:
    encoder = build(CATEGORY_DENSE, [category("a", 3), category("b", 4)], embedding_size=2)
    answers = encoder(torch.tensor([[2, 0]]))
    assert torch.equal(answers[0], torch.cat([encoder.table[2], encoder.table[3]]))


def test_rare_classes_of_many_count_as_unknown_in_training_alone() -> None:
    ids = torch.arange(1, 401).repeat(20).unsqueeze(1)  # each of 400 classes with 10 rows
    many = build(CATEGORY_DENSE, [category("a", 401)])
    unknown = (many(ids) == many.table[0]).all(1).float().mean()
    assert abs(unknown - 50 / 60) < 0.03
    assert torch.equal(many.eval()(ids), many.table[ids.squeeze(1)])
    few = torch.tensor([[1, 2]])
    assert build(CATEGORY_DENSE, [category("a", 200), category("b", 200)]).rates is None
    both = build(CATEGORY_DENSE, [category("a", 200), category("b", 200)], label_dropout=1e9)
    assert torch.equal(both(few).view(2, -1), both.table[torch.tensor([0, 200])])


def test_a_new_member_leaves_the_first_weights_of_the_others() -> None:
    two = build(CATEGORY_DENSE, [category("a", 60), category("b", 70)])
    three = build(CATEGORY_DENSE, [category("new", 55), category("a", 60), category("b", 70)])
    assert torch.equal(three.table[55:], two.table)
    assert not torch.equal(two.table[:60], two.table[60:120])
    one, both = build(DENSE, [Member("b", {})]), build(DENSE, [Member("a", {}), Member("b", {})])
    assert torch.equal(both.stack.layers[0].weight[1], one.stack.layers[0].weight[0])
    assert not torch.equal(both.stack.layers[0].weight[0], both.stack.layers[0].weight[1])


def test_dense_equals_one_stack_of_linear_layers_per_feature() -> None:
    encoder = build(
        DENSE, [Member("a", {}), Member("b", {})], num_layers=2, output_size=3, norm="layer", bias_initializer="normal"
    )
    values = torch.randn(5, 2)
    for feature in range(2):
        hidden = values[:, [feature]]
        for level in range(2):
            weight, bias = encoder.stack.layers[level].weight[feature], encoder.stack.layers[level].bias[feature]
            linear = nn.functional.linear(hidden, weight, bias)
            hidden = nn.functional.layer_norm(linear, [3]).relu()
        torch.testing.assert_close(encoder(values)[:, 3 * feature : 3 * feature + 3], hidden)


def test_frozen_category_vectors_get_no_gradient() -> None:
    assert not build(CATEGORY_DENSE, [category("a", 4)], embeddings_trainable=False).table.requires_grad

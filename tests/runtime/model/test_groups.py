"""Which features share an encoder."""

from __future__ import annotations

from typing import Any

from declml.components.encoders.category_dense import CATEGORY_DENSE
from declml.components.encoders.embed import EMBED
from declml.components.encoders.passthrough import PASSTHROUGH
from declml.model.groups import InputSpec, group_features
from declml_schema.declare import Component


def spec(name: str, feature: str, component: Component, facts: dict[str, Any], **given: Any) -> InputSpec:
    assert component.build is not None
    parameters = component.parameters(**given).model_dump()
    return InputSpec(name, feature, component.name, component.build, parameters, facts, component.fusion)


def words(count: int) -> dict[str, Any]:
    return {"vocabulary": [str(each) for each in range(count)]}


def members(inputs: list[InputSpec]) -> list[list[str]]:
    return [[member.name for member in group.members] for group in group_features(inputs)]


def test_all_numbers_passed_through_are_one_group() -> None:
    inputs = [spec(f"n{index}", "number", PASSTHROUGH, {"mean": index}) for index in range(50)]
    assert members(inputs) == [[f"n{index}" for index in range(50)]]


def test_types_encoders_parameters_and_keys_keep_groups_apart() -> None:
    inputs = [
        spec("age", "number", PASSTHROUGH, {}),
        spec("member", "binary", PASSTHROUGH, {}),
        spec("city", "category", CATEGORY_DENSE, words(60)),
        spec("sex", "category", CATEGORY_DENSE, words(3)),
        spec("job", "category", CATEGORY_DENSE, words(70)),
        spec("shop", "category", CATEGORY_DENSE, words(70), dropout=0.5),
        spec("hours", "number", PASSTHROUGH, {}),
    ]
    assert members(inputs) == [["age", "hours"], ["member"], ["city", "job"], ["sex"], ["shop"]]


def test_an_encoder_without_a_fusion_key_takes_one_feature() -> None:
    inputs = [spec("title", "text", EMBED, words(9)), spec("body", "text", EMBED, words(9))]
    assert members(inputs) == [["title"], ["body"]]
    assert not group_features(inputs)[0].fused

"""Values for parameters, read off their declaration: other ones, refused ones, and those under which one acts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from .contract_cases import WORDS, Case

LISTS: dict[str, list[Any]] = {
    "fc_layers": [[{"output_size": 4}], [{"activation": "swiglu", "norm": "layer", "use_bias": False}] * 2],
    "norm_params": [{"eps": 0.5}],
    "adapter": [{"type": "lora", "r": 2}],
    "pretrained_kwargs": [{"num_hidden_layers": 1}],
    "pos_att_type": [["c2p"]],
    "pretrained_embeddings": [str(Path(__file__).with_name(f"word_vectors_of_{width}.txt")) for width in (6, WORDS)],
    "conv_layers": [[{"filter_size": 2}, {"num_filters": 4, "norm": "layer", "activation": "reglu"}]],
    "stacked_layers": [[[{"filter_size": 2}], [{}, {"num_filters": 2}]]],
    "fc_norm_params": [{"eps": 0.5}],
    "str2idf": [{"word 3": 9.0}],
}
"""Values of the parameters that are lists of mappings or mappings."""


def kinds(declared: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return declared.get("anyOf", [declared])


def alternatives(case: Case, name: str) -> list[Any]:
    """Return valid values of a parameter other than the one in force."""
    found: list[Any] = []
    now = case.parameters()[name]
    if name == "pretrained_model_name_or_path":
        return [now.removesuffix("2") + "3"]
    if name in LISTS:
        return LISTS[name]
    for kind in kinds(case.schema[name]):
        if "enum" in kind:
            found += kind["enum"]
        elif "const" in kind:
            found += [kind["const"]]
        elif kind["type"] == "boolean":
            found += [True, False]
        elif kind["type"] == "integer":
            found += [0, 1, 2, 3, *([now + 1, now * 2] if now and now != "auto" else [])]
        elif kind["type"] == "number":
            found += [0.5, 2.0]
        elif kind["type"] == "array":
            found += [[-0.1, 0.1]]
        elif kind["type"] == "null":
            found += [None]
    return [
        value
        for value in {repr(each): each for each in found}.values()
        if repr(value) != repr(now) and valid(case, name, value)
    ]


def valid(case: Case, name: str, value: Any) -> bool:
    try:
        parameters = case.parameters(**{name: value})
    except (ValidationError, TypeError):  # the latter where a range meets the word `auto`
        return False
    return all(
        parameters[rule.parameter] % parameters[rule.other] == 0
        for rule in case.component.rules
        if rule.kind == "divisible"
    )


def context(case: Case, name: str) -> dict[str, Any]:
    """Return the values under which a parameter acts, as its rules tell."""
    answer: dict[str, Any] = {"use_pretrained": True} if name == "pretrained_model_name_or_path" else {}
    if name == "pretrained_kwargs":
        answer["num_hidden_layers"] = None  # the parameter of that name comes first
    base = case.parameters()
    for rule in case.component.rules:
        if rule.kind == "ignored-unless" and rule.parameter == name and base[rule.other] not in rule.values:
            answer[rule.other] = rule.values[min(1, len(rule.values) - 1)] if rule.values else LISTS[rule.other][0]
        if rule.kind == "exclusive" and rule.parameter == name and rule.other in case.base:
            answer[rule.other] = None
    # Two layers show a connection between them; one would not.
    if answer.get("num_fc_layers") == 1:
        answer["num_fc_layers"] = 2
    return {key: value for key, value in answer.items() if key in case.component.parameters.model_fields}


def refused_values(declared: Mapping[str, Any]) -> Iterator[Any]:
    """Yield values that break the declared type or range."""
    types = {kind.get("type", "enum") for kind in kinds(declared)}
    if "string" in types and not any("enum" in kind or "const" in kind for kind in kinds(declared)):
        yield 3
        return
    yield "no such value"
    yield [1]
    if "null" not in types:
        yield None
    for kind in kinds(declared):
        for bound, step in (("minimum", -1), ("exclusiveMinimum", 0), ("maximum", 1), ("exclusiveMaximum", 0)):
            if bound in kind:
                yield kind[bound] + step
        if kind.get("type") == "integer":
            yield 1.5
        if kind.get("type") == "boolean":
            yield 1


def varied(case: Case) -> list[dict[str, Any]]:
    """Return one set of parameters for each value of each choice, in the context where it acts."""
    answer: list[dict[str, Any]] = [{}]
    for name, declared in case.schema.items():
        if any("enum" in kind or kind.get("type") == "boolean" for kind in kinds(declared)):
            answer += [{**context(case, name), name: value} for value in alternatives(case, name)]
    return answer

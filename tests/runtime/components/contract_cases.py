"""The cases of the contract: every encoder, combiner and decoder with each feature type that it serves."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
import torch
from pydantic import BaseModel
from torch import Tensor, nn

from declml.components import combiners, decoders, encoders
from declml.components.encoders.rnn import RNN
from declml.components.features.number import InputNumber, InputNumberPreprocessing
from declml.contracts import Member, Source, TokenStates
from declml.token_rows import NO_TOKEN
from declml_schema.declare import Component

ROWS, TOKENS, WORDS = 6, 7, 9
RAGGED = {"text", "sequence", "bag", "set"}
SPOKEN = {"text", "sequence"}
LENGTHS = torch.tensor([7, 1, 3, 6, 2, 5])
SOURCES = [[Source("size", "number")], [Source("colour", "category"), Source("shape", "category")]]
TARGETS: dict[str, dict[str, Any]] = {
    "number": {},
    "binary": {},
    "category": {"classes": ["a", "b", "c"]},
    "category_distribution": {"classes": ["a", "b", "c"]},
    "set": {"vocabulary": ["a", "b", "c"]},
    "vector": {"vector_size": 3, "shift": [0.5, -0.5, 0.0], "scale": [1.0, 2.0, 1.0]},
    "sequence": {"vocabulary": ["<PAD>", "<UNK>", "a"], "pad": 0, "stop": 2, "max_length": 5},
    "text": {"vocabulary_size": 3, "pad": 0, "stop": 1, "max_length": 5},
}
"""What a decoder knows of its target, by output type."""


def _declared() -> list[Component]:
    found: dict[tuple[object, ...], Component] = {}
    for package in (encoders, combiners, decoders):
        for module in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
            for value in vars(importlib.import_module(module.name)).values():
                if isinstance(value, Component):
                    found[value.kind, value.features, value.name] = value
    return list(found.values())


@functools.cache
def schema_of(parameters: type[BaseModel]) -> dict[str, Any]:
    return parameters.model_json_schema()["properties"]


@dataclass(frozen=True)
class Case:
    """One component as it serves one feature type, with parameters that make it small."""

    component: Component
    feature: str
    base: Mapping[str, Any]

    @property
    def schema(self) -> dict[str, Any]:
        return schema_of(self.component.parameters)

    def parameters(self, **given: Any) -> dict[str, Any]:
        return self.component.parameters(**{**self.base, **given}).model_dump()

    @property
    def aside(self) -> set[str]:
        """Parameters of decoders that act around the module: see test_dropout_samples.py; and those that act where
        texts are read: see test_tf_idf.py and test_ngram_bag.py.
        """
        if self.component.name == "tf_idf":
            return {"ngram_range", "max_sequence_length"}
        if self.component.name == "ngram_bag":
            return {"fold"}
        if self.component.kind != "decoder":
            return set()
        return {"calibration", "mc_dropout_samples"} | (
            {"output_size"} if self.component.name == "projector" else set()
        )

    def build(self, *, seed: int = 3, members: list[Member] | None = None, **given: Any) -> nn.Module:
        assert self.component.build is not None
        torch.default_generator.manual_seed(
            seed
        )  # `torch.manual_seed` takes milliseconds: it keeps a trace of its caller
        parameters = self.parameters(**given)
        if self.component.kind == "encoder":
            members = [self.fitted(each, parameters) for each in members or [member("feature")]]
            return self.component.build(members, **parameters)
        if self.component.kind == "combiner":
            sources = {"sources": SOURCES} if self.component.facts.get("sources") else {}
            if "encoder" in parameters:
                inner = RNN.parameters(state_size=4, reduce_output=None)
                parameters["encoder"] = functools.partial(RNN.build, **inner.model_dump())
            return self.component.build([[3], [2, 2]], **sources, **parameters)
        return self.component.build(7, TARGETS[self.feature], **parameters)

    def fitted(self, bare: Member, parameters: Mapping[str, Any]) -> Member:
        """Return a member with the facts of a fit as the encoder asks for it; the columns of two names differ."""
        if self.feature == "vector":
            bare = Member(bare.name, {**bare.facts, "vector_size": 3})
        asked = resolved(self.component.facts.get("asks", {}), parameters)
        if not asked:
            return bare
        if "target_statistics" in asked:
            return Member(bare.name, {**bare.facts, "statistics_width": 2})
        if self.feature == "text":
            return Member(bare.name, {**bare.facts, "rows": 12, "documents": [0, 3, 12, *range(1, WORDS - 2)]})
        column = pl.Series("x", np.random.default_rng(len(bare.name)).normal(size=60).round(len(bare.name) // 5))
        preprocessing = {**InputNumberPreprocessing().model_dump(), **asked}
        facts = InputNumber().fit(InputNumber().summarize(column, preprocessing), preprocessing)
        return Member(bare.name, {**bare.facts, **facts})

    def inputs(self, *, features: int = 1) -> tuple[Any, ...]:
        chance = torch.Generator().manual_seed(5)
        if self.component.kind == "combiner":
            groups: list[Any] = [torch.randn(ROWS, 3, generator=chance), torch.randn(ROWS, 4, generator=chance)]
            if self.component.facts.get("tokens"):
                mask = torch.arange(TOKENS) < LENGTHS.unsqueeze(1)
                values = torch.randn(ROWS, TOKENS, 4, generator=chance) * mask.unsqueeze(-1)
                groups[1] = TokenStates(values, mask)
            return (groups,)
        if self.component.kind == "decoder" and self.feature in SPOKEN:
            mask = torch.arange(TOKENS) < LENGTHS.unsqueeze(1)
            values = torch.randn(ROWS, TOKENS, 7, generator=chance) * mask.unsqueeze(-1)
            return TokenStates(values, mask), torch.randint(3, mask.shape, generator=chance).where(mask, NO_TOKEN)
        if self.component.kind == "decoder":
            return (torch.randn(ROWS, 7, generator=chance),)
        if self.feature in RAGGED:
            return torch.randint(WORDS, (ROWS, TOKENS), generator=chance), LENGTHS
        if "target_statistics" in self.component.facts.get("asks", {}):
            return (torch.randn(ROWS, 2 * features, generator=chance),)
        if self.feature == "category":
            return (torch.randint(WORDS - 1, (ROWS, features), generator=chance),)
        if self.feature == "date":
            parts = [torch.randint(13, (ROWS, 8), generator=chance).clamp(max=7) for _ in range(features)]
            return (torch.cat([torch.cat([torch.randn(ROWS, 1, generator=chance), each], 1) for each in parts], 1),)
        if self.feature == "h3":
            return (torch.cat([cells(chance) for _ in range(features)], 1),)
        values = torch.randn(ROWS, features * (3 if self.feature == "vector" else 1), generator=chance)
        if "missing_marks" not in self.component.facts.get("asks", {}):
            return (values,)
        return (torch.stack([values, (values > 0.5).float()], dim=-1).flatten(1),)


def cells(chance: torch.Generator) -> Tensor:
    """Return the 19 parts of a cell of each row, ``(row, 19)``: 0 to 15 digits, and 7 where there is none."""
    upper = torch.tensor([[1, 0, 9, 20], [2, 3, 0, 121], [1, 0, 15, 4], [1, 0, 2, 4], [4, 1, 5, 20], [1, 0, 8, 0]])
    digits = torch.randint(7, (ROWS, 15), generator=chance)
    return torch.cat([upper, digits.where(torch.arange(15) < upper[:, 2:3], 7)], 1).float()


def resolved(asks: Mapping[str, Any], parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {name: parameters[value[1:]] if str(value).startswith("$") else value for name, value in asks.items()}


def member(name: str, words: int = WORDS) -> Member:
    return Member(name, {"vocabulary": [f"word {index}" for index in range(words)], "counts": [3] * words})


COMPONENTS = _declared()
CASES = [(each, feature) for each in COMPONENTS for feature in each.features or ("",)]
NAMES = ["-".join(filter(None, (each.kind, feature, each.name))) for each, feature in CASES]

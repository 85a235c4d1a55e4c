"""The encoder ``dense`` of categories: a learned vector for each class, all features of one width in one table."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from itertools import accumulate
from typing import Any

import torch
from torch import Tensor, nn

from declml.components.dropout import Dropout
from declml.components.encoders.sequence_parts import fill_from_file, pretrained_embeddings_parameter
from declml.components.initializers import PLANNED_INITIALIZERS, WeightsInitializer, fill_weights, seeded_by
from declml.contracts import Facts, Member
from declml_schema.declare import Component, Parameters, parameter


class CategoryDenseParameters(Parameters):
    """What a config may say of ``dense`` for a category."""

    embedding_size: int = parameter(
        8,
        "The width of each class's vector, at most the number of classes; wider can tell classes apart in more ways.",
        ge=1,
        unit="values",
        common=True,
    )
    dropout: float = parameter(
        0.0,
        "The share of the vector's values set to zero at random in training; more guards against overfitting.",
        ge=0,
        lt=1,
        common=True,
    )
    embeddings_trainable: bool = parameter(
        True, "Whether the vectors are learned; otherwise each class keeps the random vector that it starts with."
    )
    embedding_initializer: WeightsInitializer | None = parameter(
        None, "How the vectors start; null draws them evenly from -1 to 1.", planned=PLANNED_INITIALIZERS
    )
    pretrained_embeddings: str | None = pretrained_embeddings_parameter()


class CategoryDense(nn.Module):
    """One table for a group of category features, each with its rows from an offset on.

    The vocabulary of a member's facts names its classes in the order of their ids. All members have the same width, as
    the fusion key sees to.
    Shape: ids ``(batch, feature)`` -> ``(batch, feature * width)``.
    """

    offsets: Tensor

    def __init__(
        self,
        members: Sequence[Member],
        *,
        embedding_size: int,
        dropout: float,
        embeddings_trainable: bool,
        embedding_initializer: WeightsInitializer | None,
        pretrained_embeddings: str | None,
    ) -> None:
        super().__init__()
        sizes = [len(member.facts["vocabulary"]) for member in members]
        width = _width(embedding_size, pretrained_embeddings, members[0].facts)
        self.widths = [width] * len(members)
        ends = list(accumulate(sizes))
        # Not saved: it follows from the vocabularies.
        self.register_buffer("offsets", torch.tensor([0, *ends[:-1]]), persistent=False)
        self.table = nn.Parameter(torch.empty(ends[-1], width), requires_grad=embeddings_trainable)
        for member, end, size in zip(members, ends, sizes, strict=True):
            with seeded_by(member.name):
                fill_weights(self.table.data[end - size : end], embedding_initializer or "uniform")
            if pretrained_embeddings is not None:
                fill_from_file(self.table.data[end - size : end], pretrained_embeddings, member.facts)
        self._has_read = pretrained_embeddings is not None
        self.dropout = Dropout(dropout)

    def extra_facts(self) -> dict[str, Any]:
        """Return what must be saved in the members' facts to build the same module without the file."""
        return {"vectors_read": True} if self._has_read else {}

    def forward(self, values: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Ids ``(batch, feature)`` -> ``(batch, feature * width)``; ``lengths`` has no meaning here."""
        vectors = nn.functional.embedding(values + self.offsets, self.table)  # (batch, feature, width)
        return self.dropout(vectors.flatten(1))


def _width(embedding_size: int, pretrained_embeddings: str | None, facts: Facts) -> int:
    if pretrained_embeddings is not None:
        return embedding_size  # a file's vectors are as wide as they are
    # As in Ludwig: more values than classes would tell nothing more.
    return min(embedding_size, len(facts["vocabulary"]))


def _same_width(parameters: Mapping[str, Any], facts: Mapping[str, Any]) -> Hashable:
    return _width(parameters["embedding_size"], parameters["pretrained_embeddings"], facts)


CATEGORY_DENSE = Component(
    kind="encoder",
    name="dense",
    doc="Turns each class into a vector that is learned with the model.",
    parameters=CategoryDenseParameters,
    features=("category",),
    build=CategoryDense,
    fusion=_same_width,
)

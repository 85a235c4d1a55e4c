"""The encoder ``sparse`` of categories: a vector as wide as there are classes, which starts as a one for its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from declml.components.dropout import Dropout
from declml.components.encoders.sequence_parts import fill_from_file, vocabulary_size
from declml.components.initializers import PLANNED_INITIALIZERS, WeightsInitializer, fill_weights
from declml.contracts import Member
from declml_schema.declare import Component, Parameters, parameter


class SparseParameters(Parameters):
    """What a config may say of ``sparse``."""

    dropout: float = parameter(
        0.0,
        "The share of the vector's values set to zero at random in training; more guards against overfitting.",
        ge=0,
        lt=1,
        common=True,
    )
    embeddings_trainable: bool = parameter(
        False,
        "Whether the vectors are learned; otherwise they stay as they start: one column for each class.",
        common=True,
    )
    embedding_initializer: WeightsInitializer | None = parameter(
        None, "How the vectors start; null starts each with a one for its own class.", planned=PLANNED_INITIALIZERS
    )
    pretrained_embeddings: str | None = parameter(
        None,
        "A file with a class and as many numbers as there are classes in each line, such as how alike they are, from"
        " which the vectors start.",
        min_length=1,
        reference="file",
    )


class Sparse(nn.Module):
    """Look the class's vector up in a square table.

    Shape: ids ``(batch, 1)`` -> ``(batch, class)``.
    """

    def __init__(
        self,
        members: Sequence[Member],
        *,
        dropout: float,
        embeddings_trainable: bool,
        embedding_initializer: WeightsInitializer | None,
        pretrained_embeddings: str | None,
    ) -> None:
        super().__init__()
        width = vocabulary_size(members[0].facts)
        self.widths = [width]
        self.table = nn.Parameter(torch.empty(width, width), requires_grad=embeddings_trainable)
        fill_weights(self.table.data, embedding_initializer or "identity")
        self._has_read = pretrained_embeddings is not None
        if pretrained_embeddings is not None:
            fill_from_file(self.table.data, pretrained_embeddings, members[0].facts)
        self.dropout = Dropout(dropout)

    def extra_facts(self) -> dict[str, Any]:
        """Return what must be saved in the member's facts to build the same module without the file."""
        return {"vectors_read": True} if self._has_read else {}

    def forward(self, values: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Ids ``(batch, 1)`` -> ``(batch, class)``; ``lengths`` has no meaning here."""
        return self.dropout(nn.functional.embedding(values.squeeze(1), self.table))


SPARSE = Component(
    kind="encoder",
    name="sparse",
    doc="Turns the category into one column per class, which may be learned further; the table is square: few classes.",
    parameters=SparseParameters,
    features=("category",),
    build=Sparse,
)

"""The encoder ``sparse`` of categories: a vector as wide as there are classes, which starts as a one for its own."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from declml.components.dropout import Dropout
from declml.components.encoders.sequence_parts import vocabulary_size
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
    ) -> None:
        super().__init__()
        width = vocabulary_size(members[0].facts)
        self.widths = [width]
        self.table = nn.Parameter(torch.empty(width, width), requires_grad=embeddings_trainable)
        fill_weights(self.table.data, embedding_initializer or "identity")
        self.dropout = Dropout(dropout)

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

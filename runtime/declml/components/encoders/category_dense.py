"""The encoder ``dense`` of categories: a learned vector for each class, all features of one width in one table."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from itertools import accumulate
from typing import Any, Literal

import torch
from torch import Tensor, nn

from declml.components.dropout import Dropout
from declml.components.encoders.sequence_parts import fill_from_file, pretrained_embeddings_parameter
from declml.components.initializers import PLANNED_INITIALIZERS, WeightsInitializer, fill_weights, seeded_by
from declml.contracts import Facts, Member
from declml_schema.declare import Component, Parameters, parameter

_MANY = 255
"""As many labels as gradient boosting takes for categories at most, as a rule."""
_AUTO_STRENGTH = 50.0


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
    label_dropout: float | Literal["auto"] = parameter(
        "auto",
        "How often a class of n rows counts as unknown in training: a share of this / (this + n), so that rare ones are"
        " not learned by heart; auto takes 50 for more than 255 classes, else 0.",
        ge=0,
        unit="rows",
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
    the fusion key sees to. ``label_dropout`` is the word dropout of Kiperwasser and Goldberg (2016, arXiv:1603.04351,
    section 5.1).
    Shape: ids ``(batch, feature)`` -> ``(batch, feature * width)``.
    """

    offsets: Tensor
    rates: Tensor | None

    def __init__(
        self,
        members: Sequence[Member],
        *,
        embedding_size: int,
        dropout: float,
        label_dropout: float | Literal["auto"],
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
        strengths = [_strength(label_dropout, size) for size in sizes]
        rates = [_rates(each, member.facts) for each, member in zip(strengths, members, strict=True)]
        self.register_buffer("rates", torch.cat(rates) if any(strengths) else None, persistent=False)
        self._has_read = pretrained_embeddings is not None
        self.dropout = Dropout(dropout)

    def extra_facts(self) -> dict[str, Any]:
        """Return what must be saved in the members' facts to build the same module without the file."""
        return {"vectors_read": True} if self._has_read else {}

    def forward(self, values: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Ids ``(batch, feature)`` -> ``(batch, feature * width)``; ``lengths`` has no meaning here."""
        ids = values + self.offsets
        if self.training and self.rates is not None:
            is_left_out = torch.rand(ids.shape, device=ids.device) < self.rates[ids]
            ids = torch.where(is_left_out, self.offsets, ids)  # the first class of each feature is the unknown one
        vectors = nn.functional.embedding(ids, self.table)  # (batch, feature, width)
        return self.dropout(vectors.flatten(1))


def _strength(label_dropout: float | Literal["auto"], classes: int) -> float:
    if label_dropout != "auto":
        return label_dropout
    return _AUTO_STRENGTH if classes > _MANY else 0.0


def _rates(strength: float, facts: Facts) -> Tensor:
    """Return how probable it is for each class to be left out, ``(class,)``."""
    if not strength or torch.get_default_device().type == "meta":  # there figures are asked for, and no memory is taken
        return torch.zeros(len(facts["vocabulary"]))
    return strength / (strength + torch.tensor(facts["counts"], dtype=torch.float32))


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

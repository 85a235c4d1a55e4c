"""The encoder ``hash`` of categories: many classes share few vectors, by the hash of their names."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from declml.components.encoders.fusion import one_group
from declml.components.initializers import fill_weights, seeded_by
from declml.contracts import Facts, Member
from declml_schema.declare import Component, Parameters, parameter


class HashParameters(Parameters):
    """What a config may say of ``hash``."""

    num_hash_buckets: int = parameter(
        1024,
        "How many vectors there are; fewer need less memory and give more classes the same one.",
        ge=1,
        common=True,
    )
    embedding_size: int = parameter(
        50, "The width of each vector; wider can tell classes apart in more ways.", ge=1, unit="values", common=True
    )


class Hash(nn.Module):
    """One table for a group of category features, each with its vectors from an offset on.

    Shape: ids ``(batch, feature)`` -> ``(batch, feature * embedding_size)``.
    """

    buckets: Tensor
    offsets: Tensor

    def __init__(self, members: Sequence[Member], *, num_hash_buckets: int, embedding_size: int) -> None:
        super().__init__()
        self.widths = [embedding_size] * len(members)
        buckets = [
            index * num_hash_buckets + bucket
            for index, member in enumerate(members)
            for bucket in _buckets(member.facts, num_hash_buckets)
        ]
        starts = [0]
        for member in members:
            starts.append(starts[-1] + len(member.facts["vocabulary"]))
        # Not saved: they follow from the vocabularies.
        self.register_buffer("buckets", torch.tensor(buckets), persistent=False)
        self.register_buffer("offsets", torch.tensor(starts[:-1]), persistent=False)
        self.table = nn.Parameter(torch.empty(len(members) * num_hash_buckets, embedding_size))
        for index, member in enumerate(members):
            with seeded_by(member.name):
                fill_weights(self.table.data[index * num_hash_buckets : (index + 1) * num_hash_buckets], "uniform")

    def forward(self, values: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Ids ``(batch, feature)`` -> ``(batch, feature * embedding_size)``; ``lengths`` has no meaning here."""
        return nn.functional.embedding(self.buckets[values + self.offsets], self.table).flatten(1)


def _buckets(facts: Facts, number: int) -> list[int]:
    """Return the bucket of each class, by its name: the same on every machine and in every vocabulary."""
    digests = (hashlib.blake2b(str(label).encode(), digest_size=8).digest() for label in facts["vocabulary"])
    return [int.from_bytes(digest, "little") % number for digest in digests]


HASH = Component(
    kind="encoder",
    name="hash",
    doc="Gives classes one of few vectors by the hash of their name: for more classes than a table has room for.",
    parameters=HashParameters,
    features=("category",),
    build=Hash,
    fusion=one_group,
)

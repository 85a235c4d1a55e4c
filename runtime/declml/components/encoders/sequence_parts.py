"""What the text encoders share: token vectors, masks, and the ways to make one vector of many."""

from __future__ import annotations

from typing import Literal, TypeAlias

import torch
from torch import Tensor, nn

from declml.components.initializers import WeightsInitializer, fill_weights
from declml.contracts import Facts
from declml_schema.declare import Parameters, parameter

ReduceOutput: TypeAlias = Literal["last", "sum", "mean", "avg", "max"]

PLANNED_REDUCTIONS = ["concat", "attention", "attention_pooling", "none", None]


class TokenParameters(Parameters):
    """How tokens become vectors."""

    embedding_size: int = parameter(
        256,
        "The width of each token's vector; wider can hold more of a word's meaning and costs more memory and time.",
        ge=1,
        unit="values",
        common=True,
    )
    embeddings_trainable: bool = parameter(
        True, "Whether the vectors are learned; otherwise each token keeps the random vector that it starts with."
    )


class TokenVectors(nn.Module):
    """A vector for each token, with zeros for the padding.

    Shape: ids ``(batch, token)`` and their mask -> ``(batch, token, width)``.
    """

    def __init__(
        self, facts: Facts, *, embedding_size: int, embeddings_trainable: bool, initializer: WeightsInitializer
    ) -> None:
        super().__init__()
        self.table = nn.Parameter(
            torch.empty(vocabulary_size(facts), embedding_size), requires_grad=embeddings_trainable
        )
        fill_weights(self.table.data, initializer)

    def forward(self, values: Tensor, mask: Tensor) -> Tensor:
        """Ids ``(batch, token)``, mask ``(batch, token)`` -> ``(batch, token, width)``."""
        return nn.functional.embedding(values, self.table) * mask.unsqueeze(-1)


def vocabulary_size(facts: Facts) -> int:
    """Return how many token ids there are, from a list ``vocabulary`` or the number ``vocabulary_size``."""
    return len(facts["vocabulary"]) if "vocabulary" in facts else int(facts["vocabulary_size"])


def own_tokens(values: Tensor, lengths: Tensor | None) -> tuple[Tensor, Tensor]:
    """Return the ids and their mask, both ``(batch, token)``: true for a row's own tokens, false for its padding.

    Without ``lengths`` all tokens are the row's own. Where all texts are empty they get one token of padding, since
    neither convolutions nor recurrent layers take none.
    """
    if values.shape[1] == 0:
        values = values.new_zeros(len(values), 1)
        return values, torch.zeros_like(values, dtype=torch.bool)
    if lengths is None:
        return values, torch.ones_like(values, dtype=torch.bool)
    return values, torch.arange(values.shape[1], device=values.device) < lengths.unsqueeze(1)


def reduce_tokens(hidden: Tensor, mask: Tensor, how: ReduceOutput) -> Tensor:
    """``(batch, token, width)`` -> ``(batch, width)`` over the tokens of the mask; a row without tokens gives zeros."""
    if how == "sum":
        return (hidden * mask.unsqueeze(-1)).sum(1)
    counts = mask.sum(1, keepdim=True)  # (batch, 1)
    if how in ("mean", "avg"):
        return (hidden * mask.unsqueeze(-1)).sum(1) / counts.clamp(min=1)
    if how == "max":
        most = hidden.masked_fill(~mask.unsqueeze(-1), float("-inf")).amax(1)
        return most.masked_fill(counts == 0, 0.0)
    last = (counts - 1).clamp(min=0).unsqueeze(-1).expand(-1, 1, hidden.shape[-1])  # (batch, 1, width)
    return hidden.gather(1, last).squeeze(1) * (counts > 0)

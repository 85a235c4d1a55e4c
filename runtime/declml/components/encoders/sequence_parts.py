"""What the text encoders share: token vectors and masks."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from declml.components.initializers import WeightsInitializer, fill_weights
from declml.contracts import Facts
from declml_schema.declare import Parameters, parameter


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

    Where the facts state a ``token_width`` the tokens come as vectors of it, ``(batch, token, token_width)``, and are
    brought to the width.
    Shape: ids ``(batch, token)`` and their mask -> ``(batch, token, width)``.
    """

    def __init__(
        self, facts: Facts, *, embedding_size: int, embeddings_trainable: bool, initializer: WeightsInitializer
    ) -> None:
        super().__init__()
        rows = facts["token_width"] if "token_width" in facts else vocabulary_size(facts)
        self.table = nn.Parameter(torch.empty(rows, embedding_size), requires_grad=embeddings_trainable)
        fill_weights(self.table.data, initializer)

    def forward(self, values: Tensor, mask: Tensor) -> Tensor:
        """Ids ``(batch, token)``, mask ``(batch, token)`` -> ``(batch, token, width)``."""
        vectors = values @ self.table if values.dim() == 3 else nn.functional.embedding(values, self.table)
        return vectors * mask.unsqueeze(-1)


def vocabulary_size(facts: Facts) -> int:
    """Return how many token ids there are, from a list ``vocabulary`` or the number ``vocabulary_size``."""
    return len(facts["vocabulary"]) if "vocabulary" in facts else int(facts["vocabulary_size"])


def own_tokens(values: Tensor, lengths: Tensor | None) -> tuple[Tensor, Tensor]:
    """Return the ids or vectors and their mask ``(batch, token)``: true for a row's own tokens, false for its padding.

    Without ``lengths`` all tokens are the row's own. Where all texts are empty they get one token of padding, since
    neither convolutions nor recurrent layers take none.
    """
    if values.shape[1] == 0:
        values = values.new_zeros(len(values), 1, *values.shape[2:])
        return values, values.new_zeros(len(values), 1, dtype=torch.bool)
    if lengths is None:
        return values, values.new_ones(values.shape[:2], dtype=torch.bool)
    return values, torch.arange(values.shape[1], device=values.device) < lengths.unsqueeze(1)

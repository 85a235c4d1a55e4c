"""The text encoder ``embed``: a vector for each token, reduced to one; the order of the words does not count."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from declml.components.dropout import Dropout
from declml.components.encoders.sequence_parts import TokenParameters, TokenVectors, own_tokens
from declml.components.initializers import PLANNED_INITIALIZERS, WeightsInitializer
from declml.components.token_states import PLANNED_REDUCTIONS, ReduceOutput, keeps_tokens, reduced
from declml.contracts import Member, TokenStates
from declml_schema.declare import Component, parameter


class EmbedParameters(TokenParameters):
    """What a config may say of ``embed``."""

    dropout: float = parameter(
        0.0,
        "The share of the token vectors' values set to zero at random in training; more guards against overfitting.",
        ge=0,
        lt=1,
        common=True,
    )
    weights_initializer: WeightsInitializer = parameter(
        "uniform",
        "How the token vectors start; the default draws them evenly from -1 to 1.",
        planned=PLANNED_INITIALIZERS,
    )
    reduce_output: ReduceOutput = parameter(
        "sum",
        "How the vectors of all tokens become one; sum grows with the length of the text, mean does not.",
        planned=PLANNED_REDUCTIONS,
        common=True,
    )


class Embed(nn.Module):
    """Look up each token's vector and reduce them.

    Shape: ids ``(batch, token)`` -> ``(batch, embedding_size)``, or a vector for each token.
    """

    def __init__(
        self,
        members: Sequence[Member],
        *,
        embedding_size: int,
        embeddings_trainable: bool,
        dropout: float,
        weights_initializer: WeightsInitializer,
        reduce_output: ReduceOutput,
    ) -> None:
        super().__init__()
        self.widths = [embedding_size]
        self.tokens = TokenVectors(
            members[0].facts,
            embedding_size=embedding_size,
            embeddings_trainable=embeddings_trainable,
            initializer=weights_initializer,
        )
        self.dropout = Dropout(dropout)
        self.reduce_output: ReduceOutput = reduce_output
        self.per_token = keeps_tokens(reduce_output)

    def forward(self, values: Tensor, lengths: Tensor | None = None) -> Tensor | TokenStates:
        """Ids ``(batch, token)`` -> ``(batch, embedding_size)``."""
        values, mask = own_tokens(values, lengths)
        return reduced(self.dropout(self.tokens(values, mask)), mask, self.reduce_output, nn.Identity())


EMBED = Component(
    kind="encoder",
    name="embed",
    doc="Turns each token into a learned vector and adds them up; fast, and blind to the order of the words.",
    parameters=EmbedParameters,
    features=("sequence", "text"),
    build=Embed,
)

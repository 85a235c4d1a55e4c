"""The text encoder ``embed``: a vector for each token, reduced to one; the order of the words does not count."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from declml.components.dropout import Dropout
from declml.components.encoders.sequence_parts import TOKEN_RULES, Representation, TokenParameters, TokenVectors
from declml.components.initializers import PLANNED_INITIALIZERS, WeightsInitializer
from declml.components.token_states import PLANNED_REDUCTIONS, ReduceOutput, TokenReduction
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

    Shape: ids ``(batch, token)`` -> ``(batch, width)``, or a vector for each token.
    """

    def __init__(  # noqa: PLR0913 - one argument for each parameter of a config
        self,
        members: Sequence[Member],
        *,
        embedding_size: int,
        embeddings_trainable: bool,
        representation: Representation,
        pretrained_embeddings: str | None,
        should_embed: bool,
        max_sequence_length: int | None,
        dropout: float,
        weights_initializer: WeightsInitializer,
        reduce_output: ReduceOutput,
    ) -> None:
        super().__init__()
        self.tokens = TokenVectors(
            members[0].facts,
            embedding_size=embedding_size,
            embeddings_trainable=embeddings_trainable,
            representation=representation,
            pretrained_embeddings=pretrained_embeddings,
            should_embed=should_embed,
            max_sequence_length=max_sequence_length,
            initializer=weights_initializer,
        )
        self.widths = [self.tokens.width]
        self.dropout = Dropout(dropout)
        self.reduce = TokenReduction(reduce_output, self.tokens.width)
        self.per_token = self.reduce.per_token

    def forward(self, values: Tensor, lengths: Tensor | None = None) -> Tensor | TokenStates:
        """Ids ``(batch, token)`` -> ``(batch, width)``."""
        values, mask = self.tokens.own_tokens(values, lengths)
        return self.reduce(self.dropout(self.tokens(values, mask)), mask, nn.Identity())


EMBED = Component(
    kind="encoder",
    name="embed",
    doc="Turns each token into a learned vector and adds them up; fast, and blind to the order of the words.",
    parameters=EmbedParameters,
    features=("sequence", "text"),
    build=Embed,
    rules=TOKEN_RULES,
)

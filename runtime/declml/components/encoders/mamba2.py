"""The text encoder ``mamba2``: state spaces as matrix products (Dao and Gu 2024, arXiv:2405.21060)."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from declml.components.dropout import Dropout
from declml.components.encoders.plain_linear import plain_linear
from declml.components.encoders.sequence_parts import TOKEN_RULES, Representation, TokenVectors
from declml.components.encoders.state_space_blocks import Mamba2Block, StateSpaceParameters
from declml.components.token_states import ReduceOutput, TokenReduction
from declml.contracts import Member, TokenStates
from declml_schema.declare import Component, Rule, parameter


class Mamba2Parameters(StateSpaceParameters):
    """What a config may say of ``mamba2``."""

    num_heads: int = parameter(
        8, "How many parts of a token's vector have a rate of forgetting of their own.", ge=1, common=True
    )
    output_size: int = parameter(
        256, "The width of the vector that the text becomes; wider costs more later.", ge=1, unit="values"
    )


class Mamba2(nn.Module):
    """Token vectors, layers of Mamba 2, one vector for the text, and a linear layer.

    Shape: ids ``(batch, token)`` -> ``(batch, output_size)``, or a vector for each token.
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
        d_model: int,
        n_layers: int,
        num_heads: int,
        d_conv: int,
        expand_factor: int,
        dropout: float,
        reduce_output: ReduceOutput,
        output_size: int,
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
            initializer="uniform",
        )
        self.project = plain_linear(self.tokens.width, d_model) if self.tokens.width != d_model else nn.Identity()
        self.dropout = Dropout(dropout)
        self.layers = nn.Sequential(
            *(
                Mamba2Block(
                    d_model, heads=num_heads, conv=d_conv, expand=expand_factor, dropout=dropout, linear=plain_linear
                )
                for _ in range(n_layers)
            )
        )
        self.norm = nn.RMSNorm(d_model)
        self.answer = plain_linear(d_model, output_size)
        self.widths = [output_size]
        self.reduce = TokenReduction(reduce_output, d_model)
        self.per_token = self.reduce.per_token

    def forward(self, values: Tensor, lengths: Tensor | None = None) -> Tensor | TokenStates:
        """Ids ``(batch, token)`` -> ``(batch, output_size)``; what comes after a token does not touch it."""
        values, mask = self.tokens.own_tokens(values, lengths)
        hidden = self.layers(self.dropout(self.project(self.tokens(values, mask))))  # (batch, token, width)
        return self.reduce(self.norm(hidden), mask, self.answer)


MAMBA2 = Component(
    kind="encoder",
    name="mamba2",
    doc="Reads the text in order like mamba, by matrix products that are quicker over long texts.",
    parameters=Mamba2Parameters,
    features=("sequence", "text"),
    build=Mamba2,
    rules=(
        *TOKEN_RULES,
        Rule("divisible", "d_model", "num_heads", doc="Each head gets an equal share of a token's vector."),
    ),
)

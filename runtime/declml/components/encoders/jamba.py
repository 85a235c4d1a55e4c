"""The text encoder ``jamba``: Mamba with attention in every so many layers (arXiv:2403.19887)."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from declml.components.dropout import Dropout
from declml.components.encoders.plain_linear import plain_linear
from declml.components.encoders.sequence_parts import TOKEN_RULES, Representation, TokenVectors
from declml.components.encoders.state_space_blocks import MambaBlock, StateSpaceParameters
from declml.components.layer_list import MOST_LAYERS
from declml.components.token_states import ReduceOutput, TokenReduction
from declml.contracts import Member, TokenStates
from declml_schema.declare import Component, Rule, parameter

_STATE = 16


class JambaParameters(StateSpaceParameters):
    """What a config may say of ``jamba``."""

    n_layers: int = parameter(
        8, "How many layers stand on each other; more follow longer thoughts and cost as much each.", ge=1,
        le=MOST_LAYERS, common=True,
    )  # fmt: skip
    attention_every_k: int = parameter(
        4, "In every how many layers there is attention in place of a state space.", ge=1, unit="layers", common=True
    )
    num_heads: int = parameter(
        8, "How many tokens each token can look at for different reasons; d_model must be a multiple.", ge=1
    )
    ffn_size: int = parameter(1024, "The width of the dense layer inside each layer.", ge=1, unit="values")
    output_size: int = parameter(
        256, "The width of the vector that the text becomes; wider costs more later.", ge=1, unit="values"
    )


class Jamba(nn.Module):
    """Token vectors, layers of Mamba or attention with dense layers in each, one vector, and a linear layer.

    The dense layers are plain: no mixture of experts, as in Ludwig.
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
        attention_every_k: int,
        num_heads: int,
        ffn_size: int,
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
        layers: list[nn.Module] = []
        for index in range(n_layers):
            if (index + 1) % attention_every_k == 0:
                layers.append(_Attention(d_model, num_heads, dropout))
            else:
                layers.append(
                    MambaBlock(
                        d_model, state=_STATE, conv=d_conv, expand=expand_factor, dropout=dropout, linear=plain_linear
                    )
                )
            layers.append(_Dense(d_model, ffn_size, dropout))
        self.layers = nn.Sequential(*layers)
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


class _Attention(nn.Module):
    """Attention of each token to those up to it, added to it: ``(batch, token, width)`` -> the same.

    It knows no places: the state spaces before it do.
    """

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self._heads = heads
        self.norm = nn.RMSNorm(width)
        self.attention = plain_linear(width, 3 * width)
        self.answer = plain_linear(width, width)
        self.dropout = Dropout(dropout)

    def forward(self, hidden: Tensor) -> Tensor:
        """As above."""
        parts = self.attention(self.norm(hidden)).unflatten(-1, (3, self._heads, -1))
        query, key, value = parts.permute(2, 0, 3, 1, 4)  # (batch, head, token, width) each
        found = nn.functional.scaled_dot_product_attention(query, key, value, is_causal=True)
        return hidden + self.dropout(self.answer(found.transpose(1, 2).flatten(2)))


class _Dense(nn.Module):
    """Two dense layers, one half of the first gating the other, added to what came in."""

    def __init__(self, width: int, inner: int, dropout: float) -> None:
        super().__init__()
        self.norm = nn.RMSNorm(width)
        self.enter = plain_linear(width, 2 * inner)
        self.leave = plain_linear(inner, width)
        self.dropout = Dropout(dropout)

    def forward(self, hidden: Tensor) -> Tensor:
        """``(batch, token, width)`` -> the same."""
        gates, values = self.enter(self.norm(hidden)).chunk(2, dim=-1)
        return hidden + self.dropout(self.leave(nn.functional.silu(gates) * values))


JAMBA = Component(
    kind="encoder",
    name="jamba",
    doc="Reads the text with layers of mamba and attention now and then: states for the long run, it for detail.",
    parameters=JambaParameters,
    features=("sequence", "text"),
    build=Jamba,
    rules=(
        *TOKEN_RULES,
        Rule("divisible", "d_model", "num_heads", doc="Each head gets an equal share of a token's vector."),
    ),
)

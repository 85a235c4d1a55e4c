"""The text encoder ``transformer``: attention between all tokens (Vaswani et al. 2017, arXiv:1706.03762)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor, nn

from declml.components.activations import LayerActivation
from declml.components.dense_stack import DenseStack, Linear
from declml.components.dropout import Dropout
from declml.components.encoders.fc_after import FC_RULES, FcParameters
from declml.components.encoders.sequence_parts import TOKEN_RULES, Representation, TokenParameters, TokenVectors
from declml.components.initializers import BiasInitializer, WeightsInitializer
from declml.components.layer_list import MOST_LAYERS, FcLayer, stack_widths
from declml.components.norms import Norm, NormParams
from declml.components.token_states import PLANNED_REDUCTIONS, ReduceOutput, TokenReduction
from declml.contracts import Member, TokenStates
from declml_schema.declare import Component, Rule, parameter

_LONGEST_WAVE = 10_000  # tokens, as in the paper


class TransformerParameters(TokenParameters, FcParameters):
    """What a config may say of ``transformer``."""

    num_layers: int = parameter(
        1,
        "How many layers of attention stand on each other; more follow longer thoughts and cost as much each.",
        ge=1,
        le=MOST_LAYERS,
        common=True,
    )
    hidden_size: int = parameter(
        256, "The width of each token's vector between the layers; a multiple of num_heads.", ge=1, common=True
    )
    num_heads: int = parameter(8, "How many tokens each token can look at for different reasons.", ge=1, common=True)
    transformer_output_size: int = parameter(
        256, "The width inside each layer, after the attention; wider costs more time.", ge=1, unit="values"
    )
    use_rope: bool = parameter(
        False, "Whether tokens know how far apart they stand, in the attention itself, and not where each stands."
    )
    dropout: float = parameter(
        0.1,
        "The share of values set to zero at random in training, in the token vectors and in each layer.",
        ge=0,
        lt=1,
        common=True,
    )
    reduce_output: ReduceOutput = parameter(
        "last",
        "How the vectors of all tokens become one; mean or max see the whole text more evenly than last.",
        planned=PLANNED_REDUCTIONS,
        common=True,
    )


class Transformer(nn.Module):
    """Token vectors with their places, layers of attention, one vector for the text, then dense layers if any.

    The norms stand before the attention and after the last layer (Xiong et al. 2020, arXiv:2002.04745), not behind as
    Ludwig's: so it learns without a warm-up.
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
        num_layers: int,
        hidden_size: int,
        num_heads: int,
        transformer_output_size: int,
        use_rope: bool,
        dropout: float,
        reduce_output: ReduceOutput,
        num_fc_layers: int,
        output_size: int,
        use_bias: bool,
        weights_initializer: WeightsInitializer,
        bias_initializer: BiasInitializer,
        norm: Norm | None,
        norm_params: NormParams | None,
        fc_layers: Sequence[FcLayer] | None,
        fc_activation: LayerActivation | None,
        fc_dropout: float,
    ) -> None:
        super().__init__()
        linear = partial(
            Linear,
            use_bias=use_bias,
            weights_initializer=weights_initializer,
            bias_initializer=bias_initializer,
        )
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
        self.project = linear(self.tokens.width, hidden_size) if self.tokens.width != hidden_size else nn.Identity()
        self.dropout = Dropout(dropout)
        self.layers = nn.ModuleList(
            _Layer(hidden_size, num_heads, transformer_output_size, dropout=dropout, linear=linear, rope=use_rope)
            for _ in range(num_layers)
        )
        self.use_rope = use_rope
        self.norm = nn.LayerNorm(hidden_size)
        self.reduce = TokenReduction(reduce_output, hidden_size)
        self.per_token = self.reduce.per_token
        self.stack = DenseStack(
            hidden_size,
            stack_widths(num_fc_layers, output_size, fc_layers),
            use_bias=use_bias,
            weights_initializer=weights_initializer,
            bias_initializer=bias_initializer,
            activation=fc_activation,
            dropout=fc_dropout,
            norm=norm,
            norm_params=norm_params,
            fc_layers=fc_layers,
        )
        self.widths = [self.stack.width]

    def forward(self, values: Tensor, lengths: Tensor | None = None) -> Tensor | TokenStates:
        """Ids ``(batch, token)`` -> ``(batch, width)``; a text without tokens gives what zeros give."""
        values, mask = self.tokens.own_tokens(values, lengths)
        hidden = self.project(self.tokens(values, mask))  # (batch, token, hidden)
        if not self.use_rope:
            hidden = hidden + places(hidden.shape[1], hidden.shape[2], hidden)
        hidden = self.dropout(hidden)
        # Attention over nothing is not a number: an empty row attends to its first place and is left out below.
        empty = ~mask.any(1, keepdim=True)
        seen = mask | (empty & (torch.arange(mask.shape[1], device=mask.device) == 0))
        for layer in self.layers:
            hidden = layer(hidden, seen)
        return self.reduce(self.norm(hidden), mask, self.stack)


class _Layer(nn.Module):
    """Attention, then two dense layers, each added to what came in: ``(batch, token, hidden)`` -> the same shape."""

    def __init__(
        self, width: int, heads: int, inner: int, *, dropout: float, linear: partial[Linear], rope: bool
    ) -> None:
        super().__init__()
        self.rope = rope
        self.heads = heads
        self.before_attention = nn.LayerNorm(width)
        self.attention = linear(width, 3 * width)
        self.answer = linear(width, width)
        self.before_dense = nn.LayerNorm(width)
        self.dense = nn.Sequential(linear(width, inner), nn.ReLU(), Dropout(dropout), linear(inner, width))
        self.dropout = Dropout(dropout)

    def forward(self, hidden: Tensor, seen: Tensor) -> Tensor:
        parts = self.attention(self.before_attention(hidden)).unflatten(-1, (3, self.heads, -1))
        query, key, value = parts.permute(2, 0, 3, 1, 4)  # (batch, head, token, width) each
        if self.rope:
            query, key = turned(query), turned(key)
        found = nn.functional.scaled_dot_product_attention(query, key, value, attn_mask=seen[:, None, None, :])
        hidden = hidden + self.dropout(self.answer(found.transpose(1, 2).flatten(2)))
        return hidden + self.dropout(self.dense(self.before_dense(hidden)))


def turned(vectors: Tensor) -> Tensor:
    """Turn pairs of values by angles that grow with the place (Su et al. 2021, arXiv:2104.09864): the same shape.

    The product of two turned vectors depends on how far apart they stand. An odd last value stays as it is.
    """
    pairs = vectors.shape[-1] // 2
    waves = places(vectors.shape[-2], 2 * pairs, vectors).unflatten(-1, (pairs, 2))  # (token, pair, sine and cosine)
    sine, cosine = waves[..., 0], waves[..., 1]
    left, right, rest = vectors[..., :pairs], vectors[..., pairs : 2 * pairs], vectors[..., 2 * pairs :]
    return torch.cat([left * cosine - right * sine, left * sine + right * cosine, rest], dim=-1)


def places(tokens: int, width: int, like: Tensor) -> Tensor:
    """Return waves of many lengths that tell each place from the others, ``(token, width)``."""
    steps = torch.arange((width + 1) // 2, device=like.device, dtype=like.dtype)
    angles = torch.arange(tokens, device=like.device, dtype=like.dtype).unsqueeze(1) * torch.exp(
        steps * (-2 * math.log(_LONGEST_WAVE) / width)
    )
    return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(1)[:, :width]


TRANSFORMER = Component(
    kind="encoder",
    name="transformer",
    doc="Lets every token look at every other, with a small transformer that is trained from scratch.",
    parameters=TransformerParameters,
    features=("sequence", "text"),
    build=Transformer,
    rules=(
        *TOKEN_RULES,
        *FC_RULES,
        Rule("divisible", "hidden_size", "num_heads", (), "Each head gets an equal share of the vector."),
    ),
)

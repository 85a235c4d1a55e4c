"""The decoder ``transformer_generator``: says one token after the other with a small transformer."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor, nn

from declml.components.activations import LayerActivation
from declml.components.decoders.beam_search import State
from declml.components.decoders.output_head import HEAD_LAYER_RULES
from declml.components.decoders.speaking import (
    SPEAKING_RULES,
    GeneratorParameters,
    Speaker,
    fc_stack,
    one_vector,
)
from declml.components.dense_stack import Linear
from declml.components.dropout import Dropout
from declml.components.encoders.transformer import places
from declml.components.initializers import BiasInitializer, WeightsInitializer
from declml.components.layer_list import MOST_LAYERS, FcLayer
from declml.components.norms import Norm, NormParams
from declml.components.token_states import KeepTokens, Reduction
from declml.contracts import Facts, TokenStates
from declml_schema.declare import Component, Rule, parameter

_linear = partial(Linear, use_bias=True, weights_initializer="xavier_uniform", bias_initializer="zeros")


class TransformerGeneratorParameters(GeneratorParameters):
    """What a config may say of ``transformer_generator``."""

    d_model: int = parameter(
        256, "The width of each token's vector between the layers; a multiple of num_heads.", ge=1, unit="values",
        common=True,
    )  # fmt: skip
    num_layers: int = parameter(
        2,
        "How many layers stand on each other; more follow longer thoughts and cost as much each.",
        ge=1,
        le=MOST_LAYERS,
        common=True,
    )
    num_heads: int = parameter(8, "How many tokens each token can look at for different reasons.", ge=1, common=True)
    ffn_size: int = parameter(
        1024, "The width inside each layer, after the attention; wider costs more time.", ge=1, unit="values"
    )
    dropout: float = parameter(
        0.1,
        "The share of values set to zero at random in training, in the token vectors and in each layer.",
        ge=0,
        lt=1,
        common=True,
    )
    reduce_input: Reduction | KeepTokens = parameter(
        "sum",
        "How the vectors of tokens become the one that is spoken from, where the combiner keeps them; null looks at"
        " each of them instead, which is what copies, orders and translates.",
        planned=["concat"],
        common=True,
    )


class TransformerGenerator(Speaker):
    """Layers in which each token looks at those before it, then at what is spoken from: one vector or all tokens.

    The norms stand before the attention and after the last layer, as in the encoder ``transformer``.
    """

    def __init__(  # noqa: PLR0913 - one argument for each parameter of a config
        self,
        width: int,
        facts: Facts,
        *,
        d_model: int,
        num_layers: int,
        num_heads: int,
        ffn_size: int,
        dropout: float,
        reduce_input: Reduction | KeepTokens,
        max_sequence_length: int | None,
        beam_width: int,
        beam_length_penalty: float,
        num_fc_layers: int,
        fc_output_size: int,
        fc_use_bias: bool,
        fc_activation: LayerActivation | None,
        fc_dropout: float,
        fc_norm: Norm | None,
        fc_weights_initializer: WeightsInitializer,
        fc_bias_initializer: BiasInitializer,
        fc_norm_params: NormParams | None = None,
        fc_layers: Sequence[FcLayer] | None = None,
    ) -> None:
        super().__init__(
            facts,
            max_sequence_length=max_sequence_length,
            beam_width=beam_width,
            beam_length_penalty=beam_length_penalty,
        )
        self.reduce_input: Reduction | KeepTokens = reduce_input
        self.stack = fc_stack(
            width,
            num_fc_layers=num_fc_layers,
            fc_output_size=fc_output_size,
            fc_use_bias=fc_use_bias,
            fc_activation=fc_activation,
            fc_dropout=fc_dropout,
            fc_norm=fc_norm,
            fc_weights_initializer=fc_weights_initializer,
            fc_bias_initializer=fc_bias_initializer,
            fc_norm_params=fc_norm_params,
            fc_layers=fc_layers,
        )
        self.enter = _linear(self.stack.width, d_model)
        self.vectors = nn.Embedding(self.words + 1, d_model)
        self.dropout = Dropout(dropout)
        self.layers: nn.ModuleList = nn.ModuleList(
            _Layer(d_model, num_heads, ffn_size, dropout=dropout, chooses=reduce_input in (None, "none"))
            for _ in range(num_layers)
        )
        self.norm = nn.LayerNorm(d_model)
        self.answer = _linear(d_model, self.words)

    def memory(self, combined: Tensor | TokenStates) -> State:
        """Return the vectors that are looked at, ``(batch, memory, width)``, and where there are such."""
        if isinstance(combined, TokenStates) and self.reduce_input in (None, "none"):
            states, mask = combined
            own = self.enter(self.stack(states[mask]))  # of real tokens only, for the mean and spread of a norm
            vectors = own.new_zeros(*mask.shape, own.shape[-1]).masked_scatter(mask.unsqueeze(-1), own)
            # Attention over nothing is not a number: an empty row looks at its first place, which holds zeros.
            first = torch.arange(mask.shape[1], device=mask.device) == 0
            vectors = vectors + places(vectors.shape[1], vectors.shape[2], vectors)
            return vectors, mask | (~mask.any(1, keepdim=True) & first)
        how: Reduction = "sum" if self.reduce_input is None or self.reduce_input == "none" else self.reduce_input
        vector = self.enter(self.stack(one_vector(combined, how))).unsqueeze(1)
        return vector, vector.new_ones(vector.shape[:2], dtype=torch.bool)

    def taught(self, memory: State, tokens: Tensor) -> Tensor:
        """Return the logits after each of the ``tokens``."""
        hidden = self._placed(tokens, 0)
        for layer in self.layers:
            hidden, _ = layer(hidden, memory, None)
        return self.answer(self.norm(hidden))

    def begin(self, memory: State) -> State:
        """Return the memory, and for each layer the keys and values of the tokens so far: none."""
        width = self.vectors.embedding_dim
        blank = [each for layer in self.layers for each in layer.blank(len(memory[0]), width, memory[0])]  # pyright: ignore[reportCallIssue, reportUnknownVariableType] - all are layers of this file
        return *memory, *blank

    def step(self, state: State, token: Tensor) -> tuple[Tensor, State]:
        """Return the logits after one more token, and the new state."""
        vectors, mask, *past = state
        hidden = self._placed(token.unsqueeze(1), past[0].shape[2])
        kept: list[Tensor] = []
        for place, layer in enumerate(self.layers):
            hidden, own = layer(hidden, (vectors, mask), (past[2 * place], past[2 * place + 1]))
            kept += own
        return self.answer(self.norm(hidden)).squeeze(1), (vectors, mask, *kept)

    def _placed(self, tokens: Tensor, before: int) -> Tensor:
        vectors: Tensor = self.vectors(tokens)
        waves = places(before + tokens.shape[1], vectors.shape[-1], vectors)[before:]
        return self.dropout(vectors + waves)


class _Layer(nn.Module):
    """Attention to the tokens before, attention to the memory, then two dense layers, each added to what came in.

    Unless it ``chooses`` among several vectors, the memory is one, and is added as it is.
    """

    def __init__(self, width: int, heads: int, inner: int, *, dropout: float, chooses: bool) -> None:
        super().__init__()
        self.heads = heads
        self.before_own = nn.LayerNorm(width)
        self.own = _linear(width, 3 * width)
        self.own_answer = _linear(width, width)
        self.chooses = chooses
        if chooses:
            self.before_memory = nn.LayerNorm(width)
            self.asks = _linear(width, width)
            self.remembers = _linear(width, 2 * width)
        self.memory_answer = _linear(width, width)
        self.before_dense = nn.LayerNorm(width)
        self.dense = nn.Sequential(_linear(width, inner), nn.ReLU(), Dropout(dropout), _linear(inner, width))
        self.dropout = Dropout(dropout)

    def blank(self, rows: int, width: int, like: Tensor) -> tuple[Tensor, Tensor]:
        """Return the keys and values of no tokens, ``(row, head, 0, width / head)`` each."""
        nothing = like.new_zeros(rows, self.heads, 0, width // self.heads)
        return nothing, nothing

    def forward(
        self, hidden: Tensor, memory: State, past: tuple[Tensor, Tensor] | None
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """``(row, token, width)`` -> the same shape, and the keys and values of all tokens, those of ``past`` first."""
        query, key, value = self._heads(self.own(self.before_own(hidden)), 3)
        if past is not None:
            key, value = torch.cat([past[0], key], dim=2), torch.cat([past[1], value], dim=2)
        found = nn.functional.scaled_dot_product_attention(query, key, value, is_causal=past is None)
        hidden = hidden + self.dropout(self.own_answer(found.transpose(1, 2).flatten(2)))
        hidden = hidden + self.dropout(self.memory_answer(self._remembered(hidden, *memory)))
        return hidden + self.dropout(self.dense(self.before_dense(hidden))), (key, value)

    def _remembered(self, hidden: Tensor, vectors: Tensor, mask: Tensor) -> Tensor:
        """Return what each token takes from the memory: ``(row, token, width)``, or ``(row, 1, width)`` for all."""
        if not self.chooses:
            return vectors
        (asked,) = self._heads(self.asks(self.before_memory(hidden)), 1)
        keys, values = self._heads(self.remembers(vectors), 2)
        found = nn.functional.scaled_dot_product_attention(asked, keys, values, attn_mask=mask[:, None, None, :])
        return found.transpose(1, 2).flatten(2)

    def _heads(self, vectors: Tensor, parts: int) -> Tensor:
        """``(row, token, parts * width)`` -> ``(part, row, head, token, width / head)``."""
        return vectors.unflatten(-1, (parts, self.heads, -1)).permute(2, 0, 3, 1, 4)


TRANSFORMER_GENERATOR = Component(
    kind="decoder",
    name="transformer_generator",
    doc="Says one token after the other, each by looking at those before it and at the input, with a transformer.",
    parameters=TransformerGeneratorParameters,
    features=("sequence", "text"),
    build=TransformerGenerator,
    rules=(
        *HEAD_LAYER_RULES,
        *SPEAKING_RULES,
        Rule("divisible", "d_model", "num_heads", (), "Each head gets an equal share of the vector."),
    ),
    facts={"asks": {"ends": True}},
)

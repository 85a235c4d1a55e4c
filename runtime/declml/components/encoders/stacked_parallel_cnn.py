"""The text encoder ``stacked_parallel_cnn``: stacks of convolutions of several lengths side by side."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor, nn

from declml.components.activations import Activation
from declml.components.dense_stack import BIAS_RULE, MOST_LAYERS, DenseStack, Norm, layer_rules
from declml.components.dropout import Dropout
from declml.components.encoders.convolution import Convolution, ConvolutionalParameters, FilterParameters, dense_widths
from declml.components.encoders.pooling import MOST_POOLED, PoolFunction, PoolParameters, pooled
from declml.components.encoders.sequence_parts import TokenVectors, own_tokens
from declml.components.initializers import BiasInitializer, WeightsInitializer
from declml.components.token_states import ReduceOutput, keeps_tokens, reduced
from declml.contracts import Member, TokenStates
from declml_schema.declare import Component, Rule, parameter

_FILTER_SIZES = (2, 3, 4, 5)
_STACKS = 3  # where no number is given


class StackedParallelCnnParameters(ConvolutionalParameters, FilterParameters, PoolParameters):
    """What a config may say of ``stacked_parallel_cnn``."""

    num_stacked_layers: int | None = parameter(
        None,
        "How many stacks of four convolutions, of 2 to 5 tokens each, stand on each other; null takes three.",
        ge=1,
        le=MOST_LAYERS,
        common=True,
    )


class StackedParallelCnn(nn.Module):
    """Convolve the token vectors with filters of several lengths, join the answers, and so on stack by stack.

    Shape: ids ``(batch, token)`` -> ``(batch, width)``, or a vector for each token.
    """

    def __init__(  # noqa: PLR0913 - one argument for each parameter of a config
        self,
        members: Sequence[Member],
        *,
        embedding_size: int,
        embeddings_trainable: bool,
        num_stacked_layers: int | None,
        num_filters: int,
        pool_function: PoolFunction,
        pool_size: int | None,
        reduce_output: ReduceOutput,
        num_fc_layers: int | None,
        output_size: int,
        use_bias: bool,
        weights_initializer: WeightsInitializer,
        bias_initializer: BiasInitializer,
        activation: Activation | None,
        dropout: float,
        norm: Norm | None,
    ) -> None:
        super().__init__()
        self.tokens = TokenVectors(
            members[0].facts,
            embedding_size=embedding_size,
            embeddings_trainable=embeddings_trainable,
            initializer="uniform",
        )
        self.dropout = Dropout(dropout)
        convolution = partial(
            Convolution,
            use_bias=use_bias,
            weights_initializer=weights_initializer,
            bias_initializer=bias_initializer,
            activation=activation,
            dropout=dropout,
            norm=norm,
        )
        joined = num_filters * len(_FILTER_SIZES)
        stacks = _STACKS if num_stacked_layers is None else num_stacked_layers
        self.stacks = nn.ModuleList(
            nn.ModuleList(convolution(width, num_filters, size) for size in _FILTER_SIZES)
            for width in [embedding_size, *[joined] * (stacks - 1)]
        )
        self.pool_size = pool_size
        self.pool_function: PoolFunction = pool_function
        self.stack = DenseStack(
            joined,
            dense_widths(num_fc_layers, output_size),
            use_bias=use_bias,
            weights_initializer=weights_initializer,
            bias_initializer=bias_initializer,
            activation=activation,
            dropout=dropout,
            norm=norm,
        )
        self.widths = [self.stack.width]
        self.reduce_output: ReduceOutput = reduce_output
        self.per_token = keeps_tokens(reduce_output)

    def forward(self, values: Tensor, lengths: Tensor | None = None) -> Tensor | TokenStates:
        """Ids ``(batch, token)`` -> ``(batch, width)``, or a vector for each token."""
        values, mask = own_tokens(values, lengths)
        hidden = self.dropout(self.tokens(values, mask))  # (batch, token, width)
        for stack in self.stacks:
            assert isinstance(stack, nn.ModuleList)
            hidden = torch.cat([layer(hidden, mask) for layer in stack], dim=-1) * mask.unsqueeze(-1)
            if self.pool_size is not None:
                hidden, mask = pooled(hidden, mask, self.pool_size, self.pool_function)
        return reduced(hidden, mask, self.reduce_output, self.stack)


STACKED_PARALLEL_CNN = Component(
    kind="encoder",
    name="stacked_parallel_cnn",
    doc="Looks for phrases of phrases, with convolutions of several lengths side by side in stacks on each other.",
    parameters=StackedParallelCnnParameters,
    features=("sequence", "text"),
    build=StackedParallelCnn,
    rules=(
        Rule(
            "ignored-unless",
            "pool_function",
            "pool_size",
            tuple(range(2, MOST_POOLED + 1)),
            "pool_function acts only where pool_size is given.",
        ),
        *layer_rules("num_fc_layers", ("output_size",)),
        BIAS_RULE,
    ),
)

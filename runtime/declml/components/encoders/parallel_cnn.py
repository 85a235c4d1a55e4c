"""The text encoder ``parallel_cnn``: convolutions of several lengths side by side (Kim 2014, arXiv:1408.5882)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from declml.components.activations import Activation
from declml.components.dense_stack import (
    BIAS_RULE,
    MOST_LAYERS,
    DenseStack,
    Norm,
    layer_rules,
)
from declml.components.dropout import Dropout
from declml.components.encoders.convolution import (
    Convolution,
    ConvolutionalParameters,
    FilterSizeParameters,
    dense_widths,
)
from declml.components.encoders.sequence_parts import TokenVectors, own_tokens
from declml.components.initializers import BiasInitializer, WeightsInitializer
from declml.components.token_states import ReduceOutput, keeps_tokens, reduced
from declml.contracts import Member, TokenStates
from declml_schema.declare import Component, Rule, parameter

_FILTER_SIZES = [2, 3, 4, 5]


class ParallelCnnParameters(ConvolutionalParameters, FilterSizeParameters):
    """What a config may say of ``parallel_cnn``."""

    num_conv_layers: int | None = parameter(
        None,
        "How many convolutions of filter_size stand side by side; null takes four that see 2 to 5 tokens at once.",
        ge=1,
        le=MOST_LAYERS,
    )


class ParallelCnn(nn.Module):
    """Convolve the token vectors with filters of several lengths, reduce each to one vector, join and mix them.

    Shape: ids ``(batch, token)`` -> ``(batch, width)``, or a vector for each token.
    """

    def __init__(  # noqa: PLR0913 - one argument for each parameter of a config
        self,
        members: Sequence[Member],
        *,
        embedding_size: int,
        embeddings_trainable: bool,
        num_conv_layers: int | None,
        filter_size: int,
        num_filters: int,
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
        sizes = _FILTER_SIZES if num_conv_layers is None else [filter_size] * num_conv_layers
        self.convolutions = nn.ModuleList(
            Convolution(
                embedding_size,
                num_filters,
                size,
                use_bias=use_bias,
                weights_initializer=weights_initializer,
                bias_initializer=bias_initializer,
                activation=activation,
                dropout=dropout,
                norm=norm,
            )
            for size in sizes
        )
        self.stack = DenseStack(
            num_filters * len(sizes),
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
        """Ids ``(batch, token)`` -> ``(batch, width)``."""
        values, mask = own_tokens(values, lengths)
        hidden = self.dropout(self.tokens(values, mask))  # (batch, token, width)
        found = torch.cat([layer(hidden, mask) for layer in self.convolutions], dim=-1)
        return reduced(found, mask, self.reduce_output, self.stack)


PARALLEL_CNN = Component(
    kind="encoder",
    name="parallel_cnn",
    doc="Looks for short phrases with convolutions of several lengths; quick to train, a good first choice for text.",
    parameters=ParallelCnnParameters,
    features=("sequence", "text"),
    build=ParallelCnn,
    rules=(
        Rule(
            "ignored-unless",
            "filter_size",
            "num_conv_layers",
            tuple(range(1, MOST_LAYERS + 1)),
            "filter_size acts only where num_conv_layers is given.",
        ),
        *layer_rules("num_fc_layers", ("output_size",)),
        BIAS_RULE,
    ),
)

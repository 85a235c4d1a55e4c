"""The text encoder ``stacked_cnn``: convolutions on each other (Zhang et al. 2015, arXiv:1509.01626), with pooling."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from torch import Tensor, nn

from declml.components.activations import Activation
from declml.components.dense_stack import BIAS_RULE, MOST_LAYERS, DenseStack, Norm, layer_rules
from declml.components.dropout import Dropout
from declml.components.encoders.convolution import (
    Convolution,
    ConvolutionalParameters,
    FilterSizeParameters,
    dense_widths,
)
from declml.components.encoders.pooling import PoolFunction, PoolParameters, pooled
from declml.components.encoders.sequence_parts import TokenVectors, own_tokens
from declml.components.initializers import BiasInitializer, WeightsInitializer
from declml.components.token_states import ReduceOutput, keeps_tokens, reduced
from declml.contracts import Member, TokenStates
from declml_schema.declare import Component, Rule, parameter

_LAYERS = [(7, 3), (7, 3), (3, None), (3, None), (3, None), (3, 3)]  # filter and pool sizes where no number is given
_SOME = tuple(range(1, MOST_LAYERS + 1))


class StackedCnnParameters(ConvolutionalParameters, FilterSizeParameters, PoolParameters):
    """What a config may say of ``stacked_cnn``."""

    num_conv_layers: int | None = parameter(
        None,
        "How many convolutions of filter_size stand on each other; null takes six, three of which shorten the text.",
        ge=1,
        le=MOST_LAYERS,
        common=True,
    )
    dilation_rate: int = parameter(
        1, "How far apart the tokens stand that a convolution sees; larger reaches further at the same cost.", ge=1
    )


class StackedCnn(nn.Module):
    """Convolve and pool the token vectors layer by layer, reduce to one vector, then dense layers.

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
        dilation_rate: int,
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
            dilation=dilation_rate,
            use_bias=use_bias,
            weights_initializer=weights_initializer,
            bias_initializer=bias_initializer,
            activation=activation,
            dropout=dropout,
            norm=norm,
        )
        layers = _LAYERS if num_conv_layers is None else [(filter_size, pool_size)] * num_conv_layers
        widths = [embedding_size, *[num_filters] * len(layers)]
        self.convolutions = nn.ModuleList(
            convolution(before, num_filters, size) for before, (size, _) in zip(widths, layers, strict=False)
        )
        self.pools = [pool for _, pool in layers]
        self.pool_function: PoolFunction = pool_function
        self.stack = DenseStack(
            num_filters,
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
        for layer, size in zip(self.convolutions, self.pools, strict=True):
            hidden = layer(hidden, mask) * mask.unsqueeze(-1)
            if size is not None:
                hidden, mask = pooled(hidden, mask, size, self.pool_function)
        return reduced(hidden, mask, self.reduce_output, self.stack)


STACKED_CNN = Component(
    kind="encoder",
    name="stacked_cnn",
    doc="Looks for phrases of phrases, with convolutions on each other and pools that shorten the text between them.",
    parameters=StackedCnnParameters,
    features=("sequence", "text"),
    build=StackedCnn,
    rules=(
        Rule("ignored-unless", "filter_size", "num_conv_layers", _SOME, "It acts only where num_conv_layers is given."),
        Rule("ignored-unless", "pool_size", "num_conv_layers", _SOME, "It acts only where num_conv_layers is given."),
        *layer_rules("num_fc_layers", ("output_size",)),
        BIAS_RULE,
    ),
)

"""The text encoder ``stacked_cnn``: convolutions on each other (Zhang et al. 2015, arXiv:1509.01626), with pooling."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from torch import Tensor, nn

from declml.components.activations import LayerActivation
from declml.components.dense_stack import DenseStack, count_rule
from declml.components.dropout import Dropout
from declml.components.encoders.conv_layers import (
    ConvLayer,
    Convolutions,
    ConvPlan,
    conv_layers_parameter,
    settle_convolutions,
)
from declml.components.encoders.convolution import (
    DENSE_RULES,
    ConvolutionalParameters,
    FilterSizeParameters,
    StrideParameters,
    dense_widths,
)
from declml.components.encoders.pooling import Padding, PoolFunction, StridedPoolParameters
from declml.components.encoders.sequence_parts import Representation, TokenVectors
from declml.components.initializers import BiasInitializer, WeightsInitializer
from declml.components.layer_list import MOST_LAYERS, FcLayer
from declml.components.norms import Norm, NormParams
from declml.components.token_states import ReduceOutput, TokenReduction
from declml.contracts import Member, TokenStates
from declml_schema.declare import Component, Rule, parameter

_LAYERS = [(7, 3), (7, 3), (3, None), (3, None), (3, None), (3, 3)]  # filter and pool sizes where no number is given
_ONLY_WITH_COUNT = "It acts only where num_conv_layers or conv_layers is given."
_SOME = tuple(range(1, MOST_LAYERS + 1))


class StackedCnnParameters(ConvolutionalParameters, FilterSizeParameters, StrideParameters, StridedPoolParameters):
    """What a config may say of ``stacked_cnn``."""

    num_conv_layers: int | None = parameter(
        None,
        "How many convolutions of filter_size stand on each other; null takes six, three of which shorten the text.",
        ge=1,
        le=MOST_LAYERS,
        common=True,
    )
    conv_layers: list[ConvLayer] | None = conv_layers_parameter()


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
        representation: Representation,
        pretrained_embeddings: str | None,
        should_embed: bool,
        max_sequence_length: int | None,
        num_conv_layers: int | None,
        filter_size: int,
        num_filters: int,
        conv_layers: Sequence[ConvLayer] | None,
        strides: int,
        padding: Padding,
        dilation_rate: int,
        pool_function: PoolFunction,
        pool_size: int | None,
        pool_strides: int | None,
        pool_padding: Padding,
        reduce_output: ReduceOutput,
        num_fc_layers: int | None,
        output_size: int,
        use_bias: bool,
        weights_initializer: WeightsInitializer,
        bias_initializer: BiasInitializer,
        activation: LayerActivation | None,
        dropout: float,
        norm: Norm | None,
        norm_params: NormParams | None,
        fc_layers: Sequence[FcLayer] | None,
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
        self.dropout = Dropout(dropout)
        alike = ConvPlan(
            num_filters=num_filters,
            filter_size=filter_size,
            use_bias=use_bias,
            weights_initializer=weights_initializer,
            bias_initializer=bias_initializer,
            activation=activation,
            dropout=dropout,
            norm=norm,
            norm_params=norm_params,
            strides=strides,
            padding=padding,
            dilation_rate=dilation_rate,
            pool_function=pool_function,
            pool_size=pool_size,
            pool_strides=pool_strides,
            pool_padding=pool_padding,
        )
        if num_conv_layers is None:
            own = [replace(alike, filter_size=size, pool_size=pool) for size, pool in _LAYERS]
        else:
            own = [alike] * num_conv_layers
        self.convolutions = Convolutions(self.tokens.width, settle_convolutions(alike, conv_layers, own))
        self.stack = DenseStack(
            self.convolutions.width,
            dense_widths(num_fc_layers, output_size, fc_layers),
            use_bias=use_bias,
            weights_initializer=weights_initializer,
            bias_initializer=bias_initializer,
            activation=activation,
            dropout=dropout,
            norm=norm,
            norm_params=norm_params,
            fc_layers=fc_layers,
        )
        self.widths = [self.stack.width]
        self.reduce = TokenReduction(reduce_output, self.convolutions.width)
        self.per_token = self.reduce.per_token

    def forward(self, values: Tensor, lengths: Tensor | None = None) -> Tensor | TokenStates:
        """Ids ``(batch, token)`` -> ``(batch, width)``."""
        values, mask = self.tokens.own_tokens(values, lengths)
        hidden = self.dropout(self.tokens(values, mask))  # (batch, token, width)
        hidden, mask = self.convolutions(hidden, mask)
        return self.reduce(hidden, mask, self.stack)


STACKED_CNN = Component(
    kind="encoder",
    name="stacked_cnn",
    doc="Looks for phrases of phrases, with convolutions on each other and pools that shorten the text between them.",
    parameters=StackedCnnParameters,
    features=("sequence", "text"),
    build=StackedCnn,
    rules=(
        Rule("ignored-unless", "filter_size", "num_conv_layers", _SOME, _ONLY_WITH_COUNT, or_given="conv_layers"),
        Rule("ignored-unless", "pool_size", "num_conv_layers", _SOME, _ONLY_WITH_COUNT, or_given="conv_layers"),
        count_rule("num_conv_layers", "conv_layers"),
        *DENSE_RULES,
    ),
)

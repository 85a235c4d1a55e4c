"""The text encoder ``parallel_cnn``: convolutions of several lengths side by side (Kim 2014, arXiv:1408.5882)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from declml.components.activations import LayerActivation
from declml.components.dense_stack import DenseStack, count_rule
from declml.components.dropout import Dropout
from declml.components.encoders.conv_layers import (
    Convolution,
    ConvPlan,
    ParallelConvLayer,
    conv_layers_parameter,
    settle_convolutions,
)
from declml.components.encoders.convolution import (
    DENSE_RULES,
    ConvolutionalParameters,
    FilterSizeParameters,
    dense_widths,
)
from declml.components.encoders.pooling import POOL_RULE, PoolFunction, PoolParameters, pooled
from declml.components.encoders.sequence_parts import Representation, TokenVectors
from declml.components.initializers import BiasInitializer, WeightsInitializer
from declml.components.layer_list import MOST_LAYERS, FcLayer
from declml.components.norms import Norm, NormParams
from declml.components.token_states import ReduceOutput, TokenReduction
from declml.contracts import Member, TokenStates
from declml_schema.declare import Component, Rule, parameter

_FILTER_SIZES = [2, 3, 4, 5]


class ParallelCnnParameters(ConvolutionalParameters, FilterSizeParameters, PoolParameters):
    """What a config may say of ``parallel_cnn``."""

    num_conv_layers: int | None = parameter(
        None,
        "How many convolutions of filter_size stand side by side; null takes four that see 2 to 5 tokens at once.",
        ge=1,
        le=MOST_LAYERS,
    )
    conv_layers: list[ParallelConvLayer] | None = conv_layers_parameter()


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
        representation: Representation,
        pretrained_embeddings: str | None,
        should_embed: bool,
        max_sequence_length: int | None,
        num_conv_layers: int | None,
        conv_layers: Sequence[ParallelConvLayer] | None,
        filter_size: int,
        num_filters: int,
        pool_function: PoolFunction,
        pool_size: int | None,
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
        )
        own = (
            [replace(alike, filter_size=size) for size in _FILTER_SIZES]
            if num_conv_layers is None
            else [alike] * num_conv_layers
        )
        plans = settle_convolutions(alike, conv_layers, own)
        self.convolutions = nn.ModuleList(Convolution(self.tokens.width, plan) for plan in plans)
        self.pool_size = pool_size
        self.pool_function: PoolFunction = pool_function
        self.stack = DenseStack(
            sum(plan.num_filters for plan in plans),
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
        self.reduce = TokenReduction(reduce_output, sum(plan.num_filters for plan in plans))
        self.per_token = self.reduce.per_token

    def forward(self, values: Tensor, lengths: Tensor | None = None) -> Tensor | TokenStates:
        """Ids ``(batch, token)`` -> ``(batch, width)``."""
        values, mask = self.tokens.own_tokens(values, lengths)
        hidden = self.dropout(self.tokens(values, mask))  # (batch, token, width)
        found = torch.cat([layer(hidden, mask)[0] for layer in self.convolutions], dim=-1)
        if self.pool_size is not None:
            found, mask = pooled(found, mask, self.pool_size, self.pool_function)
        return self.reduce(found, mask, self.stack)


PARALLEL_CNN = Component(
    kind="encoder",
    name="parallel_cnn",
    doc="Looks for short phrases with convolutions of several lengths; for texts where the order of words tells much.",
    parameters=ParallelCnnParameters,
    features=("sequence", "text"),
    build=ParallelCnn,
    rules=(
        Rule(
            "ignored-unless",
            "filter_size",
            "num_conv_layers",
            tuple(range(1, MOST_LAYERS + 1)),
            "filter_size acts only where num_conv_layers or conv_layers is given.",
            or_given="conv_layers",
        ),
        count_rule("num_conv_layers", "conv_layers"),
        POOL_RULE,
        *DENSE_RULES,
    ),
)

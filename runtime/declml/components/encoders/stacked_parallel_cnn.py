"""The text encoder ``stacked_parallel_cnn``: stacks of convolutions of several lengths side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from declml.components.activations import LayerActivation
from declml.components.dense_stack import DenseStack, count_rule
from declml.components.dropout import Dropout
from declml.components.encoders.conv_layers import Convolution, ConvPlan, ParallelConvLayer, settle_convolutions
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

_FILTER_SIZES = (2, 3, 4, 5)
_STACKS = 3  # where no number is given


class StackedParallelCnnParameters(ConvolutionalParameters, FilterSizeParameters, PoolParameters):
    """What a config may say of ``stacked_parallel_cnn``."""

    num_stacked_layers: int | None = parameter(
        None,
        "How many stacks of four convolutions, of 2 to 5 tokens each, stand on each other; null takes three.",
        ge=1,
        le=MOST_LAYERS,
        common=True,
    )
    stacked_layers: list[list[ParallelConvLayer]] | None = parameter(
        None,
        "The stacks one by one, each a list of its convolutions with what they change, such as filter_size.",
        min_length=1,
        max_length=MOST_LAYERS,
        examples=[[[{"filter_size": 2}, {"filter_size": 3}], [{"filter_size": 3}]]],
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
        representation: Representation,
        pretrained_embeddings: str | None,
        should_embed: bool,
        max_sequence_length: int | None,
        num_stacked_layers: int | None,
        stacked_layers: Sequence[Sequence[ParallelConvLayer]] | None,
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
        own = [replace(alike, filter_size=size) for size in _FILTER_SIZES]
        if stacked_layers is None:
            stacks = [own] * (_STACKS if num_stacked_layers is None else num_stacked_layers)
        else:
            stacks = [settle_convolutions(alike, layers, own) for layers in stacked_layers]
        widths = [self.tokens.width, *(sum(plan.num_filters for plan in stack) for stack in stacks)]
        self.stacks = nn.ModuleList(
            nn.ModuleList(Convolution(width, plan) for plan in stack)
            for width, stack in zip(widths, stacks, strict=False)
        )
        self.pool_size = pool_size
        self.pool_function: PoolFunction = pool_function
        self.stack = DenseStack(
            widths[-1],
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
        self.reduce = TokenReduction(reduce_output, widths[-1])
        self.per_token = self.reduce.per_token

    def forward(self, values: Tensor, lengths: Tensor | None = None) -> Tensor | TokenStates:
        """Ids ``(batch, token)`` -> ``(batch, width)``, or a vector for each token."""
        values, mask = self.tokens.own_tokens(values, lengths)
        hidden = self.dropout(self.tokens(values, mask))  # (batch, token, width)
        for stack in self.stacks:
            assert isinstance(stack, nn.ModuleList)
            hidden = torch.cat([layer(hidden, mask)[0] for layer in stack], dim=-1)
            if self.pool_size is not None:
                hidden, mask = pooled(hidden, mask, self.pool_size, self.pool_function)
        return self.reduce(hidden, mask, self.stack)


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
            "filter_size",
            "stacked_layers",
            doc="filter_size is that of listed convolutions which do not say; without a list they see 2 to 5 tokens.",
        ),
        POOL_RULE,
        count_rule("num_stacked_layers", "stacked_layers"),
        *DENSE_RULES,
    ),
)

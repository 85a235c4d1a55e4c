"""The text encoder ``cnnrnn``: convolutions shorten the text and find phrases, recurrent layers read them in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from torch import Tensor, nn

from declml.components.activations import Activation, LayerActivation
from declml.components.dense_stack import BIAS_RULE, DenseStack, count_rule, layer_rules
from declml.components.dropout import Dropout
from declml.components.encoders.conv_layers import (
    ConvLayer,
    Convolutions,
    ConvPlan,
    conv_layers_parameter,
    settle_convolutions,
)
from declml.components.encoders.convolution import FilterParameters, StrideParameters
from declml.components.encoders.pooling import Padding, PoolFunction, StridedPoolParameters
from declml.components.encoders.recurrent_cells import GATES_RULE, CellType
from declml.components.encoders.recurrent_stack import (
    ForgetGateParameters,
    StateParameters,
    read_in_order,
    recurrent_layers,
)
from declml.components.encoders.sequence_parts import TOKEN_RULES, Representation, TokenVectors
from declml.components.initializers import BiasInitializer, WeightsInitializer
from declml.components.layer_list import MOST_LAYERS, FcLayer, stack_widths
from declml.components.norms import NORM_PARAMS_RULE, Norm, NormParams
from declml.components.token_states import ReduceOutput, TokenReduction
from declml.contracts import Member, TokenStates
from declml_schema.declare import Component, Rule, parameter

_POOLS = (3, None)  # of the two convolutions where no number is given
_ONLY_WITH_COUNT = "It acts only where num_conv_layers or conv_layers is given."
_SOME = tuple(range(1, MOST_LAYERS + 1))


class CnnRnnParameters(
    StateParameters, ForgetGateParameters, FilterParameters, StrideParameters, StridedPoolParameters
):
    """What a config may say of ``cnnrnn``."""

    num_conv_layers: int | None = parameter(
        None,
        "How many convolutions stand on each other; null takes two, the first of which makes one of three tokens.",
        ge=1,
        le=MOST_LAYERS,
        common=True,
    )
    filter_size: int = parameter(
        5, "How many tokens in a row each convolution sees at once; larger sees longer phrases.", ge=1, unit="tokens"
    )
    conv_layers: list[ConvLayer] | None = conv_layers_parameter()
    conv_activation: LayerActivation | None = parameter(
        "relu", "The function applied after each convolution; null applies none."
    )
    conv_dropout: float = parameter(
        0.0, "The share of values set to zero at random in training after each convolution.", ge=0, lt=1
    )
    cell_type: CellType = parameter(
        "rnn",
        "The kind of recurrent cell; lstm and gru remember longer than rnn, at four and three times the cost.",
        common=True,
    )
    num_rec_layers: int = parameter(
        1, "How many recurrent layers follow the convolutions; more take longer to train.", ge=1, le=MOST_LAYERS
    )
    dropout: float = parameter(
        0.0,
        "The share of values set to zero at random in training, in the token vectors and before each recurrent layer.",
        ge=0,
        lt=1,
        common=True,
    )


class CnnRnn(nn.Module):
    """Convolve and pool the token vectors, read what comes out in order, reduce, then dense layers if any.

    Shape: ids ``(batch, token)`` -> ``(batch, width)``, or a vector for each token that the pools leave.
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
        conv_activation: LayerActivation | None,
        conv_dropout: float,
        cell_type: CellType,
        num_rec_layers: int,
        state_size: int,
        bidirectional: bool,
        unit_forget_bias: bool,
        activation: Activation | None,
        recurrent_activation: Activation | None,
        recurrent_dropout: float,
        recurrent_initializer: WeightsInitializer,
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
            activation=conv_activation,
            dropout=conv_dropout,
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
            own = [replace(alike, pool_size=pool) for pool in _POOLS]
        else:
            own = [alike] * num_conv_layers
        self.convolutions = Convolutions(self.tokens.width, settle_convolutions(alike, conv_layers, own))
        self.layers, width = recurrent_layers(
            self.convolutions.width,
            num_layers=num_rec_layers,
            state_size=state_size,
            bidirectional=bidirectional,
            cell_type=cell_type,
            use_bias=use_bias,
            weights_initializer=weights_initializer,
            bias_initializer=bias_initializer,
            recurrent_initializer=recurrent_initializer,
            unit_forget_bias=unit_forget_bias,
            activation=activation,
            recurrent_activation=recurrent_activation,
            recurrent_dropout=recurrent_dropout,
        )
        self.stack = DenseStack(
            width,
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
        self.reduce = TokenReduction(reduce_output, width)
        self.per_token = self.reduce.per_token

    def forward(self, values: Tensor, lengths: Tensor | None = None) -> Tensor | TokenStates:
        """Ids ``(batch, token)`` -> ``(batch, width)``, or a vector for each token that the pools leave."""
        values, mask = self.tokens.own_tokens(values, lengths)
        hidden = self.dropout(self.tokens(values, mask))  # (batch, token, width)
        hidden, mask = self.convolutions(hidden, mask)
        hidden = read_in_order(self.layers, self.dropout, hidden, mask, last=self.reduce.how == "last")
        return self.reduce(hidden, mask, self.stack)


CNNRNN = Component(
    kind="encoder",
    name="cnnrnn",
    doc="Finds phrases with convolutions, which shorten the text, and reads them in order with recurrent layers.",
    parameters=CnnRnnParameters,
    features=("sequence", "text"),
    build=CnnRnn,
    rules=(
        *TOKEN_RULES,
        Rule("ignored-unless", "pool_size", "num_conv_layers", _SOME, _ONLY_WITH_COUNT, or_given="conv_layers"),
        count_rule("num_conv_layers", "conv_layers"),
        *layer_rules("num_fc_layers", ("output_size", "fc_activation", "fc_dropout"), listed="fc_layers"),
        count_rule("num_fc_layers"),
        NORM_PARAMS_RULE,
        BIAS_RULE,
        Rule("ignored-unless", "unit_forget_bias", "cell_type", ("lstm",), "Only an lstm has forget gates."),
        Rule("ignored-unless", "unit_forget_bias", "use_bias", (True,), "unit_forget_bias acts only with use_bias."),
        GATES_RULE,
    ),
)

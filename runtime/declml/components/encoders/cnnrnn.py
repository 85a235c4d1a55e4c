"""The text encoder ``cnnrnn``: convolutions shorten the text and find phrases, recurrent layers read them in order."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from declml.components.activations import PLANNED_ACTIVATIONS, Activation
from declml.components.dense_stack import BIAS_RULE, MOST_LAYERS, PLANNED_NORMS, DenseStack, Norm, layer_rules
from declml.components.dropout import Dropout
from declml.components.encoders.convolution import Convolution, FilterParameters
from declml.components.encoders.pooling import PoolFunction, PoolParameters, pooled
from declml.components.encoders.recurrent_stack import (
    CellType,
    ForgetGateParameters,
    StateParameters,
    read_in_order,
    recurrent_layers,
)
from declml.components.encoders.sequence_parts import TokenVectors, own_tokens
from declml.components.initializers import BiasInitializer, WeightsInitializer
from declml.components.token_states import ReduceOutput, keeps_tokens, reduced
from declml.contracts import Member, TokenStates
from declml_schema.declare import Component, Rule, parameter

_POOLS = (3, None)  # of the two convolutions where no number is given
_SOME = tuple(range(1, MOST_LAYERS + 1))


class CnnRnnParameters(StateParameters, ForgetGateParameters, FilterParameters, PoolParameters):
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
    dilation_rate: int = parameter(
        1, "How far apart the tokens stand that a convolution sees; larger reaches further at the same cost.", ge=1
    )
    conv_activation: Activation | None = parameter(
        "relu",
        "The function applied after each convolution; null applies none.",
        planned=PLANNED_ACTIVATIONS,
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
    norm: Norm | None = parameter(
        None,
        "How the outputs of convolutions and dense layers are rescaled: batch over a batch's rows, layer over a row's.",
        planned=PLANNED_NORMS,
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
        num_conv_layers: int | None,
        filter_size: int,
        num_filters: int,
        dilation_rate: int,
        pool_function: PoolFunction,
        pool_size: int | None,
        conv_activation: Activation | None,
        conv_dropout: float,
        cell_type: CellType,
        num_rec_layers: int,
        state_size: int,
        bidirectional: bool,
        unit_forget_bias: bool,
        recurrent_initializer: WeightsInitializer,
        dropout: float,
        reduce_output: ReduceOutput,
        num_fc_layers: int,
        output_size: int,
        use_bias: bool,
        weights_initializer: WeightsInitializer,
        bias_initializer: BiasInitializer,
        norm: Norm | None,
        fc_activation: Activation | None,
        fc_dropout: float,
    ) -> None:
        super().__init__()
        self.tokens = TokenVectors(
            members[0].facts,
            embedding_size=embedding_size,
            embeddings_trainable=embeddings_trainable,
            initializer="uniform",
        )
        self.dropout = Dropout(dropout)
        self.pools = list(_POOLS) if num_conv_layers is None else [pool_size] * num_conv_layers
        self.pool_function: PoolFunction = pool_function
        self.convolutions = nn.ModuleList(
            Convolution(
                width,
                num_filters,
                filter_size,
                dilation=dilation_rate,
                use_bias=use_bias,
                weights_initializer=weights_initializer,
                bias_initializer=bias_initializer,
                activation=conv_activation,
                dropout=conv_dropout,
                norm=norm,
            )
            for width in [embedding_size, *[num_filters] * (len(self.pools) - 1)]
        )
        self.layers, width = recurrent_layers(
            num_filters,
            num_layers=num_rec_layers,
            state_size=state_size,
            bidirectional=bidirectional,
            cell_type=cell_type,
            use_bias=use_bias,
            weights_initializer=weights_initializer,
            bias_initializer=bias_initializer,
            recurrent_initializer=recurrent_initializer,
            unit_forget_bias=unit_forget_bias,
        )
        self.stack = DenseStack(
            width,
            [output_size] * num_fc_layers,
            use_bias=use_bias,
            weights_initializer=weights_initializer,
            bias_initializer=bias_initializer,
            activation=fc_activation,
            dropout=fc_dropout,
            norm=norm,
        )
        self.widths = [self.stack.width]
        self.reduce_output: ReduceOutput = reduce_output
        self.per_token = keeps_tokens(reduce_output)

    def forward(self, values: Tensor, lengths: Tensor | None = None) -> Tensor | TokenStates:
        """Ids ``(batch, token)`` -> ``(batch, width)``, or a vector for each token that the pools leave."""
        values, mask = own_tokens(values, lengths)
        hidden = self.dropout(self.tokens(values, mask))  # (batch, token, width)
        for layer, size in zip(self.convolutions, self.pools, strict=True):
            hidden = layer(hidden, mask) * mask.unsqueeze(-1)
            if size is not None:
                hidden, mask = pooled(hidden, mask, size, self.pool_function)
        hidden = read_in_order(self.layers, self.dropout, hidden, mask, last=self.reduce_output == "last")
        return reduced(hidden, mask, self.reduce_output, self.stack)


CNNRNN = Component(
    kind="encoder",
    name="cnnrnn",
    doc="Finds phrases with convolutions, which shorten the text, and reads them in order with recurrent layers.",
    parameters=CnnRnnParameters,
    features=("sequence", "text"),
    build=CnnRnn,
    rules=(
        Rule("ignored-unless", "pool_size", "num_conv_layers", _SOME, "It acts only where num_conv_layers is given."),
        *layer_rules("num_fc_layers", ("output_size", "fc_activation", "fc_dropout")),
        BIAS_RULE,
        Rule("ignored-unless", "unit_forget_bias", "cell_type", ("lstm",), "Only an lstm has forget gates."),
        Rule("ignored-unless", "unit_forget_bias", "use_bias", (True,), "unit_forget_bias acts only with use_bias."),
    ),
)

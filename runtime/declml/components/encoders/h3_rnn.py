"""The encoder ``rnn`` of H3 cells: recurrent layers read a cell from its base down to its finest digit."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from declml.components.activations import Activation
from declml.components.dense_stack import BIAS_RULE, LinearParameters
from declml.components.dropout import Dropout
from declml.components.encoders.h3_parts import CellVectors, embedding_size_parameter
from declml.components.encoders.recurrent_cells import GATES_RULE, CellParameters, CellType
from declml.components.encoders.recurrent_stack import read_in_order, recurrent_layers
from declml.components.initializers import PLANNED_INITIALIZERS, BiasInitializer, WeightsInitializer
from declml.components.layer_list import MOST_LAYERS
from declml.components.token_states import PLANNED_WEIGHTLESS, Reduction, reduce_tokens
from declml.contracts import Member
from declml_schema.declare import Component, Rule, parameter


class H3RnnParameters(LinearParameters, CellParameters):
    """What a config may say of ``rnn`` for an H3 cell."""

    embedding_size: int = embedding_size_parameter()
    cell_type: CellType = parameter(
        "rnn",
        "The kind of recurrent cell; lstm and gru remember more of the coarse digits than rnn.",
        planned=["lstm_block", "ln", "lstm_cudnn", "gru_block", "gru_cudnn"],
        common=True,
    )
    num_layers: int = parameter(
        1, "How many recurrent layers stand on each other; more take longer to train.", ge=1, le=MOST_LAYERS
    )
    hidden_size: int = parameter(
        10, "The width of the state that is carried from digit to digit; wider remembers more.", ge=1, common=True
    )
    bidirectional: bool = parameter(
        False, "Whether a cell is also read from its finest digit up, which doubles the time and the result's width."
    )
    dropout: float = parameter(
        0.0,
        "The share of values set to zero at random in training, in the vectors and between the layers.",
        ge=0,
        lt=1,
        common=True,
    )
    unit_forget_bias: bool = parameter(
        True, "Whether an lstm starts with its forget gates open, so that it remembers from the first step on."
    )
    recurrent_initializer: WeightsInitializer = parameter(
        "orthogonal",
        "How the weights from one digit's state to the next start; the default keeps the state's size.",
        planned=PLANNED_INITIALIZERS,
    )
    reduce_output: Reduction = parameter(
        "last",
        "How the states at all parts become one vector; last takes the state after the finest digit.",
        planned=PLANNED_WEIGHTLESS,
    )


class H3Rnn(nn.Module):
    """Read the vectors of a cell's parts in order and reduce the states to one vector.

    Shape: ``(batch, 19)`` -> ``(batch, width)``.
    """

    def __init__(  # noqa: PLR0913 - one argument for each parameter of a config
        self,
        members: Sequence[Member],
        *,
        embedding_size: int,
        cell_type: CellType,
        num_layers: int,
        hidden_size: int,
        bidirectional: bool,
        dropout: float,
        use_bias: bool,
        unit_forget_bias: bool,
        activation: Activation | None,
        recurrent_activation: Activation | None,
        recurrent_dropout: float,
        weights_initializer: WeightsInitializer,
        bias_initializer: BiasInitializer,
        recurrent_initializer: WeightsInitializer,
        reduce_output: Reduction,
    ) -> None:
        super().__init__()
        self.cells = CellVectors(members, embedding_size)
        self.dropout = Dropout(dropout)
        self.layers, width = recurrent_layers(
            embedding_size,
            num_layers=num_layers,
            state_size=hidden_size,
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
        self.widths = [width]
        self.reduce_output: Reduction = reduce_output

    def forward(self, values: Tensor, lengths: Tensor | None = None) -> Tensor:
        """``(batch, 19)`` -> ``(batch, width)``; ``lengths`` has no meaning here."""
        vectors, mask = (each.squeeze(1) for each in self.cells(values))
        hidden = read_in_order(self.layers, self.dropout, vectors, mask, last=self.reduce_output == "last")
        return reduce_tokens(hidden, mask, self.reduce_output)


H3_RNN = Component(
    kind="encoder",
    name="rnn",
    doc="Reads a cell from its base cell down to its finest digit with recurrent layers.",
    parameters=H3RnnParameters,
    features=("h3",),
    build=H3Rnn,
    rules=(
        BIAS_RULE,
        Rule("ignored-unless", "unit_forget_bias", "cell_type", ("lstm",), "Only an lstm has forget gates."),
        Rule("ignored-unless", "unit_forget_bias", "use_bias", (True,), "unit_forget_bias acts only with use_bias."),
        GATES_RULE,
    ),
)

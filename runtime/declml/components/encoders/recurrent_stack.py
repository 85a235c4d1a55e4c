"""What the text encoders ``rnn``, ``lstm`` and ``gru`` are made of: recurrent layers over token vectors."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial

import torch
from torch import Tensor, nn

from declml.components.activations import Activation, LayerActivation
from declml.components.dense_stack import DenseStack
from declml.components.dropout import Dropout
from declml.components.encoders.fc_after import FC_RULES, FcParameters
from declml.components.encoders.recurrent_cells import GATES, Cell, CellParameters, CellType
from declml.components.encoders.sequence_parts import TOKEN_RULES, Representation, TokenParameters, TokenVectors
from declml.components.initializers import (
    PLANNED_INITIALIZERS,
    BiasInitializer,
    WeightsInitializer,
    fill_bias,
    fill_weights,
)
from declml.components.layer_list import MOST_LAYERS, FcLayer, stack_widths
from declml.components.norms import Norm, NormParams
from declml.components.token_states import PLANNED_REDUCTIONS, ReduceOutput, TokenReduction
from declml.contracts import Member, TokenStates
from declml_schema.declare import Parameters, Rule, parameter

_FORGET_GATE = 1  # PyTorch stacks an LSTM's gates as input, forget, cell, output


class StateParameters(TokenParameters, FcParameters, CellParameters):
    """What a config may say wherever a text is read in order."""

    state_size: int = parameter(
        256,
        "The width of the state that is carried from token to token; wider remembers more and costs more.",
        ge=1,
        unit="values",
        common=True,
    )
    bidirectional: bool = parameter(
        False,
        "Whether the text is also read backwards, which doubles the time and the width of the result.",
        common=True,
    )
    recurrent_initializer: WeightsInitializer = parameter(
        "orthogonal",
        "How the weights from one token's state to the next start; the default keeps the state's size over long texts.",
        planned=PLANNED_INITIALIZERS,
    )
    reduce_output: ReduceOutput = parameter(
        "last",
        "How the states at all tokens become one vector; last takes the state after the whole text was read.",
        planned=PLANNED_REDUCTIONS,
        common=True,
    )


class RecurrentParameters(StateParameters):
    """What a config may say of every recurrent text encoder."""

    num_layers: int = parameter(
        1,
        "How many recurrent layers stand on each other; more can follow longer structure and take longer to train.",
        ge=1,
        le=MOST_LAYERS,
        common=True,
    )
    dropout: float = parameter(
        0.0,
        "The share of values set to zero at random in training, in the token vectors and between the layers.",
        ge=0,
        lt=1,
        common=True,
    )


class ForgetGateParameters(Parameters):
    """What a config may say where there can be an LSTM."""

    unit_forget_bias: bool = parameter(
        True, "Whether an LSTM starts with its forget gates open, so that it remembers from the first step on."
    )


RECURRENT_RULES = (*TOKEN_RULES, *FC_RULES)
FORGET_GATE_RULES = (
    *RECURRENT_RULES,
    Rule("ignored-unless", "unit_forget_bias", "use_bias", (True,), "unit_forget_bias acts only with use_bias."),
)


class Recurrent(nn.Module):
    """Read the token vectors in order, reduce the states to one vector, then dense layers if there are any.

    Nothing is packed: running over the padding and dropping what comes of it was 1.3 to 2.6 times as fast on a CPU, and
    rows of a batch are of similar length anyway.
    Shape: ids ``(batch, token)`` -> ``(batch, width)``, or a vector for each token.
    """

    def __init__(  # noqa: PLR0913 - one argument for each parameter of a config
        self,
        members: Sequence[Member],
        *,
        cell_type: CellType,
        embedding_size: int,
        embeddings_trainable: bool,
        representation: Representation,
        pretrained_embeddings: str | None,
        should_embed: bool,
        max_sequence_length: int | None,
        num_layers: int,
        state_size: int,
        bidirectional: bool,
        dropout: float,
        use_bias: bool,
        weights_initializer: WeightsInitializer,
        bias_initializer: BiasInitializer,
        recurrent_initializer: WeightsInitializer,
        reduce_output: ReduceOutput,
        num_fc_layers: int,
        output_size: int,
        norm: Norm | None,
        norm_params: NormParams | None,
        fc_layers: Sequence[FcLayer] | None,
        fc_activation: LayerActivation | None,
        fc_dropout: float,
        activation: Activation | None,
        recurrent_activation: Activation | None,
        recurrent_dropout: float,
        unit_forget_bias: bool = False,
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
        self.layers, width = recurrent_layers(
            self.tokens.width,
            num_layers=num_layers,
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
        """Ids ``(batch, token)`` -> ``(batch, width)``, or a vector for each token."""
        values, mask = self.tokens.own_tokens(values, lengths)
        hidden: Tensor = self.tokens(values, mask)  # (batch, token, width)
        hidden = read_in_order(self.layers, self.dropout, hidden, mask, last=self.reduce.how == "last")
        return self.reduce(hidden, mask, self.stack)


def recurrent_layers(  # noqa: PLR0913 - one argument for each parameter of a config
    in_width: int,
    *,
    num_layers: int,
    state_size: int,
    bidirectional: bool,
    cell_type: CellType,
    use_bias: bool,
    weights_initializer: WeightsInitializer,
    bias_initializer: BiasInitializer,
    recurrent_initializer: WeightsInitializer,
    unit_forget_bias: bool,
    activation: Activation | None,
    recurrent_activation: Activation | None,
    recurrent_dropout: float,
) -> tuple[nn.ModuleList, int]:
    """Return recurrent layers for `read_in_order`, and the width of what comes out of them."""
    directions = 2 if bidirectional else 1
    widths = [in_width, *[state_size * directions] * num_layers]
    layers = nn.ModuleList(
        _Layer(
            width,
            state_size,
            cell_type=cell_type,
            directions=directions,
            use_bias=use_bias,
            weights_initializer=weights_initializer,
            bias_initializer=bias_initializer,
            recurrent_initializer=recurrent_initializer,
            unit_forget_bias=unit_forget_bias,
            activation=activation,
            recurrent_activation=recurrent_activation,
            recurrent_dropout=recurrent_dropout,
        )
        for width in widths[:-1]
    )
    return layers, widths[-1]


def read_in_order(
    layers: Iterable[nn.Module], dropout: nn.Module, hidden: Tensor, mask: Tensor, *, last: bool
) -> Tensor:
    """Return the states at all tokens, ``(batch, token, width)``, after ``dropout`` before each layer.

    With ``last`` each direction's states come as it reads: the last one of the mask is that after the whole text, which
    for the backward direction is the one at the first token.
    """
    backwards = _reversal(mask)
    states: list[Tensor] = []
    for layer in layers:
        states = layer(dropout(hidden), backwards)
        hidden = torch.cat([states[0], *(_reorder(state, backwards) for state in states[1:])], dim=-1)
    return torch.cat(states, dim=-1) if last else hidden


class _Layer(nn.Module):
    """One recurrent layer in one or two directions: ``(batch, token, in)`` -> ``(batch, token, state)`` per direction.

    The backward direction's states come in the order in which it reads, the last token first.
    """

    def __init__(  # noqa: PLR0913 - one argument for each parameter of a config
        self,
        in_width: int,
        state_size: int,
        *,
        cell_type: CellType,
        directions: int,
        use_bias: bool,
        weights_initializer: WeightsInitializer,
        bias_initializer: BiasInitializer,
        recurrent_initializer: WeightsInitializer,
        unit_forget_bias: bool,
        activation: Activation | None,
        recurrent_activation: Activation | None,
        recurrent_dropout: float,
    ) -> None:
        super().__init__()
        make: Callable[..., nn.RNNBase] = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}[cell_type]
        if cell_type == "rnn" and activation == "relu":
            make = partial(nn.RNN, nonlinearity="relu")
        self.directions = nn.ModuleList(
            make(in_width, state_size, bias=use_bias, batch_first=True) for _ in range(directions)
        )
        self.cells = nn.ModuleList(
            Cell(
                cell_type,
                activation=activation,
                recurrent_activation=recurrent_activation,
                recurrent_dropout=recurrent_dropout,
            )
            for _ in range(directions)
        )
        for direction in self.directions:
            for name, weights in direction.named_parameters():
                for gate, part in enumerate(weights.data.chunk(GATES[cell_type])):
                    if name.startswith("weight_ih"):
                        fill_weights(part, weights_initializer)
                    elif name.startswith("weight_hh"):
                        fill_weights(part, recurrent_initializer)
                    elif name.startswith("bias_hh"):
                        part.zero_()  # PyTorch adds two biases; one is enough to start from
                    elif unit_forget_bias and cell_type == "lstm" and gate == _FORGET_GATE:
                        part.fill_(1.0)
                    else:
                        fill_bias(part, bias_initializer)

    def forward(self, hidden: Tensor, backwards: Tensor) -> list[Tensor]:
        (first, forward), *others = zip(self.cells, self.directions, strict=True)
        answers: list[Tensor] = [first(forward, hidden)]
        answers.extend(cell(direction, _reorder(hidden, backwards)) for cell, direction in others)
        return answers


def _reversal(mask: Tensor) -> Tensor:
    """Return ``(batch, token)`` positions that turn each row's own tokens around and leave its padding where it is."""
    positions = torch.arange(mask.shape[1], device=mask.device).expand_as(mask)
    return torch.where(mask, mask.sum(1, keepdim=True) - 1 - positions, positions)


def _reorder(hidden: Tensor, positions: Tensor) -> Tensor:
    return hidden.gather(1, positions.unsqueeze(-1).expand_as(hidden))

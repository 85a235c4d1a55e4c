"""The text encoder ``rnn``: recurrent layers whose cell is chosen by name."""

from __future__ import annotations

from declml.components.encoders.recurrent_cells import GATES_RULE, CellType
from declml.components.encoders.recurrent_stack import (
    FORGET_GATE_RULES,
    ForgetGateParameters,
    Recurrent,
    RecurrentParameters,
)
from declml_schema.declare import Component, Rule, parameter


class RnnParameters(RecurrentParameters, ForgetGateParameters):
    """What a config may say of ``rnn``."""

    cell_type: CellType = parameter(
        "rnn",
        "The kind of recurrent cell; lstm and gru remember longer than rnn, at four and three times the cost.",
        common=True,
    )


RNN = Component(
    kind="encoder",
    name="rnn",
    doc="Reads the text token by token with recurrent layers of the cell that cell_type names.",
    parameters=RnnParameters,
    features=("sequence", "text"),
    build=Recurrent,
    rules=(
        *FORGET_GATE_RULES,
        Rule("ignored-unless", "unit_forget_bias", "cell_type", ("lstm",), "Only an lstm has forget gates."),
        GATES_RULE,
    ),
)

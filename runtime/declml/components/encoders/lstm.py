"""The text encoder ``lstm``: long short-term memory (Hochreiter and Schmidhuber 1997) over the tokens."""

from __future__ import annotations

from functools import partial

from declml.components.encoders.recurrent_stack import (
    FORGET_GATE_RULES,
    ForgetGateParameters,
    Recurrent,
    RecurrentParameters,
)
from declml_schema.declare import Component


class LstmParameters(RecurrentParameters, ForgetGateParameters):
    """What a config may say of ``lstm``."""


LSTM = Component(
    kind="encoder",
    name="lstm",
    doc="Reads the text token by token with long short-term memory cells, so that the order of the words counts.",
    parameters=LstmParameters,
    features=("sequence", "text"),
    build=partial(Recurrent, cell_type="lstm"),
    rules=FORGET_GATE_RULES,
)

"""The text encoder ``gru``: gated recurrent units (Cho et al. 2014, arXiv:1406.1078) over the tokens."""

from __future__ import annotations

from functools import partial

from declml.components.encoders.recurrent_stack import RECURRENT_RULES, Recurrent, RecurrentParameters
from declml_schema.declare import Component

GRU = Component(
    kind="encoder",
    name="gru",
    doc="Reads the text token by token with gated recurrent units, which are lighter than an lstm.",
    parameters=RecurrentParameters,
    features=("sequence", "text"),
    build=partial(Recurrent, cell_type="gru"),
    rules=RECURRENT_RULES,
)

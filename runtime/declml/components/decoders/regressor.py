"""The decoder ``regressor``: one number a row, a value for a number output and a logit for a binary one."""

from __future__ import annotations

from declml.components.decoders.output_head import HEAD_RULES, HeadParameters, OutputHead
from declml_schema.declare import Component

REGRESSOR = Component(
    kind="decoder",
    name="regressor",
    doc="Gives one number for each row: the value of a number output, or how likely a binary output is true.",
    parameters=HeadParameters,
    features=("number", "binary"),
    build=OutputHead,
    rules=HEAD_RULES,
    facts={"per_submodel": True},
)

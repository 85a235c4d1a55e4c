"""The dense layers that may follow what a text encoder makes of its tokens, with the parameters that name them."""

from __future__ import annotations

from declml.components.activations import PLANNED_ACTIVATIONS, Activation
from declml.components.dense_stack import BIAS_RULE, MOST_LAYERS, PLANNED_NORMS, LinearParameters, Norm, layer_rules
from declml_schema.declare import parameter


class FcParameters(LinearParameters):
    """What a config may say of the dense layers at the end."""

    num_fc_layers: int = parameter(0, "How many dense layers follow at the end.", ge=0, le=MOST_LAYERS)
    output_size: int = parameter(256, "The width of each of the dense layers that follow.", ge=1, unit="values")
    norm: Norm | None = parameter(
        None,
        "How the dense layers' outputs are rescaled: batch over a batch's rows, layer over a row's values.",
        planned=PLANNED_NORMS,
    )
    fc_activation: Activation | None = parameter(
        "relu",
        "The function applied after each of the dense layers; null applies none.",
        planned=PLANNED_ACTIVATIONS,
    )
    fc_dropout: float = parameter(
        0.0,
        "The share of the dense layers' values set to zero at random in training.",
        ge=0,
        lt=1,
    )


FC_RULES = (
    *layer_rules("num_fc_layers", ("output_size", "norm", "fc_activation", "fc_dropout")),
    BIAS_RULE,
)

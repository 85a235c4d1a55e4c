"""The dense layers that may follow what a text encoder makes of its tokens, with the parameters that name them."""

from __future__ import annotations

from declml.components.activations import LayerActivation
from declml.components.dense_stack import BIAS_RULE, LinearParameters, count_rule, layer_rules
from declml.components.layer_list import MOST_LAYERS, FcLayer, fc_layers_parameter
from declml.components.norms import NORM_DOC, NORM_PARAMS_RULE, Norm, NormParams, norm_params_parameter
from declml_schema.declare import parameter


class FcParameters(LinearParameters):
    """What a config may say of the dense layers at the end."""

    num_fc_layers: int = parameter(0, "How many dense layers follow at the end.", ge=0, le=MOST_LAYERS)
    output_size: int = parameter(256, "The width of each of the dense layers that follow.", ge=1, unit="values")
    norm: Norm | None = parameter(None, NORM_DOC)
    norm_params: NormParams | None = norm_params_parameter()
    fc_layers: list[FcLayer] | None = fc_layers_parameter()
    fc_activation: LayerActivation | None = parameter(
        "relu", "The function applied after each of the dense layers; null applies none."
    )
    fc_dropout: float = parameter(
        0.0,
        "The share of the dense layers' values set to zero at random in training.",
        ge=0,
        lt=1,
    )


FC_RULES = (
    *layer_rules(
        "num_fc_layers", ("output_size", "norm", "norm_params", "fc_activation", "fc_dropout"), listed="fc_layers"
    ),
    count_rule("num_fc_layers"),
    NORM_PARAMS_RULE,
    BIAS_RULE,
)

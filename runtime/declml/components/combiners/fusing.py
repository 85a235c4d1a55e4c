"""What the combiners share that fuse the features' tokens into vectors, behind which stand dense layers."""

from __future__ import annotations

from declml.components.dense_stack import BIAS_RULE, ListedLayerParameters, count_rule, layer_rules
from declml.components.layer_list import MOST_LAYERS
from declml.components.norms import NORM_PARAMS_RULE
from declml_schema.declare import parameter


class FusionParameters(ListedLayerParameters):
    """What a config may say of the dense layers that follow, and of the dropout everywhere."""

    dropout: float = parameter(
        0.1,
        "The share of values set to zero at random in training; more guards against overfitting and slows learning.",
        ge=0,
        lt=1,
        common=True,
    )
    num_fc_layers: int = parameter(
        0, "How many dense layers follow; more learn more and take longer.", ge=0, le=MOST_LAYERS
    )
    output_size: int = parameter(
        256, "The width of each dense layer; wider layers learn more and cost more.", ge=1, unit="values"
    )


FUSION_RULES = (
    *layer_rules("num_fc_layers", ("output_size", "activation", "norm", "norm_params"), listed="fc_layers"),
    count_rule("num_fc_layers"),
    NORM_PARAMS_RULE,
    BIAS_RULE,
)

"""One convolution over tokens that sees no padding: what the convolutional text encoders are made of."""

from __future__ import annotations

from collections.abc import Sequence

from declml.components.dense_stack import BIAS_RULE, ListedLayerParameters, count_rule, layer_rules
from declml.components.encoders.pooling import Padding
from declml.components.encoders.sequence_parts import TOKEN_RULES, TokenParameters
from declml.components.layer_list import MOST_LAYERS, FcLayer, stack_widths
from declml.components.norms import NORM_PARAMS_RULE
from declml.components.token_states import PLANNED_REDUCTIONS, ReduceOutput
from declml_schema.declare import Parameters, parameter

_FC_WIDTHS = (512, 256)  # of the dense layers that stand where no number of them is given


class FilterParameters(Parameters):
    """What a config may say of every encoder with convolutions."""

    num_filters: int = parameter(
        256, "How many patterns each convolution looks for; more find more and cost more.", ge=1, common=True
    )


class FilterSizeParameters(FilterParameters):
    """What a config may say where each convolution sees equally many tokens."""

    filter_size: int = parameter(
        3, "How many tokens in a row each convolution sees at once; larger sees longer phrases.", ge=1, unit="tokens"
    )


class StrideParameters(Parameters):
    """What a config may say of convolutions in a row."""

    strides: int = parameter(
        1, "How many tokens further each convolution looks each time; more shorten the text.", ge=1, unit="tokens"
    )
    padding: Padding = parameter(
        "same", "Whether a convolution looks over the ends of a text (same) or not (valid), which shortens it."
    )
    dilation_rate: int = parameter(
        1, "How far apart the tokens stand that a convolution sees; larger reaches further at the same cost.", ge=1
    )


class ConvolutionalParameters(TokenParameters, ListedLayerParameters):
    """What a config may say of an encoder of convolutions, behind which stand dense layers."""

    reduce_output: ReduceOutput = parameter(
        "sum",
        "How the answers at all tokens become one; max keeps the strongest match, sum counts matches.",
        planned=PLANNED_REDUCTIONS,
        common=True,
    )
    num_fc_layers: int | None = parameter(
        None, "How many dense layers follow; null takes one of 512 and one of 256 values.", ge=0, le=MOST_LAYERS
    )
    output_size: int = parameter(
        256, "The width of each dense layer, and of the vector that the text becomes.", ge=1, unit="values", common=True
    )


def dense_widths(num_fc_layers: int | None, output_size: int, fc_layers: Sequence[FcLayer] | None) -> list[int]:
    """Return the widths of the dense layers behind convolutions."""
    if num_fc_layers is None and fc_layers is None:
        return list(_FC_WIDTHS)
    return stack_widths(num_fc_layers or 0, output_size, fc_layers)


DENSE_RULES = (
    *TOKEN_RULES,
    *layer_rules("num_fc_layers", ("output_size",), listed="fc_layers"),
    count_rule("num_fc_layers"),
    NORM_PARAMS_RULE,
    BIAS_RULE,
)

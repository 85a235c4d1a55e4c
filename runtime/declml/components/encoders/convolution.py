"""One convolution over tokens that sees no padding: what the convolutional text encoders are made of."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from declml.components.activations import Activation, activation_layer
from declml.components.dense_stack import MOST_LAYERS, LayerParameters, Norm, norm_layer
from declml.components.dropout import Dropout
from declml.components.encoders.sequence_parts import TokenParameters
from declml.components.initializers import BiasInitializer, WeightsInitializer, fill_bias, fill_weights
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


class ConvolutionalParameters(TokenParameters, LayerParameters):
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


def dense_widths(num_fc_layers: int | None, output_size: int) -> list[int]:
    """Return the widths of the dense layers behind convolutions."""
    return list(_FC_WIDTHS) if num_fc_layers is None else [output_size] * num_fc_layers


class Convolution(nn.Module):
    """One convolution over the tokens, then norm, activation and dropout.

    Shape: ``(batch, token, in)`` -> ``(batch, token, out)``.
    """

    def __init__(  # noqa: PLR0913 - one argument for each parameter of a config
        self,
        in_width: int,
        out_width: int,
        filter_size: int,
        *,
        dilation: int = 1,
        use_bias: bool,
        weights_initializer: WeightsInitializer,
        bias_initializer: BiasInitializer,
        activation: Activation | None,
        dropout: float,
        norm: Norm | None,
    ) -> None:
        super().__init__()
        self.convolution = nn.Conv1d(in_width, out_width, filter_size, dilation=dilation, bias=use_bias)
        fill_weights(self.convolution.weight.data, weights_initializer)
        if self.convolution.bias is not None:
            fill_bias(self.convolution.bias.data, bias_initializer)
        # As many answers as tokens; an even filter looks one token further to the right than to the left.
        reach = (filter_size - 1) * dilation
        self.around = (reach // 2, reach - reach // 2)
        self.norm = norm_layer(norm, out_width)
        self.after = nn.Sequential(activation_layer(activation), Dropout(dropout))

    def forward(self, hidden: Tensor, mask: Tensor) -> Tensor:
        """``(batch, token, in)`` and ``(batch, token)`` -> ``(batch, token, out)``; padding of the input must be 0."""
        padded = nn.functional.pad(hidden.transpose(1, 2), self.around)  # (batch, width, token)
        answers: Tensor = self.convolution(padded).transpose(1, 2)
        if not isinstance(self.norm, nn.Identity):
            # Over real tokens only: padding would move the mean and spread of a batch.
            answers = torch.zeros_like(answers).masked_scatter(mask.unsqueeze(-1), self.norm(answers[mask]))
        return self.after(answers)

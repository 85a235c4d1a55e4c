"""One convolution over tokens that sees no padding: what the convolutional text encoders are made of."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from declml.components.activations import Activation, activation_layer
from declml.components.dense_stack import Norm, norm_layer
from declml.components.dropout import Dropout
from declml.components.initializers import BiasInitializer, WeightsInitializer, fill_bias, fill_weights


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

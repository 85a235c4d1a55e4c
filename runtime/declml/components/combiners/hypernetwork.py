"""The combiner ``hypernetwork``: a small network writes, for each row, the weights by which its features are mixed.

Ha, Dai and Le: HyperNetworks (2016, arXiv:1609.09106).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from declml.components.activations import Activation, activation_layer
from declml.components.dense_stack import MOST_LAYERS, DenseStack, join
from declml.components.dropout import Dropout
from declml_schema.declare import Component, Parameters, parameter


class HypernetworkParameters(Parameters):
    """What a config may say of ``hypernetwork``."""

    hidden_size: int = parameter(
        128, "The width to which the features are brought; wider keeps more of them.", ge=1, common=True
    )
    hyper_hidden_size: int = parameter(
        64, "The width of the network that writes the weights; wider can tell more kinds of rows apart.", ge=1,
        unit="values", common=True,
    )  # fmt: skip
    output_size: int = parameter(
        128, "The width of the answer and of each dense layer that follows; wider costs more.", ge=1, unit="values",
        common=True,
    )  # fmt: skip
    num_fc_layers: int = parameter(
        0, "How many dense layers follow; more learn more and take longer.", ge=0, le=MOST_LAYERS
    )
    dropout: float = parameter(
        0.1, "The share of values set to zero at random in training; more guards against overfitting.", ge=0, lt=1,
        common=True,
    )  # fmt: skip
    activation: Activation | None = parameter("relu", "The function applied after each layer; null applies none.")


class Hypernetwork(nn.Module):
    """A vector of the features times weights that a second view of the same features writes; then dense layers.

    Shape: one ``(batch, width_i)`` per group -> ``(batch, output_size)``.
    """

    def __init__(
        self,
        widths: Sequence[Sequence[int]],
        *,
        hidden_size: int,
        hyper_hidden_size: int,
        output_size: int,
        num_fc_layers: int,
        dropout: float,
        activation: Activation | None,
    ) -> None:
        super().__init__()
        joined = sum(map(sum, widths))
        self.features = nn.Linear(joined, hidden_size)
        self.hyper = nn.Sequential(nn.Linear(joined, hyper_hidden_size), nn.Tanh())
        # What all rows share, and how a row's own weights depart from it, which starts small.
        self.shared = nn.Linear(hidden_size, output_size)
        self.own = nn.Parameter(torch.empty(hyper_hidden_size, hidden_size, output_size))
        nn.init.normal_(self.own.data, std=(hyper_hidden_size * hidden_size) ** -0.5)
        self.own_bias = nn.Linear(hyper_hidden_size, output_size, bias=False)
        self.after = nn.Sequential(activation_layer(activation), Dropout(dropout))
        self.stack = DenseStack(
            output_size,
            [output_size] * num_fc_layers,
            use_bias=True,
            weights_initializer="xavier_uniform",
            bias_initializer="zeros",
            activation=activation,
            dropout=dropout,
            norm=None,
        )
        self.width = output_size

    def forward(self, groups: Sequence[Tensor]) -> Tensor:
        """``(batch, width_i)`` per group -> ``(batch, output_size)``."""
        joined = join(list(groups))
        hidden: Tensor = self.features(joined)
        told: Tensor = self.hyper(joined)
        # The row's matrix is a sum over the hyper network's values: never built, its product is a bilinear form.
        own = torch.einsum("bk,bi,kio->bo", told, hidden, self.own)
        return self.stack(self.after(self.shared(hidden) + own + self.own_bias(told)))


HYPERNETWORK = Component(
    kind="combiner",
    name="hypernetwork",
    doc="Mixes the features of each row by weights that a small network writes for that row.",
    parameters=HypernetworkParameters,
    build=Hypernetwork,
)

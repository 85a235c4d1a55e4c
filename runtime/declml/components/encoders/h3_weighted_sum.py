"""The encoder ``weighted_sum`` of H3 cells: how much each resolution counts is learned too."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from declml.components.activations import LayerActivation
from declml.components.dropout import Dropout
from declml.components.encoders.fusion import one_group
from declml.components.encoders.group_stack import STACK_RULES, GroupStack, StackParameters
from declml.components.encoders.h3_parts import PARTS, CellVectors, embedding_size_parameter
from declml.components.initializers import BiasInitializer, WeightsInitializer
from declml.components.layer_list import FcLayer, stack_widths
from declml.components.norms import Norm, NormParams
from declml.contracts import Member
from declml_schema.declare import Component, parameter


class H3WeightedSumParameters(StackParameters):
    """What a config may say of ``weighted_sum``."""

    embedding_size: int = embedding_size_parameter()
    should_softmax: bool = parameter(
        False, "Whether the weights of a cell's parts are made to be positive and to add up to 1."
    )


class H3WeightedSum(nn.Module):
    """Add the vectors of the parts, each times its learned weight; then dense layers if any.

    Shape: ``(batch, 19 * feature)`` -> ``(batch, feature * width)``.
    """

    def __init__(  # noqa: PLR0913 - one argument for each parameter of a config
        self,
        members: Sequence[Member],
        *,
        embedding_size: int,
        should_softmax: bool,
        num_fc_layers: int,
        output_size: int,
        use_bias: bool,
        weights_initializer: WeightsInitializer,
        bias_initializer: BiasInitializer,
        activation: LayerActivation | None,
        dropout: float,
        norm: Norm | None,
        norm_params: NormParams | None,
        fc_layers: Sequence[FcLayer] | None,
    ) -> None:
        super().__init__()
        self.cells = CellVectors(members, embedding_size)
        self.shares = nn.Parameter(torch.ones(len(members), PARTS))  # it starts as the plain sum, or mean
        self.should_softmax = should_softmax
        self.dropout = Dropout(dropout)
        self.stack = GroupStack(
            members,
            embedding_size,
            stack_widths(num_fc_layers, output_size, fc_layers),
            use_bias=use_bias,
            weights_initializer=weights_initializer,
            bias_initializer=bias_initializer,
            activation=activation,
            dropout=dropout,
            norm=norm,
            norm_params=norm_params,
            fc_layers=fc_layers,
        )
        self.widths = [self.stack.width] * len(members)

    def forward(self, values: Tensor, lengths: Tensor | None = None) -> Tensor:
        """``(batch, 19 * feature)`` -> ``(batch, feature * width)``; ``lengths`` has no meaning here."""
        vectors, mask = self.cells(values)
        shares = self.shares.expand_as(mask)
        if self.should_softmax:
            shares = shares.masked_fill(~mask, float("-inf")).softmax(-1)  # a cell has at least its upper four parts
        summed = torch.einsum("bfp,bfpw->bfw", shares, vectors)
        return self.stack(self.dropout(summed)).flatten(1)


H3_WEIGHTED_SUM = Component(
    kind="encoder",
    name="weighted_sum",
    doc="Adds the vectors of a cell's base cell and digits, and learns how much each resolution counts.",
    parameters=H3WeightedSumParameters,
    features=("h3",),
    build=H3WeightedSum,
    fusion=one_group,
    rules=STACK_RULES,
)

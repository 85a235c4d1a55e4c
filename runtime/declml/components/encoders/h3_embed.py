"""The encoder ``embed`` of H3 cells: a learned vector for each part of a cell, added up."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from declml.components.activations import LayerActivation
from declml.components.dropout import Dropout
from declml.components.encoders.fusion import one_group
from declml.components.encoders.group_stack import STACK_RULES, GroupStack, StackParameters
from declml.components.encoders.h3_parts import CellVectors, embedding_size_parameter
from declml.components.initializers import BiasInitializer, WeightsInitializer
from declml.components.layer_list import FcLayer, stack_widths
from declml.components.norms import Norm, NormParams
from declml.components.token_states import PLANNED_WEIGHTLESS, Reduction, reduce_tokens
from declml.contracts import Member
from declml_schema.declare import Component, parameter


class H3EmbedParameters(StackParameters):
    """What a config may say of ``embed`` for an H3 cell."""

    embedding_size: int = embedding_size_parameter()
    reduce_output: Reduction = parameter(
        "sum",
        "How the vectors of all parts become one; last keeps that of the finest digit alone.",
        planned=PLANNED_WEIGHTLESS,
    )


class H3Embed(nn.Module):
    """Look up the vector of each part and reduce them; then dense layers if any.

    Shape: ``(batch, 19 * feature)`` -> ``(batch, feature * width)``.
    """

    def __init__(  # noqa: PLR0913 - one argument for each parameter of a config
        self,
        members: Sequence[Member],
        *,
        embedding_size: int,
        reduce_output: Reduction,
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
        self.reduce_output: Reduction = reduce_output
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
        reduced = reduce_tokens(vectors.flatten(0, 1), mask.flatten(0, 1), self.reduce_output)
        return self.stack(self.dropout(reduced.unflatten(0, mask.shape[:2]))).flatten(1)


H3_EMBED = Component(
    kind="encoder",
    name="embed",
    doc="Learns a vector for each base cell and for each digit of each resolution, and adds them up.",
    parameters=H3EmbedParameters,
    features=("h3",),
    build=H3Embed,
    fusion=one_group,
    rules=STACK_RULES,
)

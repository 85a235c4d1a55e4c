"""The combiner ``cross_attention``: each feature looks at all others, and what they find is averaged."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from declml.components.activations import LayerActivation
from declml.components.combiners.fusing import FUSION_RULES, FusionParameters
from declml.components.dense_stack import DenseStack
from declml.components.dropout import Dropout
from declml.components.feature_tokens import FeatureTokens
from declml.components.initializers import BiasInitializer, WeightsInitializer
from declml.components.layer_list import FcLayer, stack_widths
from declml.components.norms import Norm, NormParams
from declml_schema.declare import Component, Rule, parameter


class CrossAttentionParameters(FusionParameters):
    """What a config may say of ``cross_attention``."""

    hidden_size: int = parameter(
        256, "The width of each feature's token; wider learns more and costs more.", ge=1, common=True
    )
    num_heads: int = parameter(
        8, "How many relations between features each layer looks at; hidden_size must be a multiple.", ge=1, common=True
    )
    num_layers: int = parameter(
        1, "How many layers of attention there are; more relate more features at once.", ge=1, le=32, common=True
    )


class CrossAttention(nn.Module):
    """Let each feature's token take what it asks for from those of the others; then their mean, and dense layers.

    Shape: one ``(batch, width_i)`` per group -> ``(batch, width)``.
    """

    def __init__(  # noqa: PLR0913 - one argument for each parameter of a config
        self,
        widths: Sequence[Sequence[int]],
        *,
        hidden_size: int,
        num_heads: int,
        num_layers: int,
        use_bias: bool,
        weights_initializer: WeightsInitializer,
        bias_initializer: BiasInitializer,
        activation: LayerActivation | None,
        dropout: float,
        norm: Norm | None,
        norm_params: NormParams | None,
        num_fc_layers: int,
        output_size: int,
        fc_layers: Sequence[FcLayer] | None,
    ) -> None:
        super().__init__()
        self.tokens = FeatureTokens(
            widths,
            hidden_size,
            use_bias=use_bias,
            weights_initializer=weights_initializer,
            bias_initializer=bias_initializer,
        )
        self.layers = nn.ModuleList(_Layer(hidden_size, num_heads, dropout) for _ in range(num_layers))
        self.norm = nn.LayerNorm(hidden_size)
        self.stack = DenseStack(
            hidden_size,
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
        self.width = self.stack.width

    def forward(self, groups: Sequence[Tensor]) -> Tensor:
        """``(batch, width_i)`` per group -> ``(batch, width)``."""
        tokens: Tensor = self.tokens(groups)  # (batch, feature, hidden)
        for layer in self.layers:
            tokens = layer(tokens)
        return self.stack(self.norm(tokens).mean(1))


class _Layer(nn.Module):
    """Attention of each token to the others, added to it: ``(batch, feature, width)`` -> the same.

    A single feature has nobody to look at but itself.
    """

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self._heads = heads
        self.before = nn.LayerNorm(width)
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.answer = nn.Linear(width, width)
        self.dropout = Dropout(dropout)

    def forward(self, tokens: Tensor) -> Tensor:
        """As above."""
        scaled = self.before(tokens)
        query, key, value = (
            layer(scaled).unflatten(-1, (self._heads, -1)).transpose(1, 2)  # (batch, head, feature, width)
            for layer in (self.query, self.key, self.value)
        )
        count = tokens.shape[1]
        others = ~torch.eye(count, dtype=torch.bool, device=tokens.device) if count > 1 else None
        seen = nn.functional.scaled_dot_product_attention(query, key, value, attn_mask=others)
        return tokens + self.dropout(self.answer(seen.transpose(1, 2).flatten(-2)))


CROSS_ATTENTION = Component(
    kind="combiner",
    name="cross_attention",
    doc="Lets every feature take from all others what matters to it, and averages what they come to.",
    parameters=CrossAttentionParameters,
    build=CrossAttention,
    rules=(
        Rule("divisible", "hidden_size", "num_heads", doc="Each head gets an equal share of a token."),
        *FUSION_RULES,
    ),
)

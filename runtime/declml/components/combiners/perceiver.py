"""The combiner ``perceiver``: a few learned vectors ask the features, then each other (arXiv:2103.03206)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from declml.components.activations import LayerActivation
from declml.components.combiners.fusing import FUSION_RULES, FusionParameters
from declml.components.dense_stack import DenseStack
from declml.components.dropout import Dropout
from declml.components.feature_tokens import (
    AttentionLayer,
    FeatureReduction,
    FeatureTokens,
    reduce_features,
    reduced_width,
)
from declml.components.initializers import BiasInitializer, WeightsInitializer
from declml.components.layer_list import FcLayer, stack_widths
from declml.components.norms import Norm, NormParams
from declml_schema.declare import Component, Rule, parameter


class PerceiverParameters(FusionParameters):
    """What a config may say of ``perceiver``."""

    num_latents: int = parameter(
        32, "How many learned vectors ask the features; more keep more and cost more.", ge=1, common=True
    )
    latent_dim: int = parameter(
        256, "The width of these vectors and of each feature's token; wider learns more.", ge=1, common=True
    )
    num_heads: int = parameter(
        8, "How many relations each layer of attention looks at; latent_dim must be a multiple.", ge=1, common=True
    )
    num_self_attention_layers: int = parameter(
        2, "How many layers of attention among the learned vectors follow.", ge=0, le=32
    )
    reduce_output: FeatureReduction = parameter("mean", "How the learned vectors become one.")


class Perceiver(nn.Module):
    """Learned vectors attend to the features, then to each other; they are reduced, and dense layers follow.

    It costs as much as vectors times features: with many features less than attention among these.
    Shape: one ``(batch, width_i)`` per group -> ``(batch, width)``.
    """

    def __init__(  # noqa: PLR0913 - one argument for each parameter of a config
        self,
        widths: Sequence[Sequence[int]],
        *,
        num_latents: int,
        latent_dim: int,
        num_heads: int,
        num_self_attention_layers: int,
        reduce_output: FeatureReduction,
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
            latent_dim,
            use_bias=use_bias,
            weights_initializer=weights_initializer,
            bias_initializer=bias_initializer,
        )
        self._heads = num_heads
        self.latents = nn.Parameter(torch.randn(num_latents, latent_dim) * latent_dim**-0.5)
        self.before = nn.LayerNorm(latent_dim)
        self.query = nn.Linear(latent_dim, latent_dim)
        self.key = nn.Linear(latent_dim, latent_dim)
        self.value = nn.Linear(latent_dim, latent_dim)
        self.answer = nn.Linear(latent_dim, latent_dim)
        self.dropout = Dropout(dropout)
        self.layers = nn.Sequential(
            *(
                AttentionLayer(latent_dim, num_heads=num_heads, inner_width=latent_dim, dropout=dropout, before=True)
                for _ in range(num_self_attention_layers)
            )
        )
        self.after = nn.LayerNorm(latent_dim)
        self.reduce_output: FeatureReduction = reduce_output
        self.stack = DenseStack(
            reduced_width(reduce_output, num_latents, latent_dim),
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
        tokens: Tensor = self.before(self.tokens(groups))  # (batch, feature, latent)
        latents = self.latents.expand(len(tokens), -1, -1)  # (batch, latent, width)
        query, key, value = (
            part.unflatten(-1, (self._heads, -1)).transpose(1, 2)
            for part in (self.query(latents), self.key(tokens), self.value(tokens))
        )
        seen = nn.functional.scaled_dot_product_attention(query, key, value)
        latents = latents + self.dropout(self.answer(seen.transpose(1, 2).flatten(-2)))
        return self.stack(reduce_features(self.after(self.layers(latents)), self.reduce_output))


PERCEIVER = Component(
    kind="combiner",
    name="perceiver",
    doc="Asks the features through a few learned vectors: as cheap for a thousand features as attention can be.",
    parameters=PerceiverParameters,
    build=Perceiver,
    rules=(
        Rule("divisible", "latent_dim", "num_heads", doc="Each head gets an equal share of a token."),
        *FUSION_RULES,
    ),
)

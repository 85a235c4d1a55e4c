"""What the combiners share that see each feature as a token: tokens of one width, attention among them, one vector."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Literal, TypeAlias

import torch
from torch import Tensor, nn

from declml.components.activations import LayerActivation
from declml.components.dense_stack import BIAS_RULE, DenseStack, LinearParameters, count_rule, layer_rules
from declml.components.dropout import Dropout
from declml.components.initializers import BiasInitializer, WeightsInitializer, fill_bias, fill_weights
from declml.components.layer_list import MOST_LAYERS, FcLayer, fc_layers_parameter, stack_widths
from declml.components.norms import NORM_DOC, NORM_PARAMS_RULE, Norm, NormParams, norm_params_parameter
from declml_schema.declare import Rule, parameter

FeatureReduction: TypeAlias = Literal["last", "sum", "mean", "avg", "max", "concat"]
PLANNED_FEATURE_REDUCTIONS = ["attention", "attention_pooling", "none", None]


class AttentionParameters(LinearParameters):
    """What a config may say of a combiner with attention among features."""

    hidden_size: int = parameter(
        256, "The width of each feature's token; wider learns more and costs more.", ge=1, common=True
    )
    num_layers: int = parameter(
        1, "How many layers of attention there are; more relate more features at once and cost more.", ge=1, le=32,
        common=True,
    )  # fmt: skip
    num_heads: int = parameter(
        8, "How many relations between features each layer looks at; hidden_size must be a multiple.", ge=1,
        common=True,
    )  # fmt: skip
    transformer_output_size: int = parameter(
        256, "The width of the dense layer inside each layer of attention; wider learns more.", ge=1, unit="values"
    )
    dropout: float = parameter(
        0.1,
        "The share of values set to zero at random in the layers of attention; more guards against overfitting.",
        ge=0,
        lt=1,
        common=True,
    )
    num_fc_layers: int = parameter(
        0, "How many dense layers follow; more can find relations between features and take longer.", ge=0,
        le=MOST_LAYERS,
    )  # fmt: skip
    output_size: int = parameter(
        256, "The width of each dense layer; wider layers learn more and cost more.", ge=1, unit="values"
    )
    norm: Norm | None = parameter(None, NORM_DOC)
    norm_params: NormParams | None = norm_params_parameter()
    fc_layers: list[FcLayer] | None = fc_layers_parameter()
    fc_activation: LayerActivation | None = parameter(
        "relu", "The function applied after each dense layer; null applies none."
    )
    fc_dropout: float = parameter(
        0.0, "The share of values set to zero at random after each dense layer; more guards against overfitting.",
        ge=0, lt=1,
    )  # fmt: skip
    fc_residual: bool = parameter(
        False, "Whether a dense layer as wide as its input adds its answer to that input, which helps deep stacks."
    )


ATTENTION_RULES = (
    Rule("divisible", "hidden_size", "num_heads", doc="Each head gets an equal share of a token."),
    *layer_rules(
        "num_fc_layers",
        ("output_size", "norm", "norm_params", "fc_activation", "fc_dropout", "fc_residual"),
        listed="fc_layers",
    ),
    count_rule("num_fc_layers"),
    NORM_PARAMS_RULE,
    BIAS_RULE,
)


class FeatureTokens(nn.Module):
    """Give each feature a token: its vector times weights of its own.

    Features of one width that stand side by side in a group are one product. Without a bias a zero stays a zero.
    Shape: one ``(batch, sum of its features' widths)`` per group -> ``(batch, feature, width)``.
    """

    def __init__(
        self,
        widths: Sequence[Sequence[int]],
        width: int,
        *,
        use_bias: bool,
        weights_initializer: WeightsInitializer,
        bias_initializer: BiasInitializer,
    ) -> None:
        super().__init__()
        self.count = sum(len(group) for group in widths)
        self.width = width
        self._runs: list[list[tuple[int, int]]] = [
            [(size, len(list(alike))) for size, alike in groupby(group)] for group in widths
        ]
        weights: list[nn.Parameter] = []
        for size, count in (run for runs in self._runs for run in runs):
            weight = torch.empty(count, size, width)
            for feature in range(count):
                fill_weights(weight[feature].T, weights_initializer)
            weights.append(nn.Parameter(weight))
        self.weights = nn.ParameterList(weights)
        self.bias = None
        if use_bias:
            self.bias = nn.Parameter(torch.empty(self.count, width))
            for feature in range(self.count):
                fill_bias(self.bias.data[feature], bias_initializer)

    def forward(self, groups: Sequence[Tensor]) -> Tensor:
        """As above."""
        tokens: list[Tensor] = []
        weights = iter(self.weights)
        for values, runs in zip(groups, self._runs, strict=True):
            start = 0
            for size, count in runs:
                own = values[:, start : start + size * count].unflatten(1, (count, size))  # (batch, feature, in)
                tokens.append(torch.einsum("bfi,fio->bfo", own, next(weights)))
                start += size * count
        joined = tokens[0] if len(tokens) == 1 else torch.cat(tokens, dim=1)
        return joined if self.bias is None else joined + self.bias


class AttentionLayer(nn.Module):
    """Let each token look at all others, then change each by itself (Vaswani et al., 2017).

    ``before`` normalizes what goes into each half (Wang et al., 2019), otherwise what comes out.
    Shape: ``(batch, feature, width)`` -> the same.
    """

    def __init__(self, width: int, *, num_heads: int, inner_width: int, dropout: float, before: bool) -> None:
        super().__init__()
        self._heads = num_heads
        self._dropout = dropout
        self._before = before
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.out = nn.Linear(width, width)
        self.attention_norm = nn.LayerNorm(width)
        self.dense = nn.Sequential(
            nn.Linear(width, inner_width), nn.ReLU(), Dropout(dropout), nn.Linear(inner_width, width)
        )
        self.dense_norm = nn.LayerNorm(width)
        self.drop = Dropout(dropout)

    def forward(self, tokens: Tensor) -> Tensor:
        """As above."""
        if self._before:
            tokens = tokens + self.drop(self._attend(self.attention_norm(tokens)))
            return tokens + self.drop(self.dense(self.dense_norm(tokens)))
        tokens = self.attention_norm(tokens + self.drop(self._attend(tokens)))
        return self.dense_norm(tokens + self.drop(self.dense(tokens)))

    def _attend(self, tokens: Tensor) -> Tensor:
        query, key, value = (
            layer(tokens).unflatten(-1, (self._heads, -1)).transpose(1, 2)  # (batch, head, feature, width)
            for layer in (self.query, self.key, self.value)
        )
        chance = self._dropout if self.training else 0.0
        seen = nn.functional.scaled_dot_product_attention(query, key, value, dropout_p=chance)
        return self.out(seen.transpose(1, 2).flatten(-2))


def attention_layers(
    width: int, *, num_layers: int, num_heads: int, inner_width: int, dropout: float, before: bool = False
) -> nn.Sequential:
    """Return layers of attention in a row: ``(batch, feature, width)`` -> the same."""
    layers = (
        AttentionLayer(width, num_heads=num_heads, inner_width=inner_width, dropout=dropout, before=before)
        for _ in range(num_layers)
    )
    return nn.Sequential(*layers)


def reduced_width(how: FeatureReduction, features: int, width: int) -> int:
    """Return the width of `reduce_features`."""
    return features * width if how == "concat" else width


def reduce_features(tokens: Tensor, how: FeatureReduction) -> Tensor:
    """``(batch, feature, width)`` -> ``(batch, width)``, or ``(batch, feature * width)`` for ``concat``."""
    if how == "concat":
        return tokens.flatten(1)
    if how == "last":
        return tokens[:, -1]
    if how == "max":
        return tokens.amax(1)
    return tokens.sum(1) if how == "sum" else tokens.mean(1)


def fc_stack(  # noqa: PLR0913 - one argument for each parameter of a config
    width: int,
    *,
    num_fc_layers: int,
    output_size: int,
    use_bias: bool,
    weights_initializer: WeightsInitializer,
    bias_initializer: BiasInitializer,
    norm: Norm | None,
    norm_params: NormParams | None,
    fc_layers: Sequence[FcLayer] | None,
    fc_activation: LayerActivation | None,
    fc_dropout: float,
    fc_residual: bool,
) -> DenseStack:
    """Return the dense layers that follow: ``(batch, width)`` -> ``(batch, output_size)``."""
    return DenseStack(
        width,
        stack_widths(num_fc_layers, output_size, fc_layers),
        use_bias=use_bias,
        weights_initializer=weights_initializer,
        bias_initializer=bias_initializer,
        activation=fc_activation,
        dropout=fc_dropout,
        norm=norm,
        norm_params=norm_params,
        fc_layers=fc_layers,
        residual=fc_residual,
    )

"""The decoder ``tagger``: a label for each token of an input that keeps its tokens."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor, nn

from declml.components.activations import LayerActivation
from declml.components.decoders.output_head import HEAD_LAYER_RULES, ListedHeadLayerParameters, OutputHead
from declml.components.decoders.vocabulary import as_tagged, count_tokens
from declml.components.dense_stack import Linear
from declml.components.initializers import BiasInitializer, WeightsInitializer
from declml.components.layer_list import FcLayer
from declml.components.norms import Norm, NormParams
from declml.contracts import Facts, TokenAnswers, TokenStates
from declml_schema.declare import Component, Rule, parameter


class TaggerParameters(ListedHeadLayerParameters):
    """What a config may say of a tagger."""

    use_bias: bool = parameter(True, "Whether the last layer adds a learned constant to the score of each label.")
    use_attention: bool = parameter(
        False,
        "Whether every token looks at all others once more before it gets its label; costs time and helps where the"
        " encoder sees a token's neighbours alone.",
        common=True,
    )
    attention_embedding_size: int = parameter(
        256, "The width of the vectors inside that attention, a multiple of attention_num_heads.", ge=1, unit="values"
    )
    attention_num_heads: int = parameter(
        8, "How many tokens each token can look at for different reasons in that attention.", ge=1
    )


class Tagger(nn.Module):
    """Attention over the tokens where it is asked for, dense layers and a last linear one, for each token alone.

    Shape: `TokenStates` of ``(batch, token, width)`` -> ``(batch, token, class)`` while it trains, else `TokenAnswers`;
    there are as many answers as the targets have places.
    """

    takes_tokens = True
    takes_targets = True

    def __init__(  # noqa: PLR0913 - one argument for each parameter of a config
        self,
        width: int,
        facts: Facts,
        *,
        use_bias: bool,
        use_attention: bool,
        attention_embedding_size: int,
        attention_num_heads: int,
        num_fc_layers: int,
        fc_output_size: int,
        fc_use_bias: bool,
        fc_activation: LayerActivation | None,
        fc_dropout: float,
        fc_norm: Norm | None,
        fc_weights_initializer: WeightsInitializer,
        fc_bias_initializer: BiasInitializer,
        fc_norm_params: NormParams | None = None,
        fc_layers: Sequence[FcLayer] | None = None,
    ) -> None:
        super().__init__()
        self.attention = _Attention(width, attention_embedding_size, attention_num_heads) if use_attention else None
        self.head = OutputHead(
            width if self.attention is None else self.attention.width,
            facts,
            count_classes=count_tokens,
            num_fc_layers=num_fc_layers,
            fc_output_size=fc_output_size,
            fc_use_bias=fc_use_bias,
            fc_activation=fc_activation,
            fc_dropout=fc_dropout,
            fc_norm=fc_norm,
            fc_weights_initializer=fc_weights_initializer,
            fc_bias_initializer=fc_bias_initializer,
            fc_norm_params=fc_norm_params,
            fc_layers=fc_layers,
            use_bias=use_bias,
            weights_initializer="xavier_uniform",
            bias_initializer="zeros",
        )
        self.facts = facts

    def forward(self, combined: TokenStates, targets: Tensor | None = None) -> Tensor | TokenAnswers:
        """As above; ``targets`` ``(batch, token)`` tell how many places there are."""
        values, mask = combined
        if self.attention is not None:
            values = self.attention(values, mask)
        own: Tensor = self.head(values[mask])  # of real tokens only: padding would move the mean and spread of a batch
        logits = own.new_zeros(*mask.shape, own.shape[-1]).masked_scatter(mask.unsqueeze(-1), own)
        answers = logits if targets is None else logits[:, : targets.shape[1]]
        return answers if self.training else as_tagged(answers, logits, mask, self.facts)


class _Attention(nn.Module):
    """Every token looks at all others of its row: ``(batch, token, in)`` -> ``(batch, token, width)``."""

    def __init__(self, in_width: int, width: int, heads: int) -> None:
        super().__init__()
        self.width = width
        self.heads = heads
        linear = partial(Linear, use_bias=True, weights_initializer="xavier_uniform", bias_initializer="zeros")
        self.enter = linear(in_width, width)
        self.parts = linear(width, 3 * width)
        self.answer = linear(width, width)

    def forward(self, values: Tensor, mask: Tensor) -> Tensor:
        hidden = self.enter(values)
        query, key, value = self.parts(hidden).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        # Attention over nothing is not a number: an empty row looks at its first place, which nobody reads.
        first = torch.arange(mask.shape[1], device=mask.device) == 0
        seen = mask | (~mask.any(1, keepdim=True) & first)
        found = nn.functional.scaled_dot_product_attention(query, key, value, attn_mask=seen[:, None, None, :])
        return hidden + self.answer(found.transpose(1, 2).flatten(2))


TAGGER = Component(
    kind="decoder",
    name="tagger",
    doc="Gives each token of an input a label: the input's encoder and the combiner must keep a vector for each token.",
    parameters=TaggerParameters,
    features=("sequence", "text"),
    build=Tagger,
    rules=(
        *HEAD_LAYER_RULES,
        *(
            Rule("ignored-unless", name, "use_attention", (True,), f"{name} acts only with use_attention.")
            for name in ("attention_embedding_size", "attention_num_heads")
        ),
        Rule("divisible", "attention_embedding_size", "attention_num_heads", (), "Each head gets an equal share."),
    ),
    facts={"tokens": True},
)

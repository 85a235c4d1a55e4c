"""The encoder ``embed`` of bags and sets: a learned vector for each token, added up."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from declml.components.activations import LayerActivation
from declml.components.dense_stack import DenseStack
from declml.components.dropout import Dropout
from declml.components.encoders.group_stack import STACK_RULES, StackParameters
from declml.components.encoders.sequence_parts import (
    VECTOR_RULES,
    Representation,
    TokenVectors,
    VectorParameters,
    vocabulary_size,
)
from declml.components.initializers import BiasInitializer, WeightsInitializer
from declml.components.layer_list import FcLayer, stack_widths
from declml.components.norms import Norm, NormParams
from declml.components.token_states import reduce_tokens
from declml.contracts import Member
from declml_schema.declare import Component, parameter


class BagEmbedParameters(StackParameters, VectorParameters):
    """What a config may say of ``embed`` for a bag or a set."""

    embedding_size: int = parameter(
        50,
        "The width of each token's vector, at most the number of tokens; wider can tell tokens apart in more ways.",
        ge=1,
        unit="values",
        common=True,
    )


class BagEmbed(nn.Module):
    """Add the vectors of a row's tokens, each as often as it occurs; then dense layers if any. An empty row is zeros.

    Shape: ids ``(batch, token)`` -> ``(batch, width)``.
    """

    def __init__(  # noqa: PLR0913 - one argument for each parameter of a config
        self,
        members: Sequence[Member],
        *,
        embedding_size: int,
        embeddings_trainable: bool,
        representation: Representation,
        pretrained_embeddings: str | None,
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
        facts = members[0].facts
        # As in Ludwig more values than tokens would tell nothing more; but a file's vectors are as wide as they are.
        width = embedding_size if pretrained_embeddings else min(embedding_size, vocabulary_size(facts))
        self.tokens = TokenVectors(
            facts,
            embedding_size=width,
            embeddings_trainable=embeddings_trainable,
            initializer="uniform",
            representation=representation,
            pretrained_embeddings=pretrained_embeddings,
        )
        self.dropout = Dropout(dropout)
        self.stack = DenseStack(
            self.tokens.width,
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
        self.widths = [self.stack.width]

    def forward(self, values: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Ids ``(batch, token)`` -> ``(batch, width)``."""
        values, mask = self.tokens.own_tokens(values, lengths)
        return self.stack(self.dropout(reduce_tokens(self.tokens(values, mask), mask, "sum")))


BAG_EMBED = Component(
    kind="encoder",
    name="embed",
    doc="Turns each token into a learned vector and adds them up.",
    parameters=BagEmbedParameters,
    features=("bag", "set"),
    build=BagEmbed,
    rules=(*VECTOR_RULES, *STACK_RULES),
)

"""The text encoder ``mamba``: layers of selective state spaces (Gu and Dao 2023, arXiv:2312.00752)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from torch import Tensor, nn

from declml.components.activations import LayerActivation
from declml.components.dense_stack import DenseStack, Linear
from declml.components.dropout import Dropout
from declml.components.encoders.fc_after import FC_RULES, FcParameters
from declml.components.encoders.sequence_parts import TOKEN_RULES, Representation, TokenVectors
from declml.components.encoders.state_space_blocks import MambaBlock, StateSpaceParameters
from declml.components.initializers import BiasInitializer, WeightsInitializer
from declml.components.layer_list import FcLayer, stack_widths
from declml.components.norms import Norm, NormParams
from declml.components.token_states import ReduceOutput, TokenReduction
from declml.contracts import Member, TokenStates
from declml_schema.declare import Component, parameter


class MambaParameters(StateSpaceParameters, FcParameters):
    """What a config may say of ``mamba``."""

    d_state: int = parameter(
        16, "How many numbers are remembered for each value from token to token; more remember longer.", ge=1
    )


class Mamba(nn.Module):
    """Token vectors, layers of Mamba, one vector for the text, then dense layers if any.

    Shape: ids ``(batch, token)`` -> ``(batch, width)``, or a vector for each token.
    """

    def __init__(  # noqa: PLR0913 - one argument for each parameter of a config
        self,
        members: Sequence[Member],
        *,
        embedding_size: int,
        embeddings_trainable: bool,
        representation: Representation,
        pretrained_embeddings: str | None,
        should_embed: bool,
        max_sequence_length: int | None,
        d_model: int,
        n_layers: int,
        d_state: int,
        d_conv: int,
        expand_factor: int,
        dropout: float,
        reduce_output: ReduceOutput,
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
    ) -> None:
        super().__init__()
        linear = partial(
            Linear, use_bias=use_bias, weights_initializer=weights_initializer, bias_initializer=bias_initializer
        )
        self.tokens = TokenVectors(
            members[0].facts,
            embedding_size=embedding_size,
            embeddings_trainable=embeddings_trainable,
            representation=representation,
            pretrained_embeddings=pretrained_embeddings,
            should_embed=should_embed,
            max_sequence_length=max_sequence_length,
            initializer="uniform",
        )
        self.project = linear(self.tokens.width, d_model) if self.tokens.width != d_model else nn.Identity()
        self.dropout = Dropout(dropout)
        self.layers = nn.Sequential(
            *(
                MambaBlock(d_model, state=d_state, conv=d_conv, expand=expand_factor, dropout=dropout, linear=linear)
                for _ in range(n_layers)
            )
        )
        self.norm = nn.RMSNorm(d_model)
        self.stack = DenseStack(
            d_model,
            stack_widths(num_fc_layers, output_size, fc_layers),
            use_bias=use_bias,
            weights_initializer=weights_initializer,
            bias_initializer=bias_initializer,
            activation=fc_activation,
            dropout=fc_dropout,
            norm=norm,
            norm_params=norm_params,
            fc_layers=fc_layers,
        )
        self.widths = [self.stack.width]
        self.reduce = TokenReduction(reduce_output, d_model)
        self.per_token = self.reduce.per_token

    def forward(self, values: Tensor, lengths: Tensor | None = None) -> Tensor | TokenStates:
        """Ids ``(batch, token)`` -> ``(batch, width)``; what comes after a token does not touch it."""
        values, mask = self.tokens.own_tokens(values, lengths)
        hidden = self.layers(self.dropout(self.project(self.tokens(values, mask))))  # (batch, token, width)
        return self.reduce(self.norm(hidden), mask, self.stack)


MAMBA = Component(
    kind="encoder",
    name="mamba",
    doc="Reads the text in order with states that choose what to remember; its time grows with the length alone.",
    parameters=MambaParameters,
    features=("sequence", "text"),
    build=Mamba,
    rules=(*TOKEN_RULES, *FC_RULES),
)

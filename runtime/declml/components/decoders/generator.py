"""The decoder ``generator``: says one token after the other with a recurrent network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import torch
from torch import Tensor, nn

from declml.components.activations import LayerActivation
from declml.components.decoders.beam_search import State
from declml.components.decoders.output_head import HEAD_LAYER_RULES
from declml.components.decoders.speaking import (
    REDUCE_INPUT_DOC,
    SPEAKING_RULES,
    GeneratorParameters,
    Speaker,
    fc_stack,
    one_vector,
    rows_first,
)
from declml.components.dense_stack import Linear
from declml.components.initializers import BiasInitializer, WeightsInitializer
from declml.components.layer_list import MOST_LAYERS, FcLayer
from declml.components.norms import Norm, NormParams
from declml.components.token_states import Reduction
from declml.contracts import Facts, TokenStates
from declml_schema.declare import Component, Rule, parameter

_CELLS: dict[str, Callable[..., nn.RNNBase]] = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}


class RecurrentGeneratorParameters(GeneratorParameters):
    """What a config may say of ``generator``."""

    cell_type: Literal["rnn", "lstm", "gru"] = parameter(
        "gru", "How the state is carried from token to token; lstm and gru remember longer than rnn.", common=True
    )
    num_layers: int = parameter(
        1,
        "How many recurrent layers stand on each other; more can follow longer structure and take longer to train.",
        ge=1,
        le=MOST_LAYERS,
        common=True,
    )
    state_size: int = parameter(
        256,
        "The width of the state that is carried from token to token, and of each token's vector; wider remembers more.",
        ge=1,
        unit="values",
        common=True,
    )
    reduce_input: Reduction = parameter("sum", REDUCE_INPUT_DOC, planned=["concat"])
    teacher_forcing_decay: Literal["none", "linear", "exponential"] = parameter(
        "none",
        "How the share of true tokens that training goes on from falls in favour of those that the model says itself;"
        " none always goes on from the true ones, which is fastest.",
    )
    teacher_forcing_decay_rate: float = parameter(
        0.01,
        "How fast it falls: each training step takes so much of it, or with exponential so much of what is left.",
        gt=0,
        le=1,
    )


class Generator(Speaker):
    """A recurrent network that sees the row's vector in its first state and beside every token.

    While it trains with a ``teacher_forcing_decay``, each token is told from the true one before it or, more often from
    step to step, from the one that the model holds most probable: `torch`'s random numbers decide.
    """

    steps: Tensor

    def __init__(  # noqa: PLR0913 - one argument for each parameter of a config
        self,
        width: int,
        facts: Facts,
        *,
        cell_type: Literal["rnn", "lstm", "gru"],
        num_layers: int,
        state_size: int,
        reduce_input: Reduction,
        teacher_forcing_decay: Literal["none", "linear", "exponential"],
        teacher_forcing_decay_rate: float,
        max_sequence_length: int | None,
        beam_width: int,
        beam_length_penalty: float,
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
        super().__init__(
            facts,
            max_sequence_length=max_sequence_length,
            beam_width=beam_width,
            beam_length_penalty=beam_length_penalty,
        )
        self.reduce_input: Reduction = reduce_input
        self.stack = fc_stack(
            width,
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
        )
        linear: Any = {"use_bias": True, "weights_initializer": "xavier_uniform", "bias_initializer": "zeros"}
        self.layers = num_layers
        self.enter = Linear(self.stack.width, num_layers * state_size, **linear)
        self.context = Linear(self.stack.width, state_size, **linear)
        self.vectors = nn.Embedding(self.words + 1, state_size)
        self.cells = _CELLS[cell_type](2 * state_size, state_size, num_layers, batch_first=True)
        self.answer = Linear(state_size, self.words, **linear)
        self.has_memory = cell_type == "lstm"
        self.decay = teacher_forcing_decay
        self.rate = teacher_forcing_decay_rate
        if teacher_forcing_decay != "none":
            self.register_buffer("steps", torch.zeros((), dtype=torch.int64))

    def memory(self, combined: Tensor | TokenStates) -> State:
        """Return the row's vector after the dense layers, ``(batch, width)``."""
        return (self.stack(one_vector(combined, self.reduce_input)),)

    def begin(self, memory: State) -> State:
        """Return what stands beside every token, and the first states, ``(batch, layer, state)``."""
        hidden = torch.tanh(self.enter(memory[0])).unflatten(-1, (self.layers, -1))
        cells = (torch.zeros_like(hidden),) if self.has_memory else ()
        return self.context(memory[0]), hidden, *cells

    def taught(self, memory: State, tokens: Tensor) -> Tensor:
        """Return the logits after each of the ``tokens``; see the class for where they do not all count."""
        state = self.begin(memory)
        if self.decay == "none" or not self.training:
            return self._run(state, tokens)[0]
        self.steps += 1
        share = self.steps * -self.rate
        share = (1 + share).clamp_min(0) if self.decay == "linear" else share.exp()
        token = tokens[:, 0]
        logits: list[Tensor] = []
        for place in range(tokens.shape[1]):
            answer, state = self.step(state, token)
            logits.append(answer)
            if place + 1 < tokens.shape[1]:
                true = torch.rand(len(token), device=token.device) < share
                token = tokens[:, place + 1].where(true, answer.detach().argmax(-1))
        return torch.stack(logits, dim=1)

    def step(self, state: State, token: Tensor) -> tuple[Tensor, State]:
        """Return the logits after one more token, and the new state."""
        logits, state = self._run(state, token.unsqueeze(1))
        return logits.squeeze(1), state

    def _run(self, state: State, tokens: Tensor) -> tuple[Tensor, State]:
        context, *carried = state
        beside = context.unsqueeze(1).expand(-1, tokens.shape[1], -1)
        inputs = torch.cat([self.vectors(tokens), beside], dim=-1)  # (batch, token, 2 * state)
        before = [each.transpose(0, 1).contiguous() for each in carried]
        hidden, after = self.cells(inputs, tuple(before) if self.has_memory else before[0])
        return self.answer(hidden), (context, *rows_first(after if self.has_memory else (after,)))


GENERATOR = Component(
    kind="decoder",
    name="generator",
    doc="Says one token after the other, each from those before it, with a recurrent network.",
    parameters=RecurrentGeneratorParameters,
    features=("sequence", "text"),
    build=Generator,
    rules=(
        *HEAD_LAYER_RULES,
        *SPEAKING_RULES,
        Rule(
            "ignored-unless",
            "teacher_forcing_decay_rate",
            "teacher_forcing_decay",
            ("linear", "exponential"),
            "teacher_forcing_decay_rate acts only with a decay.",
        ),
    ),
    facts={"asks": {"ends": True}},
)

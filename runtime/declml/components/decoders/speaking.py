"""What both generators share: their parameters, the vector that they speak from, and how they answer."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from declml.components.activations import LayerActivation
from declml.components.decoders.beam_search import State, say_best, say_by_beams
from declml.components.decoders.output_head import ListedHeadLayerParameters
from declml.components.decoders.vocabulary import count_tokens, log_chances
from declml.components.dense_stack import DenseStack
from declml.components.initializers import BiasInitializer, WeightsInitializer
from declml.components.layer_list import FcLayer, stack_widths
from declml.components.norms import Norm, NormParams
from declml.components.token_states import Reduction, reduce_tokens
from declml.contracts import Facts, TokenAnswers, TokenStates
from declml.token_rows import NO_TOKEN
from declml_schema.declare import Parameters, Rule, parameter

_LONGEST = 256
REDUCE_INPUT_DOC = "How the vectors of all tokens become the one that is spoken from, where the combiner keeps them."


class SpeakingParameters(Parameters):
    """How the tokens are said."""

    max_sequence_length: int | None = parameter(
        None, "How many tokens are said at most; null says as many as the longest training row has.", ge=1,
        unit="tokens",
    )  # fmt: skip
    beam_width: int = parameter(
        1,
        "How many beginnings are followed side by side when a sequence is predicted; more finds more probable ones and"
        " costs as many times the time.",
        ge=1,
        common=True,
    )
    beam_length_penalty: float = parameter(
        1.0, "How much longer sequences are preferred among the beginnings; 0 prefers short ones.", ge=0
    )


SPEAKING_RULES = (
    Rule(
        "ignored-unless",
        "beam_length_penalty",
        "beam_width",
        tuple(range(2, 65)),
        "beam_length_penalty acts only where beam_width is at least 2.",
    ),
)


class GeneratorParameters(ListedHeadLayerParameters, SpeakingParameters):
    """What a config may say of every generator."""


def fc_stack(  # noqa: PLR0913 - one argument for each parameter of a config
    width: int,
    *,
    num_fc_layers: int,
    fc_output_size: int,
    fc_use_bias: bool,
    fc_activation: LayerActivation | None,
    fc_dropout: float,
    fc_norm: Norm | None,
    fc_weights_initializer: WeightsInitializer,
    fc_bias_initializer: BiasInitializer,
    fc_norm_params: NormParams | None,
    fc_layers: Sequence[FcLayer] | None,
) -> DenseStack:
    """Return the dense layers of an output, between the combiner and what is said."""
    return DenseStack(
        width,
        stack_widths(num_fc_layers, fc_output_size, fc_layers),
        use_bias=fc_use_bias,
        weights_initializer=fc_weights_initializer,
        bias_initializer=fc_bias_initializer,
        activation=fc_activation,
        dropout=fc_dropout,
        norm=fc_norm,
        norm_params=fc_norm_params,
        fc_layers=fc_layers,
    )


class Speaker(nn.Module):
    """A generator: learns each token from the true ones before it, and answers what it says by itself.

    Shape: ``(batch, width)`` or `TokenStates`, and targets ``(batch, token)`` -> ``(batch, token, class)`` while it
    trains, else `TokenAnswers`. The id behind the last of the vocabulary begins a sequence.
    """

    takes_tokens = True
    takes_targets = True

    def __init__(
        self, facts: Facts, *, max_sequence_length: int | None, beam_width: int, beam_length_penalty: float
    ) -> None:
        super().__init__()
        self.facts = facts
        self.words = count_tokens(facts)
        self.stop: int = facts.get("stop") or 0
        longest = facts.get("max_length") or _LONGEST
        self.longest = (longest if max_sequence_length is None else max_sequence_length) + 1  # and its end
        self.beam_width = beam_width
        self.beam_length_penalty = beam_length_penalty

    @abstractmethod
    def memory(self, combined: Tensor | TokenStates) -> State:
        """Return what is spoken from, for each row: the tensors that `taught` and `begin` are given."""

    @abstractmethod
    def taught(self, memory: State, tokens: Tensor) -> Tensor:
        """Return the logits after each of the ``tokens`` ``(batch, token)``: ``(batch, token, class)``."""

    @abstractmethod
    def begin(self, memory: State) -> State:
        """Return the state before the first token is said."""

    @abstractmethod
    def step(self, state: State, token: Tensor) -> tuple[Tensor, State]:
        """Return the logits ``(row, class)`` after one more ``token`` ``(row,)``, and the new state."""

    def forward(self, combined: Tensor | TokenStates, targets: Tensor | None = None) -> Tensor | TokenAnswers:
        """As above; without targets nothing is taught."""
        memory = self.memory(combined)
        first = torch.full((len(memory[0]), 1), self.words, device=memory[0].device)
        if targets is None or not targets.shape[1]:
            logits = memory[0].new_zeros(len(first), 0, self.words)
        else:
            truth = targets.where(targets != NO_TOKEN, self.stop)
            logits = self.taught(memory, torch.cat([first, truth[:, :-1]], dim=1))
        if self.training:
            return logits
        begun, start = self.begin(memory), first[:, 0]

        def step(state: State, token: Tensor) -> tuple[Tensor, State]:
            answer, state = self.step(state, token)
            return log_chances(answer, self.facts), state  # these are logits of a softmax, too

        if self.beam_width == 1:
            return TokenAnswers(logits, *say_best(step, begun, start, stop=self.stop, longest=self.longest))
        said = say_by_beams(
            step, begun, start, stop=self.stop, longest=self.longest, width=self.beam_width,
            length_penalty=self.beam_length_penalty,
        )  # fmt: skip
        return TokenAnswers(logits, *said)


def one_vector(combined: Tensor | TokenStates, how: Reduction) -> Tensor:
    """Return one vector for each row, ``(batch, width)``."""
    return reduce_tokens(combined.values, combined.mask, how) if isinstance(combined, TokenStates) else combined


def rows_first(parts: Sequence[Tensor]) -> State:
    """Return states of layers, ``(layer, row, width)``, with the rows first."""
    return tuple(part.transpose(0, 1) for part in parts)

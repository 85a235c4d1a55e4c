"""The combiner ``sequence``: puts the features side by side at each token and reads them with a sequence encoder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor, nn

from declml.components.combiners.sequence_concat import SequenceConcat, main_parameter
from declml.components.token_states import PLANNED_REDUCTIONS, ReduceOutput, TokenReduction
from declml.contracts import Member, Source, TokenStates
from declml_schema.declare import Component, Parameters, parameter


class SequenceParameters(Parameters):
    """What a config may say of ``sequence``."""

    main_sequence_feature: str | None = main_parameter()
    encoder: dict[str, Any] | None = parameter(
        None, "How the tokens with all features are read; any encoder of sequences.", choice="encoder",
        choice_of="sequence", common=True,
    )  # fmt: skip
    reduce_output: ReduceOutput = parameter(
        None,
        "How the tokens become one vector where the encoder keeps them; null leaves that to the encoder.",
        planned=PLANNED_REDUCTIONS,
    )


class SequenceCombiner(nn.Module):
    """Join as `SequenceConcat` does, then encode the joined vectors as if they were those of a sequence's tokens.

    ``encoder`` builds the encoder from one member, whose facts state the ``token_width``.
    Shape: ``(batch, width_i)`` or `TokenStates` per group, at least one of these -> ``(batch, width)``, or
    `TokenStates` from an encoder that keeps tokens.
    """

    def __init__(
        self,
        widths: Sequence[Sequence[int]],
        *,
        sources: Sequence[Sequence[Source]],
        main_sequence_feature: str | None,
        encoder: Callable[..., Any],
        reduce_output: ReduceOutput,
    ) -> None:
        super().__init__()
        self.join = SequenceConcat(
            widths, sources=sources, main_sequence_feature=main_sequence_feature, reduce_output=None
        )
        self.encoder = encoder([Member("sequence", {"token_width": self.join.width})])
        self.width = sum(self.encoder.widths)
        self.reduce = TokenReduction(reduce_output if self.encoder.per_token else None, self.width)
        self.per_token: bool = self.encoder.per_token and self.reduce.per_token

    def forward(self, groups: Sequence[Tensor | TokenStates]) -> Tensor | TokenStates:
        """As above."""
        values, mask = self.join.tokens_of(groups)
        answers = self.encoder(values, mask.sum(1))
        if isinstance(answers, TokenStates):
            return self.reduce(answers.values, answers.mask, nn.Identity())
        return answers


SEQUENCE = Component(
    kind="combiner",
    name="sequence",
    doc="Puts all features side by side at each token and reads them in order with an encoder of its own.",
    parameters=SequenceParameters,
    build=SequenceCombiner,
    facts={"sources": True, "tokens": True, "default_types": {"encoder": "parallel_cnn"}},
)

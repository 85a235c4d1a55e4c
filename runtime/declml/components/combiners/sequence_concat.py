"""The combiner ``sequence_concat``: puts the features side by side at each token."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from declml.components.token_states import PLANNED_REDUCTIONS, ReduceOutput, TokenReduction
from declml.contracts import Source, TokenStates
from declml_schema.declare import Component, Parameters, parameter


def main_parameter() -> str | None:
    """Return the declaration of ``main_sequence_feature``."""
    return parameter(
        None,
        "The input whose tokens count: others are cut or padded to its length; null takes the first that keeps tokens.",
        reference="input_feature",
        common=True,
    )


class SequenceConcatParameters(Parameters):
    """What a config may say of ``sequence_concat``."""

    main_sequence_feature: str | None = main_parameter()
    reduce_output: ReduceOutput = parameter(
        None,
        "How the vectors of all tokens become one; null keeps them, for outputs that say something of each token.",
        planned=PLANNED_REDUCTIONS,
        common=True,
    )


class SequenceConcat(nn.Module):
    """Repeat the vectors of whole rows at each token and put them beside those of the tokens.

    ``tokens_of`` is the same before its reduction. Shape: ``(batch, width_i)`` or `TokenStates` per group, at least one
    of these -> ``(batch, width)``, or `TokenStates`.
    """

    def __init__(
        self,
        widths: Sequence[Sequence[int]],
        *,
        sources: Sequence[Sequence[Source]],
        main_sequence_feature: str | None,
        reduce_output: ReduceOutput,
    ) -> None:
        super().__init__()
        self.width = sum(map(sum, widths))
        names = [[each.name for each in group] for group in sources]
        self._main = next((place for place, group in enumerate(names) if main_sequence_feature in group), None)
        self.reduce = TokenReduction(reduce_output, self.width)
        self.per_token = self.reduce.per_token

    def forward(self, groups: Sequence[Tensor | TokenStates]) -> Tensor | TokenStates:
        """As above."""
        values, mask = self.tokens_of(groups)
        return self.reduce(values, mask, nn.Identity())

    def tokens_of(self, groups: Sequence[Tensor | TokenStates]) -> TokenStates:
        """Return all features at each token of the main one: ``(batch, token, width)``."""
        kept = [each for each in groups if isinstance(each, TokenStates)]
        main = groups[self._main] if self._main is not None else kept[0]
        assert isinstance(main, TokenStates), "the config's check lets no other feature be the main one"
        tokens = main.mask.shape[1]
        parts = [
            _fitted(each.values, tokens) if isinstance(each, TokenStates) else each.unsqueeze(1).expand(-1, tokens, -1)
            for each in groups
        ]
        return TokenStates(torch.cat(parts, dim=-1) * main.mask.unsqueeze(-1), main.mask)


def _fitted(values: Tensor, tokens: int) -> Tensor:
    """Return ``(batch, token, width)`` cut or padded with zeros to so many tokens."""
    return nn.functional.pad(values[:, :tokens], (0, 0, 0, max(0, tokens - values.shape[1])))


SEQUENCE_CONCAT = Component(
    kind="combiner",
    name="sequence_concat",
    doc="Puts all features side by side at each token of a text or sequence, which must keep its tokens.",
    parameters=SequenceConcatParameters,
    build=SequenceConcat,
    facts={"sources": True, "tokens": True},
)

"""Taggers: whether every row has a label for each token of the input that is tagged; rows that do not are told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from declml.contracts import Encoded, Facts
from declml.errors import ConfigProblems
from declml.run.components import Components
from declml.token_rows import TokenRows
from declml_schema import column_findings as found
from declml_schema.plan import InputFeature, OutputFeature, Plan
from declml_schema.problems import Problem, Severity
from declml_schema.token_keeping import KEPT

_UNKNOWN = 1
"""The id of the token that stands for an input without any."""


def tagged_input(plan: Plan, output: OutputFeature, components: Components) -> InputFeature | None:
    """Return the input whose tokens an output labels, None where its decoder labels none."""
    if not components.facts_of("decoder", output.decoder.type, output.type).get("tokens"):
        return None
    inputs = {each.name: each for each in plan.inputs}
    main = plan.combiner.parameters.get("main_sequence_feature")
    if main is not None:
        return inputs[main]
    return next(each for each in plan.inputs if _encoder_of(each, inputs).get("reduce_output", "") in KEPT)


def _encoder_of(feature: InputFeature, inputs: Mapping[str, InputFeature]) -> Mapping[str, object]:
    for _ in inputs:
        if feature.tied is None:
            break
        feature = inputs[feature.tied]
    return feature.encoder.parameters


def fitting_rows(
    plan: Plan,
    components: Components,
    columns: Mapping[str, tuple[Encoded, Facts]],
    keep: np.ndarray,
) -> tuple[np.ndarray, list[Problem]]:
    """Return which of the rows of ``keep`` ``(row,)`` have a label for each token, and a warning of those that do not.

    ``columns`` are the arrays and facts of each feature.
    Where most have not, the columns are not what the config says: that is `ConfigProblems`.
    """
    labels = FittingLabels(plan, components)
    keep = labels.fitting({name: encoded for name, (encoded, _) in columns.items()}, keep)
    return keep, labels.problems()


@dataclass(slots=True)
class _Tagged:
    """An output with labels, the input whose tokens they are for, and how many of its rows do not fit."""

    output: OutputFeature
    tagged: InputFeature
    rows: int = 0
    wrong: int = 0
    first: tuple[int, int, int] = (0, 0, 0)


class FittingLabels:
    """Looks at the rows of a table a piece at a time: which have a label for each token, and what to tell of the
    others.
    """

    def __init__(self, plan: Plan, components: Components) -> None:
        pairs = [(output, tagged_input(plan, output, components)) for output in plan.outputs]
        self._taggers = [_Tagged(output, tagged) for output, tagged in pairs if tagged is not None]

    def fitting(self, columns: Mapping[str, Encoded], keep: np.ndarray, *, start: int = 0) -> np.ndarray:
        """Return which of the rows of ``keep`` ``(row,)`` fit. ``start`` is the number of the first in the table."""
        for each in self._taggers:
            tokens, labels = _rows(columns[each.tagged.name]), _rows(columns[each.output.name])
            fits = tokens.lengths == labels.lengths
            # An input without tokens is read as one unknown one; in truth it has no label.
            starts = tokens.values[np.minimum(tokens.offsets[:-1], max(0, len(tokens.values) - 1))]
            fits |= (labels.lengths == 0) & (tokens.lengths == 1) & (starts == _UNKNOWN)
            wrong = np.flatnonzero(keep & ~fits)
            if len(wrong) and not each.wrong:
                first = int(wrong[0])
                each.first = (start + first, int(labels.lengths[first]), int(tokens.lengths[first]))
            each.rows += int(keep.sum())
            each.wrong += len(wrong)
            keep = keep & fits
        return keep

    def problems(self) -> list[Problem]:
        """Return a warning of the rows that do not fit; where most do not, that is `ConfigProblems`."""
        warnings: list[Problem] = []
        for each in self._taggers:
            if not each.wrong:
                continue
            row, labels, tokens = each.first
            told = found.unfit_labels(
                each.output.column, of=each.tagged.column, count=each.wrong, rows=each.rows, row=row + 1,
                labels=labels, tokens=tokens,
            )  # fmt: skip
            problem = Problem(
                told.code, told.message, severity=Severity.ERROR if told.fatal else Severity.WARNING,
                path=f"output_features[{each.output.name}]", hint=told.hint,
            )  # fmt: skip
            if told.fatal:
                raise ConfigProblems([problem])
            warnings.append(problem)
        return warnings


def _rows(encoded: Encoded) -> TokenRows:
    assert encoded.offsets is not None, "what has tokens has offsets"
    return TokenRows(np.asarray(encoded.values), np.asarray(encoded.offsets))

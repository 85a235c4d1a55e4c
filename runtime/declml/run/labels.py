"""Taggers: whether every row has a label for each token of the input that is tagged; rows that do not are told."""

from __future__ import annotations

from collections.abc import Mapping

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
    warnings: list[Problem] = []
    for output in plan.outputs:
        tagged = tagged_input(plan, output, components)
        if tagged is None:
            continue
        tokens, labels = _rows(columns[tagged.name][0]), _rows(columns[output.name][0])
        fits = tokens.lengths == labels.lengths
        # An input without tokens is read as one unknown one; in truth it has no label.
        starts = tokens.values[np.minimum(tokens.offsets[:-1], max(0, len(tokens.values) - 1))]
        unknown = starts == _UNKNOWN
        fits |= (labels.lengths == 0) & (tokens.lengths == 1) & unknown
        wrong = np.flatnonzero(keep & ~fits)
        if not len(wrong):
            continue
        told = found.unfit_labels(
            output.column,
            of=tagged.column,
            count=len(wrong),
            rows=int(keep.sum()),
            row=int(wrong[0]) + 1,
            labels=int(labels.lengths[wrong[0]]),
            tokens=int(tokens.lengths[wrong[0]]),
        )
        problem = Problem(
            told.code, told.message, severity=Severity.ERROR if told.fatal else Severity.WARNING,
            path=f"output_features[{output.name}]", hint=told.hint,
        )  # fmt: skip
        if told.fatal:
            raise ConfigProblems([problem])
        warnings.append(problem)
        keep = keep & fits
    return keep, warnings


def _rows(encoded: Encoded) -> TokenRows:
    assert encoded.offsets is not None, "what has tokens has offsets"
    return TokenRows(np.asarray(encoded.values), np.asarray(encoded.offsets))

"""What a model asks of a column beside its preprocessing: in a network its encoder, otherwise the trees."""

from __future__ import annotations

from typing import Any

from declml.run.components import Components
from declml_schema.check_model_type import TREES
from declml_schema.plan import InputFeature, Plan


def asked_of(plan: Plan, feature: InputFeature, components: Components) -> dict[str, Any]:
    """Return what is asked of the fit and arrays of ``feature``, whose encoder is its own."""
    if plan.model_type == TREES:
        return asked_by_trees(feature, components)
    return components.asked_of(feature.encoder.type, feature.type, feature.encoder.parameters)


def asked_by_trees(feature: InputFeature, components: Components) -> dict[str, Any]:
    """Ask for the marks of missing numbers: trees send them to the better side of each question.

    A fill that the config chose is kept: only what is built in says nothing of the column.
    """
    if feature.type != "number":
        return {}
    word = components.words.find("input", feature.type)
    built_in = word.preprocessing.defaults if word is not None else {}
    chosen = [
        name for name in ("missing_value_strategy", "fill_value") if feature.preprocessing[name] != built_in[name]
    ]
    return {} if chosen else {"missing_marks": True}

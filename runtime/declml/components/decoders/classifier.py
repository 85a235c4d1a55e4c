"""The decoder ``classifier``: one logit for each class of a category output, or item of a set."""

from __future__ import annotations

from functools import partial

from declml.components.answer_scale import answers_for
from declml.components.decoders.answer_options import AnswerOptions
from declml.components.decoders.output_head import HEAD_RULES, HeadParameters, OutputHead
from declml.contracts import Facts
from declml_schema.declare import Component


class ClassifierParameters(HeadParameters, AnswerOptions):
    """The dense layers of one output, the linear layer that gives its answer, and what is asked of the answers."""


def _count_items(facts: Facts) -> int:
    return len(facts["vocabulary"])


CLASSIFIER = Component(
    kind="decoder",
    name="classifier",
    doc="Gives each class of a category output a score; the highest is the prediction.",
    parameters=ClassifierParameters,
    features=("category", "category_distribution"),
    build=partial(OutputHead, count_classes=answers_for),
    rules=HEAD_RULES,
    facts={"per_submodel": True},
)

SET = Component(
    kind="decoder",
    name="classifier",
    doc="Gives each item of a set output a score of its own; those from the threshold on are the prediction.",
    parameters=ClassifierParameters,
    features=("set",),
    build=partial(OutputHead, count_classes=_count_items),
    rules=HEAD_RULES,
    facts={"per_submodel": True},
)

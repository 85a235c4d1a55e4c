"""How the metrics of texts are declared that torchmetrics computes: told where a config names them."""

from __future__ import annotations

from functools import partial
from typing import Any

from declml.components.metrics.torchmetrics_call import Arrange, borrowed, borrowed_part
from declml.token_rows import SpokenScores, TokenRows
from declml_schema.declare import Component


def _texts(scores: SpokenScores, targets: TokenRows) -> tuple[Any, ...] | None:
    """Return answers and truth; None where all of the truth is empty, of which there is no share."""
    return (scores.texts(scores.said.tokens), scores.texts(targets)) if len(targets.values) else None


def _one_reference(scores: SpokenScores, targets: TokenRows) -> tuple[Any, ...] | None:
    arranged = _texts(scores, targets)
    return None if arranged is None else (arranged[0], [[each] for each in arranged[1]])


def _questions(scores: SpokenScores, targets: TokenRows) -> tuple[Any, ...] | None:
    arranged = _texts(scores, targets)
    if arranged is None:
        return None
    said = [{"prediction_text": each, "id": str(place)} for place, each in enumerate(arranged[0])]
    true = [{"answers": {"answer_start": [0], "text": [each]}, "id": str(i)} for i, each in enumerate(arranged[1])]
    return said, true


def _squad(key: str, answer: Any) -> float:
    return float(answer[key]) / 100


def squad_metric(name: str, key: str, doc: str) -> Component:
    """Return the metric ``name``: one of both numbers of torchmetrics' ``squad``, as a share."""
    arrange: Arrange = _questions
    return Component(
        "metric",
        name,
        doc,
        features=("sequence", "text"),
        build=partial(borrowed_part, name, "text", "squad", arrange, partial(_squad, key)),
        facts={"goal": "maximize", "range": [0.0, 1.0], "package": "torchmetrics"},
    )


def text_metric(
    name: str, function: str, doc: str, *, goal: str = "minimize", high: float | None = None, references: bool = False
) -> Component:
    """Return the metric ``name``, which calls ``torchmetrics.functional.text.<function>``; none needs a network.

    With ``references`` the truth goes as a list of texts for each row.
    """
    arrange: Arrange = _one_reference if references else _texts
    return Component(
        "metric",
        name,
        doc,
        features=("sequence", "text"),
        build=partial(borrowed, name, "text", function, arrange),
        facts={"goal": goal, "range": [0.0, high], "package": "torchmetrics"},
    )

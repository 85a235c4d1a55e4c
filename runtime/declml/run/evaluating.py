"""Wires the evaluation of a model: which metrics each output has, which rows a slice holds, what is kept of the
answers.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from declml.components.answer_scale import ranks_of
from declml.contracts import Facts, Loss, Metric, Model, OutputOperation, Rows, Scores
from declml.evaluation.confusion import confusion
from declml.evaluation.dropout_samples import spread
from declml.evaluation.evaluate import Answers, OutputSpec, Predictions, evaluate, predict, score
from declml.evaluation.slices import score_slices
from declml.run.components import Components
from declml.run.own_metrics import own_metric
from declml.run.settings import decides_of, watched_metrics
from declml.run.slices import slice_masks
from declml.seeds import derive_seed
from declml_schema.declare import Component
from declml_schema.plan import OutputFeature, Plan

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

_LARGEST_CONFUSION = 50
"""Classes up to which a confusion matrix is kept: beyond, nobody can read it and it would swell every event."""

_MOST_LOGITS = 1 << 26
"""Logits of a sequence that are in memory at once while it is evaluated: a quarter of a gigabyte."""


@dataclass(frozen=True, slots=True)
class FinalResult:
    """The last word on one split: JSON data for the event, and the answers to write down."""

    rows: int
    values: Mapping[str, Mapping[str, float]]
    slices: list[dict[str, Any]]
    confusion: dict[str, Any]
    predictions: Predictions


class Evaluator:
    """Evaluates one model; the same in training and on new rows. ``facts`` and ``operations`` are by output.

    What is added to the facts afterwards, such as a temperature, acts from then on.
    """

    def __init__(
        self,
        plan: Plan,
        facts: Mapping[str, Facts],
        operations: Mapping[str, OutputOperation],
        components: Components,
        model: Model,
        *,
        batch_size: int,
    ) -> None:
        self._plan = plan
        self._facts = facts
        self._operations = operations
        self._model = model
        self._batch_size = min([batch_size, *(_most_rows(each) for each in facts.values())])
        self._decides = decides_of(plan, components)
        self.specs = [
            OutputSpec(
                output.name,
                self._metrics(output, components),
                partial(self._scores, output),
                partial(self._targets, output),
            )
            for output in plan.outputs
        ]

    def _scores(self, output: OutputFeature, answers: Any) -> Any:
        # The facts are looked up at each call: a calibration adds to them.
        operation, facts = self._operations[output.name], self._facts[output.name]
        return operation.scores(answers, facts, output.preprocessing, output.parameters)

    def _targets(self, output: OutputFeature, encoded: Any) -> Any:
        return self._operations[output.name].targets(encoded, self._facts[output.name], output.preprocessing)

    def _metrics(self, output: OutputFeature, components: Components) -> dict[str, Metric]:
        """Return the metrics of an output: those of the plan and what decides or is watched, each built.

        Where the plan has all metrics, as it does by default, one that is always the same for so few classes is left
        out.
        """
        wanted = list(self._plan.evaluation["metrics"][output.name])
        named = {self._decides.metric, *watched_metrics(self._plan)} if self._decides.output == output.name else set()
        metrics: dict[str, Metric] = {}
        for name in dict.fromkeys([*wanted, *sorted(named)]):
            if name == "loss":
                continue
            component = components.get("metric", name, output.type)
            assert component.build is not None
            if name not in named and self._is_constant(component, output) and _has_all(wanted, output, components):
                continue
            shared = {
                key: output.parameters[key] for key in component.parameters.model_fields if key in output.parameters
            }
            if component.facts.get("ranked"):
                shared["ranks"] = _ranks(self._facts[output.name])
            file = components.file_of(component)
            build = component.build
            metrics[name] = build(**shared) if file is None else own_metric(name, file, build, shared)
        return metrics

    def _is_constant(self, component: Component, output: OutputFeature) -> bool:
        limit = component.facts.get("more_classes_than")
        return limit is not None and len(class_names(self._facts[output.name])) <= output.parameters[limit]

    def scores(self, batches: Rows) -> Scores:
        """Return the scores of the model on these rows."""
        return evaluate(self._model, batches, self.specs, batch_size=self._batch_size)[0]

    def loss_of(self, output: str) -> Loss:
        """Return the loss of an output, without its weight."""
        return self._model.losses[output][0]

    def answers(self, batches: Rows) -> Mapping[str, Answers]:
        """Return what the model answers to these rows, by output; those of sequences are left out."""
        outputs = self.predictions(batches).outputs
        return {name: each for name, each in outputs.items() if isinstance(each, Answers)}

    def predictions(self, batches: Rows) -> Predictions:
        """Return what the model answers to these rows."""
        return predict(self._model, batches, self.specs, batch_size=self._batch_size)

    def uncertainties(self, batches: Rows, predictions: Predictions, *, piece: int = 0) -> dict[str, np.ndarray]:
        """Return, for outputs whose decoder asks for it, how far the probability of each answer strays, ``(row,)``.

        Each ``piece`` of a table draws its own samples.
        """
        answer: dict[str, np.ndarray] = {}
        for output, spec in zip(self._plan.outputs, self.specs, strict=True):
            samples = output.decoder.parameters.get("mc_dropout_samples", 0)
            if samples and predictions.rows:
                later = [piece] if piece else []
                seed = derive_seed(self._plan.trainer["seed"], "dropout samples", output.name, *later)
                answer[output.name] = spread(
                    self._model, batches, spec, predictions, samples=samples, batch_size=self._batch_size, seed=seed
                )
        return answer

    def final(self, batches: Rows, table: pl.DataFrame) -> FinalResult:
        """Return scores, slices, confusion and answers; ``table`` has the rows of ``batches``, in their order."""
        return self.judged(self.predictions(batches), table)

    def judged(self, predictions: Predictions, table: pl.DataFrame) -> FinalResult:
        """Return scores, slices and confusion of answers at hand; ``table`` has their rows, in their order."""
        masks = slice_masks(self._plan, table)
        slices = score_slices(predictions, self.specs, self._model, masks, self._decides) if masks else []
        return FinalResult(
            predictions.rows,
            score(predictions, self.specs, self._model),
            [each.as_json() for each in slices],
            self._confusion(predictions),
            predictions,
        )

    def _confusion(self, predictions: Predictions) -> dict[str, Any]:
        answer: dict[str, Any] = {}
        for output in self._plan.outputs:
            classes = class_names(self._facts[output.name])
            if classes and len(classes) <= _LARGEST_CONFUSION and output.name in predictions.outputs:
                each = predictions.outputs[output.name]
                assert isinstance(each, Answers), "what has classes is no sequence"
                threshold = output.parameters.get("threshold", 0.5)
                answer[output.name] = confusion(each.scores, each.targets, classes, threshold=threshold).as_json()
        return answer


def _ranks(facts: Facts) -> list[int]:
    """Return the classes from the lowest to the highest, by the loss `corn` or their own numbers."""
    known = facts.get("link", {}).get("ranks")
    return known or ranks_of(class_names(facts), None)


def _most_rows(facts: Facts) -> int:
    """Return how many rows of an output are answered at once: each token of a sequence has as many logits as words."""
    words = len(facts["vocabulary"]) if "vocabulary" in facts else facts.get("vocabulary_size")
    if "stop" not in facts or words is None:
        return sys.maxsize
    return max(1, _MOST_LOGITS // (words * (facts["max_length"] + 1)))


def _has_all(metrics: Sequence[str], output: OutputFeature, components: Components) -> bool:
    """Return whether these are all metrics of the output's type that are told unasked."""
    having = {name: components.get("metric", name, output.type) for name in components.names("metric", output.type)}
    told = {name for name, each in having.items() if not {"package", "on_request"} & each.facts.keys()}
    return told <= set(metrics)


def class_names(facts: Facts) -> list[str]:
    """Return the classes of an output as text, false before true for a binary; empty for a number."""
    if "classes" in facts:
        return [str(each) for each in facts["classes"]]
    if "true" in facts:
        return [str(facts["false"]), str(facts["true"])]
    return []

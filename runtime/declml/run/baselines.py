"""A linear and a tree baseline beside a run: the same rows, split and targets, learned by the plainest of models.

They are runs of their own in the run's folder, ``baselines/linear`` and ``baselines/tree``, which no list of runs
shows: asking again trains nothing again, and deleting the run deletes them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias

import yaml

from declml.errors import ConfigProblems, UserProblem
from declml.run.apply import evaluate_run
from declml.run.config import Config, checked
from declml.run.launching import Launch, follow_run, start_run
from declml.run.reproduce import base_of, cache_of
from declml.runs.folder import Run
from declml_schema.plan import InputFeature, OutputFeature, Plan
from declml_schema.problems import Severity
from declml_schema.vocabulary import vocabulary

Kind: TypeAlias = Literal["linear", "tree"]
KINDS: tuple[Kind, ...] = ("linear", "tree")

_OUTPUTS: Mapping[Kind, tuple[str, ...]] = {
    "linear": ("number", "binary", "category", "set", "vector", "category_distribution"),
    "tree": ("number", "binary", "category"),
}
"""What each can predict."""
_LINEAR: Mapping[str, str] = {
    "number": "passthrough", "binary": "passthrough", "vector": "passthrough", "category": "onehot", "text": "tf_idf",
}  # fmt: skip
"""The encoder of each input type that adds nothing to learn but a weight for each value; others keep their default."""
_READ_BY_TREES = ("number", "binary", "category")
_TRAINER: Mapping[Kind, Mapping[str, Any]] = {"linear": {"learning_rate": 0.02, "epochs": 60}, "tree": {}}
"""A layer alone learns nothing by heart: it may take larger steps, and many of them."""
_OWN_KEYS = ("dependencies", "reduce_input", "calibration")
"""Parameters of an output that belong to the model of the run."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """What a baseline reaches: output -> metric -> number, and why it has no answer for the outputs in ``left_out``.

    ``without`` are the inputs that it cannot read.
    """

    kind: Kind
    values: dict[str, dict[str, float]] = field(default_factory=dict[str, dict[str, float]])
    left_out: dict[str, str] = field(default_factory=dict[str, str])
    without: list[str] = field(default_factory=list[str])
    runs: list[str] = field(default_factory=list[str])

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON data."""
        return {"values": self.values, "left_out": self.left_out, "without": self.without, "runs": self.runs}


def baselines_of(run: Run, data: Any, *, tell: Callable[[str], None] | None = None) -> list[Baseline]:
    """Return what the baselines of a run reach on the rows of ``data``; ``tell`` hears what is trained.

    They learn from what the run learned from: data that are no longer what its record says are a `UserProblem`.
    """
    paths = [Path(each) for each in run.record["data"]["paths"]]
    missing = [path for path in paths if not path.exists()]
    if missing:
        raise UserProblem(
            "absent-source",
            f"The data of run {run.id} must be where they were, to train its baselines; got nothing at '{missing[0]}'.",
        )
    answer: list[Baseline] = []
    for kind in KINDS:
        baseline = Baseline(kind)
        for output in run.plan.outputs:
            if output.type in _OUTPUTS[kind]:
                _add(baseline, run, output, data, tell)
            else:
                baseline.left_out[output.name] = f"no {kind} baseline for a {output.type} output"
        answer.append(baseline)
    return answer


def _add(baseline: Baseline, run: Run, output: OutputFeature, data: Any, tell: Callable[[str], None] | None) -> None:
    """Train and evaluate the model of one output, and add what it reaches, or why there is none."""
    kind = baseline.kind
    baseline.without[:] = [each.name for each in run.plan.inputs if not _is_read(each, kind)]
    if len(baseline.without) == len(run.plan.inputs):
        baseline.left_out[output.name] = f"no {kind} baseline: it reads none of the inputs"
        return
    text = yaml.safe_dump(_config(run.plan, kind, output), sort_keys=False, allow_unicode=True)
    config = Config(text, f"{kind} baseline", None)
    result = checked(config)
    if result.plan is None:
        told = next(each.message for each in result.problems if each.severity is Severity.ERROR)
        baseline.left_out[output.name] = f"no {kind} baseline: {told}"
        return
    if tell is not None:
        tell(f"The {kind} baseline of {output.name} is trained, unless it was before.")
    sides = run.record["data"].get("sides")
    launch = Launch(
        config=config,
        plan=result.plan,
        dataset=[str(each) for each in run.record["data"]["paths"]],
        runs=run.path / "baselines",
        cache=cache_of(run),
        experiment=kind,
        parent=run.id,
        base=base_of(run),
        sides=None if sides is None else tuple(sides),
    )
    if launch.source().sha256 != run.record["data"]["sha256"]:
        raise UserProblem(
            "data-changed",
            f"The data of run {run.id} must be unchanged, to train its baselines; got other bytes.",
            hint="Train the run anew, or restore the data.",
        )
    try:
        trained = follow_run(start_run(launch))
    except ConfigProblems as failed:
        baseline.left_out[output.name] = f"no {kind} baseline: {failed.problems[0].message}"
        return
    baseline.values[output.name] = dict(evaluate_run(trained, data).values[output.name])
    baseline.runs.append(trained.id)


def _is_read(feature: InputFeature, kind: Kind) -> bool:
    return kind == "linear" or feature.type in _READ_BY_TREES


def _config(plan: Plan, kind: Kind, output: OutputFeature) -> dict[str, Any]:
    """Return the config of a baseline: the data, split, features and targets of ``plan``, and nothing of its model."""
    metrics = [name for name in plan.evaluation["metrics"][output.name] if _is_known(name, output.type)]
    split = {"type": plan.split.type, **_given(plan.split.parameters)}
    return {
        **({"model_type": "gbm"} if kind == "tree" else {"combiner": {"type": "concat", "num_fc_layers": 0}}),
        "data": _given(plan.data, "source", "sha256"),
        "preprocessing": {**_given(plan.preprocessing), "split": split},
        "input_features": [_input(each, kind) for each in plan.inputs if _is_read(each, kind)],
        "output_features": [_output(output, kind)],
        "evaluation": {"metrics": {output.name: metrics}},
        "trainer": {"seed": plan.trainer["seed"], **_TRAINER[kind]},
    }


def _is_known(metric: str, feature: str) -> bool:
    """Return whether a metric is declml's own: one of a plug-in is code, which a baseline does not run."""
    return metric != "loss" and vocabulary().find("metric", metric, feature) is not None


def _given(values: Mapping[str, Any], *left_out: str) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None and key not in left_out}


def _input(feature: InputFeature, kind: Kind) -> dict[str, Any]:
    """Return an input with what decides which rows there are; how its values become numbers is the baseline's own."""
    rows = ("missing_value_strategy", "fill_value")
    own = {key: feature.preprocessing[key] for key in rows if feature.preprocessing.get(key) is not None}
    answer: dict[str, Any] = {"name": feature.name, "type": feature.type, "column": feature.column}
    if own:
        answer["preprocessing"] = own
    if kind == "linear" and feature.type in _LINEAR:
        answer["encoder"] = {"type": _LINEAR[feature.type]}
    return answer


def _output(feature: OutputFeature, kind: Kind) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "name": feature.name,
        "type": feature.type,
        "column": feature.column,
        **_given(feature.parameters, *_OWN_KEYS),
        "preprocessing": _given(feature.preprocessing),
    }
    if kind == "linear":
        answer["loss"] = {"type": feature.loss.type, **_given(feature.loss.parameters)}
    return answer

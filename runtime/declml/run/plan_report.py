"""`declml plan`: what a training would do, told before anything is done."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from declml.data.cache import Cache
from declml.errors import ConfigProblems, UserProblem
from declml.pretrained import relative_to
from declml.run.components import Components
from declml.run.config import heeding, place_problem, told_problem
from declml.run.designs import model_type_of
from declml.run.identity import plugin_source
from declml.run.launching import Launch, identical_run, source_warnings
from declml.run.prepare import Chain, prepare
from declml.run.reasons import Reasons, last_run, said
from declml.run.stages import Stage
from declml.run.work import Size
from declml.runs.changes import Change
from declml.runs.folder import Run
from declml_schema.plan import Plan
from declml_schema.problems import Problem

_BOLD, _DIM, _GREEN, _YELLOW, _RESET = "\x1b[1m", "\x1b[2m", "\x1b[32m", "\x1b[33m", "\x1b[0m"


@dataclass(frozen=True, slots=True)
class PlanReport:
    """What would run and what would be reused, with reasons; `as_text` is for people, `as_json` for tools."""

    experiment: str
    plan: Plan
    last: Run | None
    same: Run | None
    changes: Sequence[Change]
    stages: Sequence[Stage]
    rows: Mapping[str, int]
    vocabulary: Mapping[str, int]
    model: Size
    estimate_seconds: float | None
    problems: Sequence[Problem] = field(default_factory=list[Problem])

    def as_json(self) -> dict[str, Any]:
        """Return the report as JSON data."""
        return {
            "experiment": self.experiment,
            "identical_to": self.same.id if self.same else None,
            "last_run": self.last.id if self.last else None,
            "changes": [each.as_json() for each in self.changes],
            "stages": [
                {"stage": each.name, "action": "cached" if each.cached else "run", "reason": each.reason}
                for each in self.stages
            ],
            "rows": dict(self.rows),
            "vocabulary": dict(self.vocabulary),
            "model": {
                "trainable_parameters": self.model.trainable,
                "frozen_parameters": self.model.frozen,
                "training_bytes": self.model.training_bytes,
                "widths": dict(self.model.widths),
            },
            "estimate_seconds": self.estimate_seconds,
            "problems": [each.as_json() for each in self.problems],
        }

    def as_text(self, color: bool = False) -> str:  # noqa: FBT001, FBT002 - a property of the screen
        """Return the report for a terminal."""
        return _Text(color).of(self)


def report(launch: Launch) -> PlanReport:
    """Return what training ``launch`` would do. What reading the data makes is thrown away: nothing is written."""
    source = launch.source()
    hashes = launch.plugin_hashes()
    identity = launch.identity(source, hashes)
    components = Components(launch.plugins)
    last = last_run(launch.runs / launch.experiment)
    reasons = Reasons(last, launch.plan.as_json(), source.sha256)
    found: list[Problem] = source_warnings(launch.config, source)

    def listen(kind: str, **fields: Any) -> None:
        if kind == "problem":
            found.append(told_problem(fields["problem"], launch.config))

    with tempfile.TemporaryDirectory(prefix="declml-plan-") as scratch:
        cache = Cache(Path(scratch), under=Cache(launch.cache))
        source_hash = plugin_source(list(hashes.values()))
        chain = Chain(launch.plan, source.paths, source.sha256, components, cache, reasons, source_hash, source.sides)
        with relative_to(launch.folder):
            try:
                prepared = prepare(chain, heeding(launch.config.text, listen))
            except (ConfigProblems, UserProblem) as error:
                raise _placed(launch, error) from error
            size = model_type_of(launch.plan).size(launch.plan, prepared, components)
        stages = list(prepared.stages)
        rows = {side: len(index) for side, index in prepared.rows.items()}
    same = identical_run(launch.runs, identity["run"])
    why = f"run {same.id} has the same plan, data and code" if same else _training_reason(last, reasons)
    stages.append(Stage("training", same is not None, why, 0.0))
    stages.append(Stage("evaluation", same is not None, why if same else "the weights are new", 0.0))
    vocabulary = next((dict(each.facts.get("vocabulary", {})) for each in stages if each.name == "dataset"), {})
    return PlanReport(
        experiment=launch.experiment,
        plan=launch.plan,
        last=last,
        same=same,
        changes=reasons.changes,
        stages=stages,
        rows=rows,
        vocabulary=vocabulary,
        model=size,
        estimate_seconds=None if same else _estimate(last),
        problems=[*launch.problems, *found],
    )


def _training_reason(last: Run | None, reasons: Reasons) -> str:
    if last is None:
        return "first run of this experiment"
    if reasons.changes:
        return "; ".join(said(each) for each in reasons.changes[:3])
    return f"run {last.id} is {last.status}" if last.status != "finished" else "the data or the code changed"


def _estimate(last: Run | None) -> float | None:
    if last is None or last.status != "finished":
        return None
    seconds = last.record.get("seconds")
    return float(seconds) if isinstance(seconds, int | float) else None


def _placed(launch: Launch, error: ConfigProblems | UserProblem) -> ConfigProblems:
    config = launch.config
    problems = error.problems if isinstance(error, ConfigProblems) else [error]
    return ConfigProblems(
        [place_problem(config.text, each, file=config.file) for each in problems], source=config.text, file=config.file
    )


class _Text:
    def __init__(self, color: bool) -> None:  # noqa: FBT001 - a property of the screen
        self._color = color

    def _in(self, code: str, text: str) -> str:
        return f"{code}{text}{_RESET}" if self._color else text

    def of(self, plan: PlanReport) -> str:
        lines = [self._in(_BOLD, f"Plan for {plan.experiment}"), ""]
        if plan.same is not None:
            lines += [f"Nothing to do: run {plan.same.id} has the same plan, data and code.", ""]
        lines += self._changes(plan)
        lines += [self._in(_BOLD, "Stages")]
        for stage in plan.stages:
            mark = self._in(_GREEN, "cached") if stage.cached else self._in(_YELLOW, "run   ")
            lines.append(f"  {stage.name:<11}{mark}  {self._in(_DIM, stage.reason)}")
        total = sum(plan.rows.values())
        shares = ", ".join(f"{side} {count:,} ({count / total:.0%})" for side, count in plan.rows.items() if total)
        lines += ["", self._in(_BOLD, "Data"), f"  rows       {shares}"]
        if plan.vocabulary:
            sizes = ", ".join(f"{name} {size:,}" for name, size in list(plan.vocabulary.items())[:12])
            lines.append(f"  vocabulary {sizes}")
        lines += ["", self._in(_BOLD, "Model"), f"  {self._model(plan)}"]
        if plan.estimate_seconds is not None and plan.last is not None:
            lines.append(f"  about {plan.estimate_seconds:.0f} s, as long as run {plan.last.id} took")
        warnings = [each for each in plan.problems if each.message]
        if warnings:
            lines += ["", self._in(_BOLD, "Warnings")]
            lines += [f"  {each.file}:{each.span.start.line + 1}: [{each.code}] {each.message}" for each in warnings]
        return "\n".join(lines)

    def _changes(self, plan: PlanReport) -> list[str]:
        if plan.last is None:
            return []
        if not plan.changes:
            return [f"No change of the config since run {plan.last.id}.", ""]
        return [
            self._in(_BOLD, f"Changes since run {plan.last.id}"),
            *(f"  {said(each)}" for each in plan.changes),
            "",
        ]

    def _model(self, plan: PlanReport) -> str:
        return f"{plan.model.sentence}, {_bytes(plan.model.training_bytes)} while training{plan.model.on_top}"


def _bytes(count: int) -> str:
    size = float(count)
    for unit in ("B", "KiB", "MiB"):
        if size < 1024:
            return f"{size:.0f} {unit}"
        size /= 1024
    return f"{size:.1f} GiB"

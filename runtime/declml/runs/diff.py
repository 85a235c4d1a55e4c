"""What differs between two runs: config, data, code, environment, and what became of the metrics."""

from __future__ import annotations

import difflib
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from declml.runs.changes import Change, plan_changes, written_paths
from declml.runs.folder import Run

_SPLITS = ("training", "validation", "test")


@dataclass(frozen=True, slots=True)
class MetricDelta:
    """One metric of one output on one split. ``better`` is None without both values, a known goal, or a difference."""

    split: str
    output: str
    metric: str
    before: float | None
    after: float | None
    better: bool | None

    @property
    def delta(self) -> float | None:
        """``after - before``, or None when one is missing."""
        return None if self.before is None or self.after is None else self.after - self.before

    def as_json(self) -> dict[str, Any]:
        """Return the delta as JSON data, numbers that are not finite as text."""
        answer: dict[str, Any] = {name: getattr(self, name) for name in self.__dataclass_fields__}
        answer["delta"] = self.delta
        return {
            key: str(each) if isinstance(each, float) and not math.isfinite(each) else each
            for key, each in answer.items()
        }


@dataclass(frozen=True, slots=True)
class Fact:
    """Something around the config that differs: ``name`` such as ``torch`` or ``rows of training``."""

    name: str
    before: Any
    after: Any

    def as_json(self) -> dict[str, Any]:
        """Return the fact as JSON data."""
        return {"name": self.name, "before": self.before, "after": self.after}


@dataclass(frozen=True, slots=True)
class RunDiff:
    """All differences between run ``a`` and run ``b``.

    ``text`` has the config's changed lines, each with ``+`` or ``-``.
    """

    a: str
    b: str
    config: tuple[Change, ...]
    text: tuple[str, ...]
    data: tuple[Fact, ...]
    code: tuple[Fact, ...]
    environment: tuple[Fact, ...]
    metrics: tuple[MetricDelta, ...]

    @property
    def same(self) -> bool:
        """Whether nothing that acts on the weights differs: config, data and code."""
        return not (self.config or self.data or self.code)

    def as_json(self) -> dict[str, Any]:
        """Return everything as JSON data."""
        answer: dict[str, Any] = {"a": self.a, "b": self.b, "text": list(self.text)}
        for name in ("config", "data", "code", "environment", "metrics"):
            answer[name] = [each.as_json() for each in getattr(self, name)]
        return answer


def diff(a: Run, b: Run, *, goals: Mapping[str, str] | None = None) -> RunDiff:
    """Return what differs from run ``a`` to run ``b``.

    ``goals`` maps a metric to ``maximize`` or ``minimize``; what the records say of the deciding metric comes first,
    and a loss is always minimized.
    """
    written = [written_paths(each.config, list(overrides_of(each.record.get("argv") or []))) for each in (a, b)]
    return RunDiff(
        a.id,
        b.id,
        tuple(plan_changes(a.plan_values, b.plan_values, written=written)),
        tuple(text_changes(a.config, b.config)),
        tuple(_data(a.record, b.record)),
        tuple(_code(a.record, b.record)),
        tuple(_environment(a.record, b.record)),
        tuple(_metrics(a, b, _goals(a, b, goals or {}))),
    )


def text_changes(before: str, after: str) -> list[str]:
    """Return the lines that were removed (``-``) and added (``+``), with one ``@@`` line before each place that
    changed.
    """
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0)
    return [line for line in lines if not line.startswith(("---", "+++"))]


def overrides_of(argv: Sequence[str]) -> Iterator[str]:
    """Yield the ``KEY=VALUE`` of each ``--set`` on a run's command line."""
    words = iter(argv)
    for word in words:
        if word == "--set":
            yield next(words, "")
        elif word.startswith("--set="):
            yield word.removeprefix("--set=")


def _goals(a: Run, b: Run, goals: Mapping[str, str]) -> dict[str, str]:
    answer = {"loss": "minimize", **goals}
    for run in (a, b):
        if run.decides.get("metric") and run.decides.get("goal"):
            answer[run.decides["metric"]] = run.decides["goal"]
    return answer


def _metrics(a: Run, b: Run, goals: Mapping[str, str]) -> Iterator[MetricDelta]:
    for split in _ordered(a.metrics, b.metrics, first=_SPLITS):
        left, right = a.metrics.get(split, {}), b.metrics.get(split, {})
        for output in _ordered(left, right):
            for metric in _ordered(left.get(output, {}), right.get(output, {})):
                before = _number(left.get(output, {}).get(metric))
                after = _number(right.get(output, {}).get(metric))
                yield MetricDelta(split, output, metric, before, after, _better(before, after, goals.get(metric)))


def _better(before: float | None, after: float | None, goal: str | None) -> bool | None:
    if before is None or after is None or goal is None or before == after:
        return None
    if math.isnan(before) or math.isnan(after):
        return None if math.isnan(before) and math.isnan(after) else math.isnan(before)
    return (after > before) is (goal == "maximize")


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _ordered(left: Mapping[str, Any], right: Mapping[str, Any], *, first: Sequence[str] = ()) -> list[str]:
    names = dict.fromkeys((*left, *right))
    return [*(name for name in first if name in names), *(name for name in names if name not in first)]


def _data(a: Mapping[str, Any], b: Mapping[str, Any]) -> Iterator[Fact]:
    left, right = _part(a, "data"), _part(b, "data")
    if left.get("sha256") and right.get("sha256"):
        if left["sha256"] != right["sha256"]:
            yield Fact("content", left["sha256"][:12], right["sha256"][:12])
    else:
        yield from _facts(left, right, ("paths",))
    yield from _facts(left, right, ("rows",))
    before, after = left.get("columns"), right.get("columns")
    if isinstance(before, Sequence) and isinstance(after, Sequence) and before != after:
        gone = [each for each in before if each not in after]
        come = [each for each in after if each not in before]
        yield Fact("columns", gone, come) if gone or come else Fact("order of columns", before, after)
    elif before != after:
        yield Fact("columns", before, after)
    before, after = _part(a, "rows"), _part(b, "rows")
    for split in _ordered(before, after, first=_SPLITS):
        if before.get(split) != after.get(split):
            yield Fact(f"rows of {split}", before.get(split), after.get(split))


def _code(a: Mapping[str, Any], b: Mapping[str, Any]) -> Iterator[Fact]:
    yield from _facts(a, b, ("declml",))
    left, right = _part(a, "plugins"), _part(b, "plugins")
    for name in _ordered(left, right):
        if left.get(name) != right.get(name):
            yield Fact(f"plug-in {name}", _digest(left.get(name)), _digest(right.get(name)))


def _environment(a: Mapping[str, Any], b: Mapping[str, Any]) -> Iterator[Fact]:
    left, right = _part(a, "git"), _part(b, "git")
    if left.get("commit") != right.get("commit"):
        yield Fact("git commit", _digest(left.get("commit")), _digest(right.get("commit")))
    if left.get("diff_sha256") != right.get("diff_sha256"):
        yield Fact("uncommitted changes", _digest(left.get("diff_sha256")), _digest(right.get("diff_sha256")))
    yield from _facts(a, b, ("seed", "threads", "device", "deterministic"))
    left, right = _part(a, "hardware"), _part(b, "hardware")
    yield from _facts(left, right, [key for key in _ordered(left, right) if key != "memory_bytes"])
    left, right = _part(a, "environment"), _part(b, "environment")
    yield from _facts(left, right, ("python", "implementation", "os"))
    before, after = _part(left, "packages"), _part(right, "packages")
    yield from _facts(before, after, sorted({*before, *after}))


def _facts(a: Mapping[str, Any], b: Mapping[str, Any], names: Sequence[str]) -> Iterator[Fact]:
    for name in names:
        if a.get(name) != b.get(name):
            yield Fact(name, a.get(name), b.get(name))


def _part(record: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = record.get(name)
    return value if isinstance(value, Mapping) else {}


def _digest(value: Any) -> str | None:
    return value[:12] if isinstance(value, str) else None if value is None else json.dumps(value)

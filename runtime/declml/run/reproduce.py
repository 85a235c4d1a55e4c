"""Retrains a run from its record and compares the weights, bit for bit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from declml.errors import UserProblem
from declml.run.config import Config
from declml.run.files import file_hash
from declml.run.launching import Launch, follow_run, start_run
from declml.run.saved import kept_plugins
from declml.runs.folder import Run

OnEvent: TypeAlias = Callable[[Mapping[str, Any]], None]


@dataclass(frozen=True, slots=True)
class Reproduction:
    """A run and its repetition. ``identical`` says whether the weights are the same bits; ``differences`` what else
    differs.
    """

    original: Run
    run: Run
    identical: bool
    weights: tuple[str, str]
    differences: list[str] = field(default_factory=list[str])


def reproduce_run(original: Run, on_event: OnEvent | None = None) -> Reproduction:
    """Train again what ``original`` trained: its plan, data, plug-ins, threads and device, as a new run that names it.

    Data or plug-ins that are no longer what the record says are a `UserProblem`: the answer would mean nothing.
    """
    if original.status != "finished":
        raise UserProblem(
            "run-unfinished", f"A run to reproduce must have finished; got {original.id}, which is {original.status}."
        )
    record = original.record
    paths = [Path(each) for each in record["data"]["paths"]]
    missing = [path for path in paths if not path.exists()]
    if missing:
        raise UserProblem(
            "absent-source", f"The data of run {original.id} must be where they were; got nothing at '{missing[0]}'."
        )
    launch = Launch(
        config=Config(original.config, str(original.path / "config.yaml"), original.path / "config.yaml"),
        plan=original.plan,  # as it was resolved then: defaults may have changed since
        dataset=[str(each) for each in paths],
        runs=original.path.parent.parent,
        cache=cache_of(original),
        experiment=original.experiment,
        trigger="reproduce",
        parent=original.id,
        threads=record.get("threads"),
        device=record.get("device"),
        base=base_of(original),
        kept_plugins=_plugins(original),
        sides=tuple(record["data"]["sides"]) if record["data"].get("sides") is not None else None,
    )
    found = launch.source()
    if found.sha256 != record["data"]["sha256"]:
        raise UserProblem(
            "data-changed",
            f"The data of run {original.id} must be unchanged; the record says {record['data']['sha256'][:12]}..., "
            f"the files are {found.sha256[:12]}...",
            hint="Restore the data from where they came, or train anew with `declml train`.",
        )
    run = follow_run(start_run(launch, again=True), on_event)
    first, second = str(record.get("weights")), str(run.record.get("weights"))
    return Reproduction(
        original, run, first == second and first != "None", (first, second), _differences(original, run)
    )


def base_of(run: Run) -> Path:
    """Return where relative paths of the config start: its folder, as long as that is there."""
    folder = Path(str(run.record.get("folder") or run.path))
    return folder if folder.is_dir() else run.path


def _plugins(run: Run) -> tuple[Path, ...]:
    """Return the run's own copies of its plug-ins; one that is not what the record says is a `UserProblem`."""
    files = kept_plugins(run)
    expected: Mapping[str, str] = run.record.get("plugins") or {}
    if len(files) != len(run.plan.code):
        raise UserProblem("absent-plugin", f"Run {run.id} must have a copy of each plug-in; got {len(files)} of them.")
    for name, file in zip(run.plan.code, files, strict=True):
        if not file.is_file() or file_hash(file) != expected.get(name):
            raise UserProblem(
                "code-changed", f"The plug-in '{name}' of run {run.id} must be unchanged; got another file at {file}."
            )
    return files


def cache_of(run: Run) -> Path:
    """Return the cache that a run was made with."""
    from declml.runs.places import cache_root

    return cache_root(start=run.path.parent.parent.parent)


def _differences(original: Run, run: Run) -> list[str]:
    before, after = original.record.get("environment") or {}, run.record.get("environment") or {}
    pairs = [
        *_pairs(before.get("packages") or {}, after.get("packages") or {}),
        *_pairs(before, after, "python", "os"),
        *_pairs(original.record.get("hardware") or {}, run.record.get("hardware") or {}, "processor", "cores"),
        *_pairs(original.record, run.record, "threads", "device", "optimizer"),
    ]
    return [f"{key} {old} -> {new}" for key, old, new in pairs if old != new]


def _pairs(before: Mapping[str, Any], after: Mapping[str, Any], *keys: str) -> list[tuple[str, Any, Any]]:
    return [(key, before.get(key, "absent"), after.get(key, "absent")) for key in keys or sorted({*before, *after})]

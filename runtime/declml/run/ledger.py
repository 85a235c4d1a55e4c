"""Keeps a run's record while it runs: written whole at each change, so a reader never sees half of it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from declml import __version__
from declml.run.files import file_hash, write_json, write_text
from declml.run.folder import RunFolder
from declml.run.record import RECORD_FORMAT, environment, git_state, hardware, plugin_hashes
from declml.run.request import Request
from declml_schema.problems import Problem


class Ledger:
    """The record of one run. A run that goes on keeps what its record said and counts the process that took over."""

    def __init__(self, folder: RunFolder, request: Request) -> None:
        self._folder = folder
        now = _now()
        if request.resume and folder.record.exists():
            self.values: dict[str, Any] = json.loads(folder.record.read_text())
            self.values.setdefault("resumed", []).append(now)
        else:
            git, diff = git_state(Path(request.config_folder))
            if diff:
                write_text(folder.diff, diff)
            self.values = {
                "format": RECORD_FORMAT,
                "declml": __version__,
                "run": folder.id,
                "experiment": folder.experiment,
                "created": now,
                "started": now,
                "trigger": request.trigger,
                "parent": request.parent,
                "kernel": request.kernel,
                "argv": request.argv,
                "identity": dict(request.identity),
                "data": _data(request),
                "folder": request.config_folder,
                "plugins": plugin_hashes(self.plan()["code"], [Path(each) for each in request.plugins]),
                "git": git,
                "environment": environment(),
                "hardware": hardware(),
            }
        self.values.update({"status": "running", "process": os.getpid(), "finished": None, "problem": None})
        self.save()

    def plan(self) -> dict[str, Any]:
        """Return the resolved plan of the run, as JSON data."""
        return json.loads(self._folder.plan.read_text())

    def update(self, **values: Any) -> None:
        """Set entries of the record and write it."""
        self.values.update(values)
        self.save()

    def add(self, entry: str, values: Mapping[str, Any]) -> None:
        """Add to an entry that is a mapping and write the record."""
        self.values.setdefault(entry, {}).update(values)
        self.save()

    def hash_outputs(self, status: str) -> dict[str, str]:
        """Hash what the run wrote and may not change any more; `runs` compares them to find a tainted run.

        The request of a run that has not finished is written anew by whoever resumes it.
        """
        kept = [self._folder.config, self._folder.plan]
        said = [self._folder.diff, *([self._folder.request] if status == "finished" else [])]
        kept += [each for each in said if each.exists()]
        for part in (self._folder.model, self._folder.predictions):
            kept += sorted(each for each in part.rglob("*") if each.is_file())
        return {str(each.relative_to(self._folder.path)): file_hash(each) for each in kept}

    def close(self, status: str, *, seconds: float, problem: Problem | None) -> None:
        """Say how this process of the run ended."""
        self.values.update(
            {
                "status": status,
                "finished": _now(),
                "seconds": round(self.values.get("seconds", 0.0) + seconds, 3),
                "problem": problem.as_json() if problem else None,
                "outputs": self.hash_outputs(status),
            }
        )
        self.save()

    def save(self) -> None:
        """Write the record."""
        write_json(self._folder.record, self.values)


def _data(request: Request) -> dict[str, Any]:
    told: dict[str, Any] = {"paths": request.paths, "sha256": request.data_sha256}
    if request.sides is not None:
        told["sides"] = request.sides
    if request.origins:
        told["origins"] = request.origins
    return told


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")

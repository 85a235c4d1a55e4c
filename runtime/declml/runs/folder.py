"""A run folder, read only: its record, plan and config, and whether its files are still what the record says.

Knows nothing of how a run is made, and never writes.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from declml.errors import UserProblem
from declml.runs.alive import is_alive
from declml_schema.plan import Plan

RECORD = "record.json"
READABLE_FORMAT = 1
"""The newest format of a record that this declml understands."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run folder as it stood when it was opened.

    ``reused`` says that nothing was trained: the run was there already.
    """

    path: Path
    record: Mapping[str, Any]
    reused: bool = False

    @property
    def id(self) -> str:
        """The run's id, such as ``0012-3fa9``."""
        return str(self.record.get("run") or self.path.name)

    @property
    def number(self) -> int:
        """The count of the run among all runs of its root; 0 for a folder that somebody named otherwise."""
        return run_number(self.id)

    @property
    def experiment(self) -> str:
        """The experiment that it belongs to."""
        return str(self.record.get("experiment") or self.path.parent.name)

    @property
    def status(self) -> str:
        """``running``, ``finished``, ``failed``, ``interrupted``, or ``killed``: it says running and its process is
        gone.
        """
        try:
            written = (self.path / RECORD).stat().st_mtime
        except OSError:
            written = None
        return current_status(self.record, written=written)

    @property
    def plan(self) -> Plan:
        """The resolved plan; a `UserProblem` when ``plan.json`` is missing or damaged."""
        return Plan.from_json(self.plan_values)

    @property
    def plan_values(self) -> dict[str, Any]:
        """The resolved plan as JSON data."""
        return _read_json(self.path / "plan.json", self.path)

    @property
    def config(self) -> str:
        """The config as it was written; empty when the file is gone."""
        path = self.path / "config.yaml"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    @property
    def events(self) -> Path:
        """The event stream; it may not exist yet."""
        return self.path / "events.jsonl"

    @property
    def model(self) -> Path:
        """The folder of the trained model."""
        return self.path / "model"

    @property
    def metrics(self) -> Mapping[str, Mapping[str, Mapping[str, Any]]]:
        """Final metrics: split -> output -> metric -> number (or "nan", "inf", "-inf")."""
        return self.record.get("metrics") or {}

    @property
    def decides(self) -> Mapping[str, str]:
        """The metric that picks the best epoch: ``output``, ``metric``, ``goal``; empty before training began."""
        return self.record.get("decides") or {}

    @property
    def created(self) -> datetime | None:
        """When it was made, with its time zone, as far as the record says."""
        return parse_time(self.record.get("created") or self.record.get("started"))

    def deciding_value(self) -> float | None:
        """Return the deciding metric on the validation split, or None while there is none."""
        return deciding_value(self.record)

    def taint(self) -> list[str]:
        """Return the files, relative to the folder, that are gone or are no longer what the record says; best is none.

        The files are those under ``outputs`` of the record; ``plan.json`` is held against the plan's identity as well.
        """
        outputs: Mapping[str, str] = self.record.get("outputs") or {}
        changed = [name for name, digest in outputs.items() if _file_hash(self.path / name) != digest]
        if "plan.json" not in changed and not self._plan_is_whole():
            changed.append("plan.json")
        return sorted(changed)

    def _plan_is_whole(self) -> bool:
        expected = (self.record.get("identity") or {}).get("plan")
        if not expected:
            return True
        try:
            return self.plan.identity == expected
        except (UserProblem, KeyError, TypeError):
            return False


def open_run(path: Path) -> Run:
    """Return the run in folder ``path``; a `UserProblem` when there is none, it is damaged, or a newer declml wrote
    it.
    """
    record: dict[str, Any] = _read_json(path / RECORD, path)
    found = record.get("format")
    if not isinstance(found, int) or found > READABLE_FORMAT:
        version = f" {record['declml']}" if isinstance(record.get("declml"), str) else ""
        raise UserProblem(
            "run-of-a-newer-version",
            f"Run {path.name} was written by a newer declml{version}: its record must have format "
            f"{READABLE_FORMAT} or less; got {found!r}.",
            hint="Install the declml that wrote it to read it.",
        )
    return Run(path, record)


def run_number(name: str) -> int:
    """Return the number at the start of a run's id, or 0 when it has none."""
    head = name.partition("-")[0]
    return int(head) if head.isascii() and head.isdecimal() else 0


def current_status(record: Mapping[str, Any], *, written: float | None) -> str:
    """Return the status of a record, with ``killed`` for a run whose process is gone without a word.

    ``written`` is when the record was written last, in seconds since 1970: a process born after it is another one. A
    record that names another host is believed, since its process cannot be looked for here.
    """
    status = str(record.get("status") or "running")
    if status != "running":
        return status
    host = (record.get("hardware") or {}).get("host")
    # Two machines may have the same name: a run that lies elsewhere is never looked for here.
    remote = record.get("remote")
    if remote and _never_sent(remote, written):
        return "interrupted"
    if remote or (host and host != platform.node()):
        return status
    process = record.get("process")
    if not isinstance(process, int):
        return status
    return status if is_alive(process, named_at=written) else "killed"


def _never_sent(remote: Mapping[str, Any], written: float | None) -> bool:
    """Return whether a run was to be sent elsewhere by a process of this machine that is gone and did not do it."""
    client = remote.get("client") or {}
    process = client.get("process")
    if remote.get("arrived") is not False or client.get("host") != platform.node() or not isinstance(process, int):
        return False
    return not is_alive(process, named_at=written)


def deciding_value(record: Mapping[str, Any]) -> float | None:
    """Return the deciding metric of a record on its validation split (else its training split), or None."""
    decides: Mapping[str, Any] = record.get("decides") or {}
    metrics: Mapping[str, Any] = record.get("metrics") or {}
    for split in ("validation", "training"):
        value = (metrics.get(split) or {}).get(decides.get("output"), {}).get(decides.get("metric"))
        if value is not None:
            return float(value)
    return None


def parse_time(text: object) -> datetime | None:
    """Return an ISO time with its zone (the local one where none is written), or None when it is no time."""
    try:
        return datetime.fromisoformat(str(text)).astimezone()
    except ValueError:
        return None


def _file_hash(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


def _read_json(path: Path, folder: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise UserProblem(
            "run-unreadable", f"{folder} must be a run folder with a {path.name}; there is none."
        ) from None
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UserProblem("run-unreadable", f"{path} must be readable; got: {reason}.") from error
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise UserProblem(
            "run-unreadable",
            f"{path} must be a JSON object; got something else.",
            hint="The folder is damaged: restore it from a copy, or delete it and train again.",
        )
    return value

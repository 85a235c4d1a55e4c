"""Makes run folders: a number that no other run has, and the files that say what the run is."""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from declml.run.files import storage_problem, write_json, write_text

_NUMBERED = re.compile(r"^(\d{4,})-[0-9a-f]{4}$")


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The folder of one run and where its parts are."""

    path: Path

    @property
    def id(self) -> str:
        """The run's id, such as ``0012-3fa9``."""
        return self.path.name

    @property
    def experiment(self) -> str:
        """The experiment that it belongs to."""
        return self.path.parent.name

    @property
    def config(self) -> Path:
        """The config as it was written."""
        return self.path / "config.yaml"

    @property
    def plan(self) -> Path:
        """The resolved plan."""
        return self.path / "plan.json"

    @property
    def record(self) -> Path:
        """Everything needed to rebuild the run, and how it ended."""
        return self.path / "record.json"

    @property
    def request(self) -> Path:
        """What the training process was asked to do."""
        return self.path / "request.json"

    @property
    def diff(self) -> Path:
        """What the checkout had beyond its commit; absent where there was nothing."""
        return self.path / "git.diff"

    @property
    def lock(self) -> Path:
        """The file that the run's training process holds a lock on while it lives."""
        return self.path / ".lock"

    @property
    def events(self) -> Path:
        """The event stream."""
        return self.path / "events.jsonl"

    @property
    def checkpoints(self) -> Path:
        """The folder of `latest.safetensors` and `best.safetensors`."""
        return self.path / "checkpoints"

    @property
    def model(self) -> Path:
        """The folder of the trained model."""
        return self.path / "model"

    @property
    def predictions(self) -> Path:
        """The folder of the predictions of every split."""
        return self.path / "predictions"


def create_run(
    root: Path, experiment: str, *, identity: str, config: str, plan: dict[str, Any], run: str | None = None
) -> RunFolder:
    """Make the next run's folder under ``root``; two processes that ask at once get two numbers.

    The number counts over all experiments of ``root``, so that `12` names one run. ``run`` is the id of a run that
    somebody else has numbered; there must be no record of it yet.
    """
    try:
        folder = RunFolder(root / experiment / (run or f"{_claim_number(root):04d}-{identity[:4]}"))
        # One that was numbered elsewhere may have been made by a process that was killed before it wrote a record.
        folder.path.mkdir(parents=True, exist_ok=run is not None and not folder.record.exists())
    except OSError as error:
        raise storage_problem(error, root) from error
    write_text(folder.config, config)
    write_json(folder.plan, plan)
    return folder


def _claim_number(root: Path) -> int:
    numbers = root / ".numbers"
    numbers.mkdir(parents=True, exist_ok=True)
    number = 1 + max((_number(each.name) for each in (*root.glob("*/*"), *numbers.iterdir())), default=0)
    while True:
        try:
            # The claim is a folder of its own: mkdir is the one atomic test-and-set that every file system has.
            (numbers / f"{number:04d}").mkdir()
            break
        except FileExistsError:
            number += 1
    for old in numbers.iterdir():
        if _number(old.name) < number - 50:
            with contextlib.suppress(FileNotFoundError):  # another process tidied it first
                old.rmdir()
    return number


def _number(name: str) -> int:
    if name.isdecimal():
        return int(name)
    match = _NUMBERED.match(name)
    return int(match.group(1)) if match else 0

"""Writes TensorBoard files beside a run: one more reader of its events, which can neither slow nor fail it."""

from __future__ import annotations

import contextlib
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from declml.runs.event_file import EventFile
from declml_schema.events import number, read_events

FOLDER = "tensorboard"
_LARGEST_FLOAT = 3.4e38


class TensorBoardMirror:
    """Turns events into scalars ``<output>/<metric>/<split>`` and ``training/...`` by optimizer step.

    The file is made with the first scalar. Whatever goes wrong with the disk ends the mirror and nothing else: the
    curves can be written again from the events.
    """

    def __init__(self, run: Path) -> None:
        self._folder = run / FOLDER
        self._file: EventFile | None = None
        self._broken = False

    def take(self, event: Mapping[str, Any]) -> None:
        """Write what one event says, if it says something for a curve."""
        if not self._broken:
            try:
                self._write(event)
            except OSError:
                self._broken = True

    def _write(self, event: Mapping[str, Any]) -> None:
        kind = event["kind"]
        if kind == "step":
            names = ("loss", "learning_rate", "steps_per_second")
            self._add({f"training/{name}": event[name] for name in names}, event)
        elif kind == "metrics":
            values = event["values"].items()
            split = event["split"]
            self._add(
                {f"{output}/{name}/{split}": each for output, scores in values for name, each in scores.items()}, event
            )

    def _add(self, scalars: Mapping[str, Any], event: Mapping[str, Any]) -> None:
        time = float(event["time"])
        if self._file is None:
            self._folder.mkdir(exist_ok=True)
            name = f"events.out.tfevents.{int(time)}.{platform.node()}.{int(event['seq'])}"
            self._file = EventFile(self._folder / name, time=time)
        # A curve has no place for numbers that are not finite, and the format none for those of another size.
        finite = {name.replace(" ", "_"): number(value) for name, value in scalars.items()}
        kept = {name: value for name, value in finite.items() if abs(value) < _LARGEST_FLOAT}
        self._file.add(kept, step=int(event["step"]), time=time)

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._file.close()
            self._file = None


def write_tensorboard(run: Path) -> Path:
    """Write the TensorBoard files of a run from its events, instead of any that are there; returns their folder."""
    folder = run / FOLDER
    if folder.exists():
        for old in folder.glob("events.out.*"):
            old.unlink()
    mirror = TensorBoardMirror(run)
    for _, event in read_events(run / "events.jsonl"):
        mirror.take(event)
    mirror.close()
    return folder

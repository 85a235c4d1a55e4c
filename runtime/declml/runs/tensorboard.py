"""Writes TensorBoard files beside a run: one more reader of its events, which can neither slow nor fail it."""

from __future__ import annotations

import contextlib
import math
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from declml_schema.events import number, read_events

FOLDER = "tensorboard"


class TensorBoardMirror:
    """Turns events into scalars ``<output>/<metric>/<split>`` and ``training/...`` by optimizer step.

    The file is made with the first scalar. Whatever goes wrong with the disk ends the mirror and nothing else: the
    curves can be written again from the events.
    """

    def __init__(self, run: Path) -> None:
        self._folder = run / FOLDER
        self._records: Any = None
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
        # Imported here: the messages pull in protobuf and numpy, which no other reader of events needs.
        # protobuf makes its classes when they are imported, so a type checker sees none.
        from tensorboardX.proto.event_pb2 import Event  # pyright: ignore[reportAttributeAccessIssue] - made on import
        from tensorboardX.proto.summary_pb2 import Summary  # pyright: ignore[reportAttributeAccessIssue] - made on import
        from tensorboardX.record_writer import RecordWriter

        time = float(event["time"])
        if self._records is None:
            self._folder.mkdir(exist_ok=True)
            name = f"events.out.tfevents.{int(time)}.{platform.node()}.{int(event['seq'])}"
            self._records = RecordWriter(str(self._folder / name))
            self._records.write(Event(wall_time=time, file_version="brain.Event:2").SerializeToString())
        # A curve has no place for numbers that are not finite.
        finite = {name: number(value) for name, value in scalars.items() if math.isfinite(number(value))}
        values = [Summary.Value(tag=name.replace(" ", "_"), simple_value=value) for name, value in finite.items()]
        message = Event(wall_time=time, step=int(event["step"]), summary=Summary(value=values))
        self._records.write(message.SerializeToString())
        self._records.flush()

    def close(self) -> None:
        """Close the file."""
        if self._records is not None:
            with contextlib.suppress(OSError):
                self._records.close()
            self._records = None


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

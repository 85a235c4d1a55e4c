"""What TensorBoard shows is what the events say."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from tensorboardX.proto.event_pb2 import Event
from tensorboardX.record_writer import masked_crc32c

from declml.runs.tensorboard import write_tensorboard
from declml_schema.events import encode_event


def scalars(folder: Path) -> list[tuple[str, int, float]]:
    """Read a TensorBoard file: records of length, checksum, message, checksum."""
    (file,) = folder.glob("events.out.tfevents.*")
    content, place, found = file.read_bytes(), 0, []
    while place < len(content):
        size, of_size = struct.unpack_from("<QI", content, place)
        data = content[place + 12 : place + 12 + size]
        (of_data,) = struct.unpack_from("<I", content, place + 12 + size)
        assert (of_size, of_data) == (masked_crc32c(content[place : place + 8]), masked_crc32c(data))
        event = Event.FromString(data)
        found += [(value.tag, event.step, value.simple_value) for value in event.summary.value]
        place += 12 + size + 4
    return found


def write_events(run: Path, *events: dict[str, object]) -> None:
    lines = [encode_event({"seq": seq, "time": 1.0 + seq, **event}) for seq, event in enumerate(events)]
    (run / "events.jsonl").write_text("\n".join(lines) + "\n")


def test_curves_come_from_the_events_and_numbers_that_are_not_finite_are_left_out(tmp_path: Path) -> None:
    step = {"kind": "step", "epoch": 1, "step": 5, "loss": 0.5, "learning_rate": 0.1, "steps_per_second": 9.0}
    values = {"combined": {"loss": 0.25}, "a b": {"r2": float("nan"), "loss": 0.25}}
    metrics = {
        "kind": "metrics",
        "split": "test",
        "epoch": 1,
        "step": 10,
        "values": values,
        "seconds": 0.1,
        "best": True,
    }
    write_events(tmp_path, step, {"kind": "log", "level": "info", "message": "x"}, metrics)
    for _ in range(2):  # writing again replaces what was there
        found = scalars(write_tensorboard(tmp_path))
    assert {(tag, at): value for tag, at, value in found} == {
        ("training/loss", 5): 0.5,
        ("training/learning_rate", 5): pytest.approx(0.1),
        ("training/steps_per_second", 5): 9.0,
        ("combined/loss/test", 10): 0.25,
        ("a_b/loss/test", 10): 0.25,
    }


def test_a_run_without_a_curve_has_no_file(tmp_path: Path) -> None:
    write_events(tmp_path, {"kind": "log", "level": "info", "message": "x"})
    assert not write_tensorboard(tmp_path).exists()

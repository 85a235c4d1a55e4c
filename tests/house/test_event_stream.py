"""Invariant 4: one append-only stream of a closed set of events, numbered, whole to every reader at any moment."""

from __future__ import annotations

import ast
import json
import math
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from declml.run.events import EventWriter
from declml_schema.events import KINDS, STAGES, number, read_events

RUNTIME = Path(__file__).parents[2] / "runtime" / "declml"


def log(writer: EventWriter, *messages: str) -> None:
    for message in messages:
        writer.emit("log", level="info", message=message)


def read(path: Path) -> list[dict]:
    return [event for _, event in read_events(path)]


def test_unknown_kinds_and_fields_are_refused_and_write_nothing(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    writer = EventWriter(path)
    with pytest.raises(KeyError, match="no_such_kind"):
        writer.emit("no_such_kind")
    with pytest.raises(ValueError, match="no_such_field"):
        writer.emit("log", level="info", message="x", no_such_field=1)
    assert path.read_bytes() == b""
    log(writer, "first")
    writer.close()
    assert [event["seq"] for event in read(path)] == [0]


def test_numbers_that_are_not_finite_are_words_at_any_depth(tmp_path: Path) -> None:
    writer = EventWriter(tmp_path / "events.jsonl")
    values = {"class": {"accuracy": math.nan, "loss": math.inf, "r2": -math.inf, "hits": 0.5}}
    writer.emit("metrics", split="test", epoch=1, step=2, values=values, seconds=math.inf, best=False)
    writer.close()
    (line,) = (tmp_path / "events.jsonl").read_text().splitlines()

    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is no JSON")

    event = json.loads(line, parse_constant=refuse)
    assert event["values"] == {"class": {"accuracy": "nan", "loss": "inf", "r2": "-inf", "hits": 0.5}}
    assert math.isnan(number(event["values"]["class"]["accuracy"]))
    assert (number(event["seconds"]), number(event["values"]["class"]["r2"])) == (math.inf, -math.inf)


def test_a_torn_line_is_left_out_by_readers_and_cut_off_by_the_next_writer(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    writer = EventWriter(path)
    log(writer, "one", "two", "drei größer")
    writer.close()
    whole = path.read_bytes()
    second = whole.index(b"\n", whole.index(b"\n") + 1) + 1
    # A process can be killed after any byte of a line.
    for end in range(second, len(whole)):
        path.write_bytes(whole[:end])
        assert [event["message"] for event in read(path)] == ["one", "two"]
    path.write_bytes(whole[: len(whole) - 3])
    writer = EventWriter(path)
    assert path.read_bytes() == whole[:second]
    log(writer, "again")
    writer.close()
    events = read(path)
    assert [event["message"] for event in events] == ["one", "two", "again"]
    assert [event["seq"] for event in events] == [0, 1, 2]


def test_a_reader_goes_on_where_it_stopped_and_leaves_out_what_it_does_not_know(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    writer = EventWriter(path)
    log(writer, "one")
    ((offset, _),) = read_events(path)
    log(writer, "two")
    writer.close()
    with path.open("ab") as file:
        file.write(b'{"seq":2,"time":0,"kind":"of a later version","x":1}\n')
        file.write(b'{"seq":3,"time":0,"kind":"log","level":"info","message":"three","later":1}\n')
    assert [event["message"] for _, event in read_events(path, offset)] == ["two", "three"]


def test_a_line_is_readable_as_soon_as_it_is_written(tmp_path: Path) -> None:
    writer = EventWriter(tmp_path / "events.jsonl")
    for count in range(1, 5):
        log(writer, "line")
        assert len(read(tmp_path / "events.jsonl")) == count
    writer.close()


def test_a_writer_killed_at_work_leaves_lines_that_the_next_one_continues(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    code = "import sys, pathlib\nfrom declml.run.events import EventWriter\n"
    code += "writer = EventWriter(pathlib.Path(sys.argv[1]))\nprint(flush=True)\n"
    code += "while True: writer.emit('log', level='info', message='x' * 5000)\n"
    child = subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE)
    assert child.stdout is not None
    child.stdout.readline()
    while path.stat().st_size < 500_000:
        assert child.poll() is None
    child.kill()
    child.wait()
    child.stdout.close()
    before = len(read(path))
    writer = EventWriter(path)
    log(writer, "after")
    writer.close()
    assert [event["seq"] for event in read(path)] == list(range(before + 1))


# --- what the code says ----------------------------------------------------------------------------------------------


def emitted() -> Iterator[tuple[str, str, set[str]]]:
    """Yield place, kind and fields of every event that the runtime writes by name."""
    for file in sorted(RUNTIME.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if (
                isinstance(node, ast.Call)
                and getattr(node.func, "attr", getattr(node.func, "id", "")).strip("_") == "emit"
                and node.args
                and isinstance(node.args[0], ast.Constant)
            ):
                place = f"{file.relative_to(RUNTIME)}:{node.lineno}"
                yield place, node.args[0].value, {each.arg or "**" for each in node.keywords}


EMITTED = list(emitted())


@pytest.mark.parametrize(("place", "kind", "fields"), EMITTED, ids=[f"{place}-{kind}" for place, kind, _ in EMITTED])
def test_every_event_has_all_fields_of_its_kind(place: str, kind: str, fields: set[str]) -> None:
    assert kind in KINDS, f"{place} writes an event that no reader knows"
    assert fields == set(KINDS[kind].fields), place


def test_every_kind_is_written_somewhere() -> None:
    assert {kind for _, kind, _ in EMITTED} == set(KINDS)


def test_every_stage_that_is_told_is_a_known_one() -> None:
    told: set[str] = set()
    for file in RUNTIME.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.keyword) and node.arg == "stage" and isinstance(node.value, ast.Constant):
                told.add(node.value.value)
    assert told
    assert told <= set(STAGES)

"""`declml watch` trains at each save that changes something, and nothing else it is told keeps it from that."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from declml.runs.find import find, run_folders
from declml.runs.folder import open_run

from .kernels.jupyter import TOKEN, jupyter_server
from .projects import SMALL_CONFIG, Project, make_project

LINE_SECONDS = 120.0
CONFIG = SMALL_CONFIG.replace("epochs: 3", "epochs: 3, early_stop: -1")


class Watching:
    """A real `declml watch` and the lines that it prints."""

    def __init__(self, project: Project, *options: str) -> None:
        self.project = project
        self._lines: queue.Queue[str] = queue.Queue()
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "declml.cli.main", "watch", str(project.config)),
                *("--runs", str(project.runs), *options),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as told:
            for line in told:
                self._lines.put(line.rstrip("\n"))

    def until(self, start: str) -> list[str]:
        """Return the lines up to the first that begins with ``start``."""
        seen: list[str] = []
        while not (seen and seen[-1].startswith(start)):
            try:
                seen.append(self._lines.get(timeout=LINE_SECONDS))
            except queue.Empty:
                raise AssertionError(f"no line begins with {start!r} in {seen}") from None
        return seen

    def end(self) -> int:
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(LINE_SECONDS)
        self._reader.join(LINE_SECONDS)
        return code


@pytest.fixture
def watching(tmp_path: Path) -> Iterator[Watching]:
    # A run that is to be stopped must not stop by itself.
    it = Watching(make_project(tmp_path, CONFIG))
    yield it
    if it.process.poll() is None:
        it.process.kill()
        it.process.wait(30)


def save(project: Project, old: str, new: str) -> None:
    text = project.config.read_text()
    assert old in text
    draft = project.config.with_suffix(".draft")
    draft.write_text(text.replace(old, new))
    draft.replace(project.config)


def test_saves_train_mistakes_do_not_and_a_storm_is_one_run(watching: Watching) -> None:
    project = watching.project
    watching.until("Watching shop.declml.yaml, rows.csv")
    assert [open_run(each).record["trigger"] for each in run_folders(project.runs)] == ["watch"]

    save(project, "epochs: 3", "epochs: 4")
    lines = watching.until("Watching")
    assert "Saved: trainer.epochs 3 -> 4" in lines

    save(project, "epochs: 4", "epochs: many")
    lines = watching.until("Waiting for a save that mends it.")
    assert any("epochs must be a whole number" in each for each in lines)

    for index in range(49):
        project.config.write_text(CONFIG.replace("epochs: 3", f"epochs: {index + 10}"))
    project.config.write_text(CONFIG.replace("epochs: 3", "epochs: 2"))
    lines = watching.until("Watching")
    assert "Saved: trainer.epochs 4 -> 2" in lines
    assert [open_run(each).plan.trainer["epochs"] for each in run_folders(project.runs)] == [3, 4, 2]

    # A comment trains nothing anew, and neither does a save without a change.
    project.config.write_text("# the same\n" + project.config.read_text())
    lines = watching.until("Watching")
    assert lines[0].startswith("Nothing changed since run")
    assert len(run_folders(project.runs)) == 3

    project.data.write_bytes(project.data.read_bytes() + project.data.read_bytes().splitlines(keepends=True)[-1])
    lines = watching.until("Watching")
    assert "Saved: data or code" in lines
    assert watching.end() == 0
    assert len(run_folders(project.runs)) == 4


def test_a_newer_save_stops_the_older_run_and_keeps_its_record(watching: Watching) -> None:
    project = watching.project
    watching.until("Watching")
    save(project, "epochs: 3", "epochs: 100000")
    watching.until("epoch 2/")
    save(project, "epochs: 100000", "epochs: 1")
    lines = watching.until("Finished")
    assert any("was stopped; its checkpoint and record are kept" in each for each in lines)
    older, newer = (open_run(each) for each in run_folders(project.runs)[1:])
    assert (older.status, newer.status) == ("interrupted", "finished")
    assert (older.path / "checkpoints" / "latest.safetensors").exists()
    save(project, "epochs: 1", "epochs: 200000")
    watching.until("epoch 2/")
    assert watching.end() == 0
    assert find(project.runs, "latest").status == "interrupted"


def test_a_watch_on_a_server_trains_the_newest_save_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DECLML_KERNEL_TOKEN", TOKEN)
    with jupyter_server(tmp_path / "server") as server:
        it = Watching(make_project(tmp_path / "project", CONFIG), "--kernel", server.address)
        try:
            it.until("Watching")
            save(it.project, "epochs: 3", "epochs: 100000")
            it.until("epoch 2/")
            save(it.project, "epochs: 100000", "epochs: 2")
            lines = it.until("Finished")
            assert any("was stopped; its checkpoint and record are kept" in each for each in lines)
            assert it.end() == 0
        finally:
            it.process.kill()
            it.process.wait(30)
        runs = [open_run(each) for each in run_folders(it.project.runs)]
        assert [each.status for each in runs] == ["finished", "interrupted", "finished"]
        for each in runs:
            far = Path(each.record["remote"]["folder"]) / "events.jsonl"
            assert each.events.read_bytes() == far.read_bytes()

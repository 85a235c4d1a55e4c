"""Lenses above a config: what can be done with it, how its last training went and how the present one goes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from tests.lsp_server.past import PastProject
from tests.lsp_server.test_history import CONFIG

from declml_lsp.methods import code_lens
from declml_lsp.session import Session
from declml_lsp.settings import Settings
from declml_lsp.snapshot import Snapshot
from declml_lsp.text import Text
from declml_lsp.trainings import Training


@pytest.fixture
def project(tmp_path: Path) -> PastProject:
    return PastProject(tmp_path)


def asked(session: Session, snapshot: Snapshot) -> list[types.CodeLens]:
    return code_lens.respond(session, snapshot, types.CodeLensParams(types.TextDocumentIdentifier(snapshot.uri)))


def titles(session: Session, snapshot: Snapshot) -> list[str]:
    """Return the title of each lens, as a client shows them after resolving."""
    resolved = [code_lens.resolve(session, lens) for lens in asked(session, snapshot)]
    assert all(lens.command is not None for lens in resolved)
    return [lens.command.title for lens in resolved if lens.command is not None]


def commands(session: Session, snapshot: Snapshot) -> list[tuple[str, list[Any]]]:
    found = [lens.command for lens in asked(session, snapshot) if lens.command is not None]
    return [(each.command, [*(each.arguments or [])]) for each in found]


def test_a_config_that_was_never_trained_can_be_trained_and_profiled(project: PastProject) -> None:
    session, snapshot = project.open(CONFIG)
    assert titles(session, snapshot) == ["Train", "Profile"]
    assert commands(session, snapshot) == [("declml.train", [snapshot.uri]), ("declml.profile", [snapshot.uri])]
    assert all(lens.range.start == types.Position(0, 0) for lens in asked(session, snapshot))


def test_the_last_result_is_told_with_the_changes_since(project: PastProject) -> None:
    project.run(12, CONFIG, 0.8471)
    session, snapshot = project.open(CONFIG.replace("epochs: 3", "epochs: 4").replace("0.001", "0.01"))
    assert titles(session, snapshot) == [
        "Train", "Compare with run 12", "Profile", "run 12 · accuracy 0.8471 · 2 changes since",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "end"),
    [(CONFIG, "no change since"), (CONFIG.replace("epochs: 3", "epochs: 4"), "1 change since")],
)
def test_changes_are_counted_as_a_person_counts(project: PastProject, text: str, end: str) -> None:
    project.run(12, CONFIG, 0.5)
    session, snapshot = project.open(text)
    assert titles(session, snapshot)[-1] == f"run 12 · accuracy 0.5 · {end}"


def test_the_comparison_is_made_when_the_lens_is_resolved_and_not_before(project: PastProject) -> None:
    project.run(12, CONFIG)
    session, snapshot = project.open(CONFIG)
    lens = asked(session, snapshot)[-1]
    assert (lens.command, lens.data) == (None, {"uri": snapshot.uri, "run": "0012-000c"})
    resolved = code_lens.resolve(session, lens)
    assert resolved.command is not None
    assert (resolved.command.command, resolved.command.arguments) == ("declml.compare", [snapshot.uri, "0012-000c"])
    assert code_lens.resolve(session, resolved) is resolved


def test_an_interrupted_run_can_be_resumed(project: PastProject) -> None:
    project.run(3, CONFIG, None, status="interrupted")
    session, snapshot = project.open(CONFIG)
    assert titles(session, snapshot) == ["Train", "Resume run 3", "Profile"]
    assert ("declml.resume", [snapshot.uri, "0003-0003"]) in commands(session, snapshot)
    changed = project.change(session, CONFIG.replace("epochs: 3", "epochs: 4"))
    assert titles(session, changed) == ["Train", "Profile"], "a run goes on with the plan that it began with"


def test_a_run_of_another_process_is_told(project: PastProject) -> None:
    project.run(1, CONFIG, 0.8)
    project.run(2, CONFIG, None, status="running", process=os.getpid())
    session, snapshot = project.open(CONFIG)
    assert titles(session, snapshot) == [
        "Train", "Compare with run 1", "Profile", "run 2 is training", "run 1 · accuracy 0.8 · no change since",
    ]  # fmt: skip


def training(session: Session, snapshot: Snapshot, *events: dict[str, Any]) -> Training:
    """Put a training of the document into the session that has told these events."""
    found = Training(snapshot.uri, snapshot.lines)
    for event in events:
        found.take(event)
    session.trainings._newest[snapshot.uri] = found
    return found


def test_a_training_shows_its_metric_while_it_runs(project: PastProject) -> None:
    project.run(12, CONFIG, 0.8)
    session, snapshot = project.open(CONFIG)
    started = {"kind": "run_started", "run": "0013-abcd", "experiment": "census"}
    decides = {"output": "income", "metric": "accuracy", "goal": "maximize"}
    running = training(session, snapshot, started, {"kind": "stage_started", "label": "Building the model"})
    assert titles(session, snapshot) == ["Stop", "run 13 · Building the model"]
    running.take({"kind": "training_started", "epochs": 40, "total_steps": 400, "decides": decides})
    for epoch, value, best in ((1, 0.84, True), (2, 0.83, False)):
        values = {"income": {"accuracy": value}}
        event = {"kind": "metrics", "split": "validation", "epoch": epoch, "step": 10, "values": values, "best": best}
        running.take(event)
    assert titles(session, snapshot) == ["Stop", "run 13 · epoch 2/40 · accuracy 0.83 (best 0.84)"]
    assert commands(session, snapshot)[0] == ("declml.stop", [snapshot.uri])
    running.stops = 1
    assert titles(session, snapshot)[0] == "Stop at once"
    running.status = "finished"
    assert titles(session, snapshot)[0] == "Train"


def test_lenses_can_be_switched_off(project: PastProject) -> None:
    project.run(1, CONFIG)
    session, snapshot = project.open(CONFIG, settings=Settings(code_lens=False))
    assert asked(session, snapshot) == []


def test_a_cell_is_trained_by_running_it(project: PastProject) -> None:
    session, _ = project.open(CONFIG)
    cell = Snapshot(
        "vscode-notebook-cell:/a.ipynb#1", 1, Text(f"%%declml\n{CONFIG}"), f"\n{CONFIG}", None, is_cell=True
    )
    assert titles(session, cell) == ["Profile"]


@pytest.mark.parametrize("text", ["", "a: [", "trainer:\n", CONFIG.replace("data: {source: census.csv}\n", "")])
def test_a_config_without_data_has_nothing_to_profile(project: PastProject, text: str) -> None:
    session, snapshot = project.open(text)
    assert titles(session, snapshot) == ["Train"]


def test_a_lens_of_a_document_or_run_that_is_gone_stays_as_it_is(project: PastProject) -> None:
    session, snapshot = project.open(CONFIG)
    gone = types.CodeLens(
        types.Range(types.Position(0, 0), types.Position(0, 0)), data={"uri": "file:///x", "run": "1"}
    )
    assert code_lens.resolve(session, gone) is gone
    old = types.CodeLens(gone.range, data={"uri": snapshot.uri, "run": "0099-beef"})
    resolved = code_lens.resolve(session, old)
    assert resolved.command is not None
    assert resolved.command.title == "0099-beef"

"""The past of a config: its runs are read once and cheaply, and compared with what is being typed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.lsp_server.past import PastProject
from tests.runtime.runs.builder import write_record

from declml.errors import DeclmlError
from declml_lsp.history import Comparison, History, config_path
from declml_lsp.nodes import spots
from declml_lsp.past_runs import PastRun, PastRuns
from declml_lsp.session import Session
from declml_lsp.settings import Settings
from declml_lsp.snapshot import Snapshot
from declml_schema.document import parse

CONFIG = """\
data: {source: census.csv}
input_features:
  - name: age
    type: number
  - name: job
    type: category
  - name: note
    type: text
    encoder: {type: lstm, num_layers: 2}
output_features:
  - name: income
    type: category
trainer:
  epochs: 3
  learning_rate: 0.001
"""


@pytest.fixture
def project(tmp_path: Path) -> PastProject:
    return PastProject(tmp_path)


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


# --- the runs --------------------------------------------------------------------------------------------------------


def test_the_newest_run_comes_first_and_what_cannot_be_read_is_left_out(project: PastProject) -> None:
    for number in (2, 10, 9):
        project.run(number, CONFIG)
    project.run(11, CONFIG, experiment="other")
    (project.root / "runs" / "census" / "0012-dead").mkdir()
    broken = project.run(13, CONFIG)
    (broken.path / "record.json").write_text("{")
    newer = project.run(14, CONFIG)
    write_record(newer.path, {**newer.record, "format": 99})
    found = PastRuns().of(project.root / "runs", "census")
    assert [run.name for run in found] == ["run 10", "run 9", "run 2"]
    assert (found[0].value, found[0].decides["metric"], found[0].status) == (0.8, "accuracy", "finished")


def test_no_runs_is_no_mistake(project: PastProject) -> None:
    assert PastRuns().of(project.root / "runs", "census") == ()


def test_folders_are_looked_at_once_a_second_and_a_record_is_read_once(project: PastProject) -> None:
    clock = Clock()
    past = PastRuns(clock)
    runs = project.root / "runs"
    project.run(1, CONFIG)
    first = past.of(runs, "census")
    second = project.run(2, CONFIG)
    clock.now += 0.5
    assert past.of(runs, "census") is first
    clock.now += 0.6
    found = past.of(runs, "census")
    assert [run.number for run in found] == [2, 1]
    assert found[1] is first[0], "an unchanged record was read again"
    write_record(second.path, {**second.record, "metrics": {"validation": {"income": {"accuracy": 0.9}}}})
    clock.now += 1.1
    assert past.of(runs, "census")[0].value == 0.9


def test_a_run_whose_process_is_gone_was_killed(project: PastProject) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    clock = Clock()
    past = PastRuns(clock)
    project.run(1, CONFIG, None, status="running", process=ended.pid)
    assert past.of(project.root / "runs", "census")[0].status == "killed"


def test_a_process_that_ends_between_two_looks_is_noticed(project: PastProject) -> None:
    clock = Clock()
    past = PastRuns(clock)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        project.run(1, CONFIG, None, status="running", process=process.pid)
        assert past.of(project.root / "runs", "census")[0].status == "running"
        assert process.stdin is not None
        process.stdin.close()
        process.wait()
    clock.now += 2
    assert past.of(project.root / "runs", "census")[0].status == "killed"


def test_a_damaged_plan_or_config_costs_what_they_would_tell(project: PastProject) -> None:
    one, two = project.run(1, CONFIG), project.run(2, CONFIG)
    (one.path / "plan.json").write_text("[]")
    (two.path / "config.yaml").unlink()
    past = PastRuns()
    newest, oldest = past.of(project.root / "runs", "census")
    assert past.plan(oldest) is None
    assert past.changes(oldest, newest) is None
    assert newest.config == ""


# --- what is compared ------------------------------------------------------------------------------------------------


def compared(project: PastProject, text: str, **settings: str) -> Comparison | None:
    session, snapshot = project.open(text, settings=Settings(**settings))
    return session.history.compare(session, snapshot)


def said(found: Comparison | None) -> list[str]:
    assert found is not None
    return [f"{change.kind} {change.path}: {change.before} -> {change.after}" for change in found.told]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("0.001", "0.003", ["changed trainer.learning_rate: 0.001 -> 0.003"]),
        ("0.001", "1e-3", []),
        ("  epochs: 3\n", "", ["changed trainer.epochs: 3 -> auto"]),
        ("num_layers: 2", "num_layers: 1", ["changed input_features[note].encoder.num_layers: 2 -> 1"]),
        (
            "name: job",
            "name: work",
            [
                "removed input_features[job]: category (dense) -> None",
                "added input_features[work]: None -> category (dense)",
            ],
        ),
        ("type: lstm", "type: gru", ["changed input_features[note].encoder.type: lstm -> gru"]),
    ],
)
def test_changes_are_told_by_path(project: PastProject, before: str, after: str, expected: list[str]) -> None:
    project.run(1, CONFIG)
    assert said(compared(project, CONFIG.replace(before, after))) == expected


def test_the_last_finished_run_is_the_baseline(project: PastProject) -> None:
    project.run(1, CONFIG.replace("epochs: 3", "epochs: 7"))
    project.run(2, CONFIG.replace("epochs: 3", "epochs: 9"))
    project.run(3, CONFIG, None, status="interrupted")
    project.run(4, CONFIG, experiment="other")
    found = compared(project, CONFIG)
    assert said(found) == ["changed trainer.epochs: 9 -> 3"]
    assert found is not None
    assert found.baseline.name == "run 2"


def test_the_name_in_the_config_is_the_experiment(project: PastProject) -> None:
    text = f"name: tries\n{CONFIG}"
    project.run(1, CONFIG.replace("epochs: 3", "epochs: 7"))
    project.run(2, text, experiment="tries")
    assert said(compared(project, text)) == []


@pytest.mark.parametrize("which", ["1", "0001-0001"])
def test_a_chosen_run_is_the_baseline(project: PastProject, which: str) -> None:
    project.run(1, CONFIG.replace("epochs: 3", "epochs: 7"))
    project.run(2, CONFIG)
    assert said(compared(project, CONFIG, compare=which)) == ["changed trainer.epochs: 7 -> 3"]


def test_a_run_that_is_not_there_is_said_to_be(project: PastProject) -> None:
    project.run(1, CONFIG)
    with pytest.raises(DeclmlError, match="no run '77'"):
        compared(project, CONFIG, compare="77")


def test_without_runs_there_is_nothing_to_compare(project: PastProject) -> None:
    assert compared(project, CONFIG) is None


def test_a_config_with_errors_is_compared_as_it_is_written(project: PastProject) -> None:
    project.run(1, CONFIG)
    found = compared(project, CONFIG.replace("epochs: 3", "epochs: -3"))
    assert said(found) == ["changed trainer.epochs: 3 -> -3"]
    assert found is not None
    assert found.as_written


def test_a_comparison_is_made_once_per_version(project: PastProject) -> None:
    project.run(1, CONFIG)
    session, snapshot = project.open(CONFIG.replace("epochs: 3", "epochs: 4"))
    found = session.history.compare(session, snapshot)
    assert session.history.compare(session, snapshot) is found
    changed = project.change(session, CONFIG.replace("epochs: 3", "epochs: 5"))
    assert said(session.history.compare(session, changed)) == ["changed trainer.epochs: 3 -> 5"]


def test_what_a_swapped_encoder_brings_is_implied_and_what_was_written_is_not(project: PastProject) -> None:
    project.run(1, CONFIG)
    found = compared(project, CONFIG.replace("{type: lstm, num_layers: 2}", "{type: parallel_cnn, num_filters: 8}"))
    assert found is not None
    told = {change.path for change in found.told}
    assert told == {
        "input_features[note].encoder.type",
        "input_features[note].encoder.num_filters",
        "input_features[note].encoder.num_layers",
    }
    assert len(found.changes) > len(told)


def test_the_command_gets_plain_data(project: PastProject) -> None:
    project.run(1, CONFIG)
    session, snapshot = project.open(CONFIG.replace("epochs: 3", "epochs: 4"))
    answer = session.history.comparison(session, snapshot)
    assert json.loads(json.dumps(answer)) == answer
    assert (answer["a"], answer["against"]) == ("0001-0001", "run 1")
    assert answer["config"][0]["path"] == "trainer.epochs"
    assert "+  epochs: 4" in answer["text"]


# --- git -------------------------------------------------------------------------------------------------------------


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


def test_the_file_at_git_head_is_a_baseline(project: PastProject) -> None:
    git(project.root, "init", "-q")
    project.file.write_text(CONFIG)
    git(project.root, "add", ".")
    git(project.root, "commit", "-qm", "one")
    session, snapshot = project.open(CONFIG.replace("epochs: 3", "epochs: 4"), settings=Settings(compare="head"))
    found = session.history.compare(session, snapshot)
    assert said(found) == ["changed trainer.epochs: 3 -> 4"]
    assert found is not None
    assert found.baseline.name.startswith("git HEAD (")
    assert found.baseline.run is None


def test_a_file_that_git_does_not_know_is_said_to_be_so(project: PastProject) -> None:
    git(project.root, "init", "-q")
    project.file.write_text(CONFIG)
    with pytest.raises(DeclmlError, match="must be in a commit"):
        compared(project, CONFIG, compare="head")


def test_errors_at_head_are_compared_as_written(project: PastProject) -> None:
    git(project.root, "init", "-q")
    project.file.write_text(CONFIG.replace("epochs: 3", "epochs: -1"))
    git(project.root, "add", ".")
    git(project.root, "commit", "-qm", "one")
    assert said(compared(project, CONFIG, compare="head")) == ["changed trainer.epochs: -1 -> 3"]


# --- resuming --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "text", "resumes"),
    [
        ("interrupted", CONFIG, True),
        ("interrupted", CONFIG + "evaluation: {metrics: [accuracy]}\n", True),
        ("interrupted", CONFIG.replace("epochs: 3", "epochs: 4"), False),
        ("interrupted", CONFIG.replace("epochs: 3", "epochs: -4"), False),
        ("finished", CONFIG, False),
        ("failed", CONFIG, False),
    ],
)
def test_an_interrupted_run_of_this_config_can_be_resumed(
    project: PastProject, status: str, text: str, resumes: bool
) -> None:
    project.run(1, CONFIG)
    project.run(2, CONFIG, None, status=status)
    session, snapshot = project.open(text)
    found = session.history.resumable(session, snapshot)
    assert (found.name if found else None) == ("run 2" if resumes else None)


def test_only_the_newest_run_is_resumed(project: PastProject) -> None:
    project.run(1, CONFIG, None, status="interrupted")
    project.run(2, CONFIG)
    session, snapshot = project.open(CONFIG)
    assert session.history.resumable(session, snapshot) is None


# --- paths -----------------------------------------------------------------------------------------------------------


def test_an_entry_is_named_as_a_comparison_names_it() -> None:
    found = {spot.path: config_path(spot.levels, spot.step) for spot in spots(parse(CONFIG).root)}
    assert found["input_features[2].encoder.num_layers"] == "input_features[note].encoder.num_layers"
    assert found["output_features[0].type"] == "output_features[income].type"
    assert found["trainer.epochs"] == "trainer.epochs"
    split = spots(parse("preprocessing: {split: {probabilities: [0.5, 0.2, 0.3]}}").root)
    assert [config_path(spot.levels, spot.step) for spot in split][-1] == "preprocessing.split.probabilities"


# --- in the background, and in bounds ---------------------------------------------------------------------------------


def rate(value: float) -> str:
    return CONFIG.replace("learning_rate: 0.001", f"learning_rate: {value}")


def test_what_was_not_read_in_time_is_read_in_the_background(project: PastProject) -> None:
    for number in range(1, 5):
        project.run(number, rate(number / 1000), 0.8)
    session, snapshot = project.open(CONFIG)
    runs: list[PastRun] = [*session.history.runs(session, snapshot)]
    session.history.read_on(session.workers, runs, runs[0])
    session.workers.shutdown(wait=True)
    (project.root / "runs" / "census" / "0001-0001" / "plan.json").unlink()
    assert session.history.past.changes(runs[0], runs[-1]), "it was not read before"


def test_a_session_that_is_over_reads_nothing_more(project: PastProject) -> None:
    project.run(1, CONFIG)
    session, snapshot = project.open(CONFIG)
    runs = session.history.runs(session, snapshot)
    session.workers.shutdown()
    session.history.read_on(session.workers, runs, runs[0])


def test_memory_does_not_grow_with_the_documents_that_were_compared(project: PastProject) -> None:
    project.run(1, CONFIG)
    session, snapshot = project.open(CONFIG)
    history: History = session.history
    for number in range(100):
        other = Snapshot(f"{snapshot.uri}{number}", 1, snapshot.text, snapshot.config, snapshot.path)
        assert _compare(session, other) is not None
    assert len(history._compared) <= 16


def _compare(session: Session, snapshot: Snapshot) -> Comparison | None:
    return session.history.compare(session, snapshot)

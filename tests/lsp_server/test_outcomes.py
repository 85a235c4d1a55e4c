"""What became of the runs that differ in one key is told apart from what has other causes as well."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.lsp_server.past import PastProject
from tests.lsp_server.test_history import CONFIG, Clock

from declml_lsp.hovering.outcomes import Outcomes, outcomes
from declml_lsp.past_runs import PastRuns


@pytest.fixture
def project(tmp_path: Path) -> PastProject:
    return PastProject(tmp_path)


def rate(value: float) -> str:
    return CONFIG.replace("learning_rate: 0.001", f"learning_rate: {value}")


def learned(
    project: PastProject, path: str = "trainer.learning_rate", *, baseline: int, clock: Clock | None = None
) -> Outcomes | None:
    past = PastRuns()
    runs = past.of(project.root / "runs", "census")
    base = next(run for run in runs if run.number == baseline)
    return outcomes(runs, base, path, lambda run: past.changes(base, run), clock=clock or Clock())


def test_runs_that_differ_in_one_key_alone_are_told_apart_from_those_that_differ_elsewhere(
    project: PastProject,
) -> None:
    project.run(1, rate(0.001), 0.80)
    project.run(2, rate(0.003), 0.84)
    project.run(3, rate(0.003), 0.86)
    project.run(4, rate(0.003).replace("epochs: 3", "epochs: 9"), 0.95)
    project.run(5, rate(0.01), 0.5)
    project.run(6, rate(0.001), 0.82)
    found = learned(project, baseline=6)
    assert found is not None
    assert (found.metric, found.goal, found.complete) == ("accuracy", "maximize", True)
    assert (found.only_before.runs, found.only_before.mean) == (2, pytest.approx(0.81))
    assert {group.value: (group.runs, round(group.mean, 4)) for group in found.only} == {
        0.003: (2, 0.85),
        0.01: (1, 0.5),
    }
    assert [(group.value, group.runs, group.mean) for group in found.among] == [(0.003, 1, 0.95)]


@pytest.mark.parametrize(
    "record",
    [
        {"data": {"sha256": "e" * 64}},
        {"plugins": {"ours.py": "f" * 64}},
    ],
)
def test_runs_on_other_data_or_code_do_not_differ_in_one_key_alone(
    project: PastProject, record: dict[str, object]
) -> None:
    project.run(1, rate(0.003), 0.9, **record)
    project.run(2, rate(0.001), 0.8)
    found = learned(project, baseline=2)
    assert found is not None
    assert found.only == []
    assert [group.value for group in found.among] == [0.003]


@pytest.mark.parametrize(
    "record",
    [
        {"status": "failed"},
        {"decides": {"output": "income", "metric": "roc_auc", "goal": "maximize"}},
        {"metrics": {"validation": {"income": {"accuracy": "nan"}}}},
    ],
)
def test_runs_that_cannot_be_compared_are_left_out(project: PastProject, record: dict[str, object]) -> None:
    project.run(1, rate(0.003), 0.9, **record)
    project.run(2, rate(0.001), 0.8)
    found = learned(project, baseline=2)
    assert found is not None
    assert (found.only, found.among) == ([], [])


def test_a_baseline_without_a_result_tells_nothing(project: PastProject) -> None:
    project.run(1, rate(0.003), 0.9)
    project.run(2, rate(0.001), None)
    assert learned(project, baseline=2) is None


def test_reading_many_plans_ends_in_time_and_says_so(project: PastProject) -> None:
    for number in range(1, 5):
        project.run(number, rate(number / 1000), 0.8)

    class Late(Clock):
        def __call__(self) -> float:
            self.now += 0.1
            return self.now

    found = learned(project, baseline=4, clock=Late())
    assert found is not None
    assert not found.complete
    assert len(found.only) < 3

"""What made a training fail stands where it failed, as long as that is what was trained."""

from __future__ import annotations

from typing import Any

import pytest

from declml_lsp.trainings import Training, Trainings
from declml_schema.document import parse

URI = "file:///c.declml.yaml"
TRAINED = """\
input_features:
  - name: age
    type: number
output_features:
  - name: income
    type: category
trainer:
  epochs: 3
"""


def failures(text: str, *problems: dict[str, Any], trained: str = TRAINED) -> list[tuple[str, int]]:
    """Return the codes and lines of what is told in ``text`` after a training of ``trained`` failed."""
    trainings = Trainings()
    training = Training(URI, trained.split("\n"), status="failed", message="no", problems=[*problems])
    trainings._newest[URI] = training
    told = trainings.failures(URI, parse(text).root, text.split("\n"))
    return [(each.code, each.span.start.line) for each in told]


def problem(path: str) -> dict[str, Any]:
    return {"code": "one-class", "message": "...", "severity": "error", "path": path}


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("output_features[income]", 4),
        ("input_features[age].type", 2),
        ("trainer.epochs", 7),
        ("trainer.batch_size", 6),  # built in: the section stands for it
        ("combiner.type", 0),  # nowhere in the text
    ],
)
def test_a_failure_stands_at_what_failed(path: str, line: int) -> None:
    assert failures(TRAINED, problem(path)) == [("one-class", line)]


@pytest.mark.parametrize(
    ("before", "after"),
    [("name: income", "name: earnings"), ("  - name: income\n    type: category\n", "  []\n")],
)
def test_a_failure_goes_with_the_feature_that_it_names(before: str, after: str) -> None:
    assert failures(TRAINED.replace(before, after), problem("output_features[income]")) == []


def test_a_failure_goes_when_its_value_is_another_one() -> None:
    changed = TRAINED.replace("epochs: 3", "epochs: 4")
    assert failures(changed, problem("trainer.epochs")) == []
    assert failures(changed, problem("trainer.batch_size")) == [("one-class", 6)]
    assert failures(TRAINED.replace("  epochs: 3\n", "  batch_size: 8\n"), problem("trainer.batch_size")) == []


def test_a_failure_moves_with_its_lines() -> None:
    assert failures("# a comment\n" + TRAINED, problem("output_features[income]")) == [("one-class", 5)]


def test_a_training_that_fails_without_a_reason_is_told_on_the_first_line() -> None:
    assert failures(TRAINED) == [("failed-run", 0)]
    assert failures(TRAINED.replace("input_features:", "input_features: # mended")) == []


def test_a_training_whose_machine_is_out_of_sight_is_reconnecting_until_its_line_is_there_again() -> None:
    training = Training(URI, [])
    training.take({"kind": "notice", "message": "reconnecting"})
    assert training.status == "starting"  # it has no run yet that could be out of sight
    training.take({"kind": "run_started", "run": "0001-aaaa", "experiment": "census"})
    training.take({"kind": "notice", "message": "reconnecting"})
    assert training.as_json()["status"] == "reconnecting"
    assert not training.ended
    training.take({"kind": "step", "epoch": 1, "step": 3})
    assert training.status == "reconnecting"  # it had come before the line broke
    training.take({"kind": "notice", "message": "connected again"})
    assert training.status == "running"
    training.take({"kind": "notice", "message": "reconnecting"})
    training.take({"kind": "result", "run": "0001-aaaa", "status": "finished"})
    assert training.status == "finished"
    training.status = "running"
    training.status = "stopping"
    training.take({"kind": "notice", "message": "reconnecting"})
    assert training.status == "stopping"  # that it was asked to stop says more

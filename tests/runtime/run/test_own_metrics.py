"""A metric of one's own: a number where it is right, and one sentence with the file and the line where it is not."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from declml.errors import UserProblem
from declml.run.components import Components
from declml.run.own_metrics import own_metric

TEMPLATE = '''"""A metric."""
from declml_schema.declare import Component

def build({parameters}):
    def metric(scores, targets):
        {body}
    return {built}

COMPONENT = Component("metric", "mine", "A share.", features=("binary",), {more})
'''
USABLE = 'build=build, facts={"goal": "maximize", "range": [0.0, 1.0]}'
SCORES, TARGETS = torch.tensor([0.2, 0.9]), torch.tensor([0.0, 1.0])


def written(
    tmp_path: Path, body: str = "return 0.5", *, more: str = USABLE, parameters: str = "", built: str = "metric"
) -> Path:
    file = tmp_path / "mine.py"
    file.write_text(TEMPLATE.format(body=body, more=more, parameters=parameters, built=built))
    return file


def asked(file: Path) -> float:
    components = Components([file])
    component = components.get("metric", "mine", "binary")
    assert component.build is not None and components.file_of(component) == file
    return own_metric("mine", file, component.build, {})(SCORES, TARGETS)


@pytest.mark.parametrize(
    "body", ["return 0.5", "return (scores > 0.5).double().mean()", "return scores.numpy()[:1] * 2.5"]
)
def test_a_number_a_tensor_or_an_array_of_one_is_a_number(tmp_path: Path, body: str) -> None:
    assert asked(written(tmp_path, body)) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("raise ValueError('no such thing')", "take scores and targets; got ValueError at line 6: no such thing"),
        ("return scores.nothing", "got AttributeError at line 6"),
        ("return 'good'", "must return one number; got 'good'"),
        ("return None", "must return one number; got None"),
        ("return scores", r"must return one number; got a Tensor of shape \(2,\)"),
        ("return {'a': 1}", "must return one number; got {'a': 1}"),
    ],
)
def test_what_is_no_number_is_told_with_its_place(tmp_path: Path, body: str, said: str) -> None:
    with pytest.raises(
        UserProblem, match=f"The metric 'mine' of 'mine.py' must .*{said}" if "must" not in said else said
    ):
        asked(written(tmp_path, body))


def test_what_cannot_be_built_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserProblem, match="must build the function that computes it; got TypeError"):
        asked(written(tmp_path, parameters="needed"))
    with pytest.raises(UserProblem, match="must build a function of scores and targets; got 7"):
        asked(written(tmp_path, built="7"))


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ('build=build, facts={"goal": "up"}', "must say which values are better.*; got 'up'"),
        ('facts={"goal": "maximize"}', "must declare what it builds with, build=...; got none"),
    ],
)
def test_what_lacks_its_declaration_is_refused_before_anything_runs(tmp_path: Path, more: str, said: str) -> None:
    with pytest.raises(UserProblem, match=f"The metric 'mine' of 'mine.py' {said}"):
        Components([written(tmp_path, more=more)])


def test_one_that_does_not_say_which_values_are_better_can_be_told_and_decides_nothing(tmp_path: Path) -> None:
    file = written(tmp_path, more='build=build, facts={"range": [0.0, 1.0]}')
    assert asked(file) == 0.5
    with pytest.raises(UserProblem, match="metric that decides must say which values are better; got 'mine'") as told:
        Components([file]).goal_of("mine", "binary")
    assert told.value.path == "trainer.validation_metric"

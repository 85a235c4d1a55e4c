"""A Python file beside the config adds words to the language, and its content is part of the run's identity."""

from __future__ import annotations

from pathlib import Path

import pytest

import declml
from declml.errors import ConfigProblems

from .projects import SMALL_CONFIG, make_project

PLUGIN = '''
"""An encoder of our own and a metric of our own."""
import torch
from torch import nn
from declml_schema.declare import Component, Parameters, parameter


class WaveParameters(Parameters):
    waves: int = parameter(4, "How many sine waves each number becomes; more can follow finer structure.", ge=1)


class Wave(nn.Module):
    def __init__(self, members, *, waves):
        super().__init__()
        self.frequencies = nn.Parameter(torch.linspace(0.5, 2.0, waves))
        self.widths = [waves] * len(members)

    def forward(self, values, lengths=None):
        return torch.sin(values[:, :, None] * self.frequencies).flatten(1)


WAVE = Component("encoder", "wave", "Numbers as sine waves.", WaveParameters, features=("number",), build=Wave,
                 fusion=lambda parameters, facts: ())


def build_missed():
    return lambda scores, targets: float(((scores < 0.5) & (targets > 0.5)).double().mean())


MISSED = Component("metric", "missed", "The share of rows that are true and were not found.", features=("binary",),
                   build=build_missed, facts={"goal": "minimize", "range": [0.0, 1.0]})
'''

CONFIG = SMALL_CONFIG.replace(
    "{name: size, type: number}", "{name: size, type: number, encoder: {type: wave, waves: 3}}"
) + ("code: ours.py\nevaluation: {metrics: [missed, accuracy]}\n")


@pytest.mark.usefixtures("cold")
def test_a_plugin_trains_evaluates_and_predicts(tmp_path: Path) -> None:
    project = make_project(tmp_path, CONFIG)
    (tmp_path / "ours.py").write_text(PLUGIN)
    run = declml.train(project.config, runs=project.runs)
    # Those asked for, and roc_auc, which decides.
    assert set(run.metrics["test"]["sold"]) == {"loss", "missed", "accuracy", "roc_auc"}
    assert run.record["plugins"]["ours.py"]
    (tmp_path / "ours.py").unlink()  # the model folder holds its own copy
    assert declml.predict(run, project.data).height == 400


def test_another_source_of_the_plugin_is_another_run(tmp_path: Path) -> None:
    project = make_project(tmp_path, CONFIG)
    (tmp_path / "ours.py").write_text(PLUGIN)
    first = declml.train(project.config, runs=project.runs)
    assert declml.train(project.config, runs=project.runs).reused
    (tmp_path / "ours.py").write_text(PLUGIN.replace("torch.sin", "torch.cos"))
    second = declml.train(project.config, runs=project.runs)
    assert not second.reused
    assert second.record["weights"] != first.record["weights"]


def test_a_plan_finds_what_a_run_with_a_plugin_left_in_the_cache(tmp_path: Path) -> None:
    project = make_project(tmp_path, CONFIG)
    (tmp_path / "ours.py").write_text(PLUGIN)
    declml.train(project.config, runs=project.runs)
    stages = declml.plan(project.config, runs=project.runs, overrides={"trainer.epochs": 5}).stages
    assert {each.name for each in stages if each.cached} == {"source", "table", "split", "fit", "dataset"}


@pytest.mark.parametrize(
    ("change", "code", "said"),
    [
        (("waves: 3", "wavs: 3"), "unknown-key", "waves"),
        (("waves: 3", "waves: 0"), "out-of-range", "waves must be >= 1"),
        (("type: wave", "type: waev"), "unknown-type", "wave"),
    ],
)
def test_the_words_of_a_plugin_are_checked_like_any_other(
    tmp_path: Path, change: tuple[str, str], code: str, said: str
) -> None:
    project = make_project(tmp_path, CONFIG.replace(*change))
    (tmp_path / "ours.py").write_text(PLUGIN)
    problems = declml.check(project.config).problems
    assert [each.code for each in problems] == [code]
    assert said in f"{problems[0].message} {problems[0].hint}"


@pytest.mark.parametrize(
    ("source", "said"),
    [("import nothing_of_that_name", "line 1"), ("def f(:\n", "line 1"), ("x = 1\n", "at least one Component")],
)
def test_a_broken_plugin_is_a_problem_at_its_line_of_the_config(tmp_path: Path, source: str, said: str) -> None:
    project = make_project(tmp_path, CONFIG)
    (tmp_path / "ours.py").write_text(source)
    with pytest.raises(ConfigProblems) as caught:
        declml.train(project.config, runs=project.runs)
    broken = [each for each in caught.value.problems if each.code == "broken-plugin"]
    assert said in broken[0].message
    assert project.config.read_text().splitlines()[broken[0].span.start.line].startswith("code:")


@pytest.mark.parametrize(("name", "said"), [("accuracy", "which declml has for binary outputs"), ("loss", "loss is")])
def test_a_metric_with_the_name_of_another_replaces_nothing_and_is_told(tmp_path: Path, name: str, said: str) -> None:
    project = make_project(tmp_path, CONFIG.replace("metrics: [missed, accuracy]", f"metrics: [{name}]"))
    (tmp_path / "ours.py").write_text(PLUGIN.replace('"missed"', f'"{name}"'))
    with pytest.raises(ConfigProblems) as caught:
        declml.train(project.config, runs=project.runs)
    problem = caught.value.problems[0]
    written = (tmp_path / "ours.py").read_text().splitlines()
    line = 1 + next(index for index, each in enumerate(written) if each.startswith("MISSED ="))
    assert problem.code == "broken-plugin"
    assert f"'ours.py:{line}' must have a name of its own; got '{name}'" in problem.message and said in problem.message
    assert project.config.read_text().splitlines()[problem.span.start.line].startswith("code:")
    assert f"'own_{name}'" in problem.hint
    assert not list(project.runs.glob("*/*"))


def test_a_metric_may_have_the_name_of_one_for_other_outputs(tmp_path: Path) -> None:
    project = make_project(tmp_path, CONFIG.replace("metrics: [missed, accuracy]", "metrics: [r2]"))
    (tmp_path / "ours.py").write_text(PLUGIN.replace('"missed"', '"r2"'))
    assert declml.check(project.config).problems == []

"""Invariant 2: the command line, the Python API and the checker itself say the same of the same config."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import declml
from declml_schema.check import check

HEAD = """\
input_features:
  - {name: title, type: text}
  - {name: age, type: number}
output_features:
  - {name: class, type: category}
"""

BROKEN = {
    "misspelt section": HEAD + "trainr: {epochs: 3}\n",
    "misspelt parameter deep down": HEAD.replace("type: text}", "type: text, encoder: {type: lstm, num_layrs: 2}}"),
    "encoder of another type": HEAD.replace("type: number}", "type: number, encoder: {type: lstm}}"),
    "out of range": HEAD + "trainer: {epochs: 0, learning_rate: -1}\n",
    "wrong type": HEAD + "combiner: {type: concat, dropout: much}\n",
    "missing section": HEAD[: HEAD.index("output_features")],
    "duplicate feature": HEAD.replace("name: age", "name: title"),
    "shares that do not add up": HEAD + "preprocessing: {split: {type: random, probabilities: [0.5, 0.1, 0.1]}}\n",
    "reference to nothing": HEAD + "trainer: {validation_field: clas}\n",
    "planned, not built": HEAD + "hyperopt: {goal: minimize}\n",
    "older spelling, a warning": HEAD + "training: {epochs: 3}\n",
    "half typed": HEAD + "trainer: {epochs: 3\ncombiner:\n  type: conc\n",
    "duplicate key": HEAD + "trainer: {epochs: 3, epochs: 4}\n",
    "two readings in YAML": HEAD + "trainer: {seed: 017}\n",
    "wide characters before the place": HEAD.replace("name: age", "name: 'größe 🧮', typ: 3"),
    "empty": "",
    "no mapping": "- 1\n- 2\n",
}
PLUGIN = '''\
"""A combiner that joins its inputs."""
from declml_schema.declare import Component, Parameters, parameter


class JoinParameters(Parameters):
    """What a config may say of it."""

    strength: float = parameter(0.5, "How strongly it joins its inputs.", ge=0, le=1)


JOIN = Component("combiner", "join", "Joins its inputs.", JoinParameters, build=lambda widths, *, strength: None)
'''


@pytest.fixture(scope="module")
def said_by_the_command_line(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, list[object]]]:
    """Return the folder of the configs and what one real process says of each."""
    folder = tmp_path_factory.mktemp("configs")
    for index, text in enumerate(BROKEN.values()):
        (folder / f"{index}.yaml").write_text(text, encoding="utf-8")
    (folder / "joins.py").write_text(PLUGIN)
    (folder / "plugin.yaml").write_text(HEAD + "code: [joins.py, absent.py]\ncombiner: {type: join, strength: 2}\n")
    files = [*(f"{index}.yaml" for index in range(len(BROKEN))), "plugin.yaml"]
    answer = subprocess.run(
        [sys.executable, "-m", "declml.cli.main", "check", "--format", "json", *files],
        cwd=folder,
        capture_output=True,
        check=False,
    )
    assert answer.returncode == 1, answer.stderr
    said: dict[str, list[object]] = {file: [] for file in files}
    for problem in json.loads(answer.stdout)["problems"]:
        said[problem["file"]].append(problem)
    return folder, said


@pytest.mark.parametrize("index", range(len(BROKEN)), ids=BROKEN.keys())
def test_all_three_say_the_same(
    said_by_the_command_line: tuple[Path, dict[str, list[object]]], index: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, said = said_by_the_command_line
    monkeypatch.chdir(folder)
    file = f"{index}.yaml"
    by_the_checker = check(Path(file).read_bytes(), file=file)
    by_the_api = declml.check(Path(file))
    expected = json.loads(json.dumps([each.as_json() for each in by_the_checker.problems]))
    assert expected, "a config of this list must have a problem"
    assert said[file] == expected
    assert json.loads(json.dumps([each.as_json() for each in by_the_api.problems])) == expected
    assert (by_the_api.plan is None) == (by_the_checker.plan is None)


def test_a_plug_in_is_known_to_the_command_line_and_the_api_alike(
    said_by_the_command_line: tuple[Path, dict[str, list[object]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, said = said_by_the_command_line
    monkeypatch.chdir(folder)
    by_the_api = declml.check(Path("plugin.yaml"))
    assert said["plugin.yaml"] == json.loads(json.dumps([each.as_json() for each in by_the_api.problems]))
    codes = {each.code: each.message for each in by_the_api.problems}
    assert codes.keys() == {"absent-plugin", "out-of-range"}
    assert codes["out-of-range"] == "strength must be >= 0 and <= 1; got 2."

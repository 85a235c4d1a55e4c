"""Invariant 0: an unknown key is a problem at its place, wherever in a config it stands, plug-ins included."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import declml
from declml_schema.check import check
from declml_schema.problems import Severity

UNKNOWN = "no_such_key"
CONFIGS = {
    "own keys": """\
name: flights
data: {source: [a.parquet], columns: [carrier, delay], where: "delay > 1", sha256: {a.parquet: "00"}}
input_features:
  - name: carrier
    type: category
    preprocessing: {most_common: 9}
    encoder: {type: dense, embedding_size: 3}
  - {name: note, type: text, preprocessing: {tokenizer: space}, encoder: {type: lstm, num_layers: 2}}
  - {name: delay, type: number, encoder: {type: dense}}
  - {name: late, type: binary}
output_features:
  - name: kind
    type: category
    preprocessing: {most_common: 5}
    decoder: {type: classifier, num_fc_layers: 1}
    loss: {type: softmax_cross_entropy, weight: 2.0}
  - {name: price, type: number, loss: {type: huber}, decoder: {type: regressor}}
  - {name: sold, type: binary, threshold: 0.4}
combiner: {type: concat, num_fc_layers: 1, output_size: 4}
preprocessing: {split: {type: random, probabilities: [0.8, 0.1, 0.1]}}
defaults:
  text: {preprocessing: {lowercase: true}, encoder: {type: lstm}}
  number: {preprocessing: {normalization: minmax}, loss: {type: huber}}
trainer:
  epochs: 3
  optimizer: {type: adamw, weight_decay: 0.1}
  learning_rate_scheduler: {decay: cosine, t_0: 10}
  gradient_clipping: {clipglobalnorm: 1.0}
evaluation: {metrics: {kind: [accuracy]}, slices: [{name: slow, where: "delay > 10"}, {column: carrier}]}
backend: {type: local}
kernel: {name: local}
""",
    "older spellings": """\
input_features:
  - {name: a, type: category, encoder: dense, embedding_size: 4}
  - {name: t, type: text, encoder: lstm, level: word}
output_features: [{name: b, type: binary}]
training: {epochs: 2, optimizer: {type: adam}}
preprocessing: {split_probabilities: [0.7, 0.1, 0.2]}
""",
    "planned sections": """\
input_features: [{name: a, type: number}]
output_features: [{name: b, type: binary}]
hyperopt: {goal: minimize, executor: {type: ray}, search_alg: {type: variant_generator}}
backend: {type: ray, trainer: {num_workers: 2}}
""",
}


def mappings(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the way to every mapping inside a value."""
    if isinstance(value, dict):
        yield path
        for key, each in value.items():
            yield from mappings(each, (*path, key))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from mappings(each, (*path, index))


NAMED_BY_THE_USER = {("data", "sha256")}
"""Mappings whose keys are the user's own names: a file that is not read is told when the data are."""

PLACES = [
    (config, path)
    for config, text in CONFIGS.items()
    for path in mappings(yaml.safe_load(text))
    if path not in NAMED_BY_THE_USER
]


@pytest.mark.parametrize(("config", "path"), PLACES, ids=[f"{name}:{'.'.join(map(str, p))}" for name, p in PLACES])
def test_an_unknown_key_anywhere_is_a_problem(config: str, path: tuple[str | int, ...]) -> None:
    data = copy.deepcopy(yaml.safe_load(CONFIGS[config]))
    here = data
    for step in path:
        here = here[step]
    here[UNKNOWN] = 1
    text = yaml.safe_dump(data, sort_keys=False)
    result = check(text)
    line = next(number for number, each in enumerate(text.splitlines()) if UNKNOWN in each)
    about = [each for each in result.problems if UNKNOWN in each.message or UNKNOWN in each.path]
    inside_a_planned_section = config == "planned sections" and path and path[0] in {"hyperopt", "backend"}
    if inside_a_planned_section and not about:
        # What is not built yet is refused as a whole, so nothing in it is taken silently either.
        assert any(each.path.startswith(str(path[0])) and each.severity is Severity.ERROR for each in result.problems)
    else:
        assert [each.span.start.line for each in about] == [line], [each.message for each in result.problems]
        assert about[0].severity is Severity.ERROR
    assert result.plan is None


def test_the_configs_have_no_error_of_their_own() -> None:
    for name, text in CONFIGS.items():
        errors = {each.code for each in check(text).problems if each.severity is Severity.ERROR}
        assert errors == ({"not-built-yet"} if name == "planned sections" else set()), name


def test_a_plug_in_is_held_to_its_declaration(tmp_path: Path) -> None:
    (tmp_path / "tiny.py").write_text(
        '"""An encoder."""\n'
        "from declml_schema.declare import Component, Parameters, parameter\n\n\n"
        "class TinyParameters(Parameters):\n"
        '    """What a config may say of it."""\n\n'
        '    size: int = parameter(3, "How many numbers come out of it.", ge=1)\n\n\n'
        'TINY = Component("encoder", "tiny", "A tiny encoder.", TinyParameters, features=("number",),\n'
        "                 build=lambda members, *, size: None)\n"
    )
    config = tmp_path / "it.yaml"
    text = "code: tiny.py\ninput_features: [{name: a, type: number, encoder: {type: tiny, %s: 2}}]\n"
    text += "output_features: [{name: b, type: binary}]\n"
    config.write_text(text % "size")
    assert declml.check(config).problems == []
    config.write_text(text % "sise")
    (problem,) = declml.check(config).problems
    assert (problem.code, problem.path) == ("unknown-key", "input_features[0].encoder.sise")
    assert "'size'" in problem.message + problem.hint

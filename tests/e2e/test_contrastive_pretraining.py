"""The contrastive pretraining of encoders: it learns, changes the model, and a killed run ends with the same bits."""

from __future__ import annotations

import math
import os
import signal
from pathlib import Path
from typing import Any

import pytest

import declml
from declml.errors import ConfigProblems, UserProblem
from declml.runs.find import find
from declml_schema.check import check

from .projects import make_project, rows

CONFIG = """\
data: {source: rows.csv}
input_features:
  - {name: size, type: number, encoder: {type: dense, output_size: 8}}
  - {name: kind, type: category}
  - {name: note, type: text, encoder: {type: embed, embedding_size: 8}, preprocessing: {tokenizer: space}}
output_features:
  - {name: sold, type: binary}
trainer:
  epochs: 3
  batch_size: 32
  learning_rate: 0.01
  threads: 1
  contrastive_pretrain_epochs: 6
"""


def test_the_encoders_learn_before_the_training(tmp_path: Path) -> None:
    project = make_project(tmp_path, CONFIG, data=rows(240))
    events: list[dict[str, Any]] = []
    run = declml.train(project.config, runs=project.runs, on_event=events.append)
    (stage,) = [each for each in events if each["kind"] == "stage_finished" and each["stage"] == "pretraining"]
    losses = stage["facts"]["losses"]
    assert len(losses) == 6 == stage["facts"]["epochs"]
    assert losses[-1] < 0.95 * losses[0] and losses[-1] < math.log(32)
    done = [each["done"] for each in events if each["kind"] == "stage_progress" and each["stage"] == "pretraining"]
    assert done == [1, 2, 3, 4, 5, 6]
    assert any("Pretraining, epoch 6 of 6: contrastive loss" in each.get("message", "") for each in events)
    assert sum(each["kind"] == "training_started" for each in events) == 1
    assert not list(run.path.glob("checkpoints/pretraining/*"))
    plain = declml.train(project.config, runs=project.runs, overrides={"trainer.contrastive_pretrain_epochs": 0})
    assert plain.record["weights"] != run.record["weights"]
    assert declml.evaluate(run, rows(60, seed=3)).rows == 60
    assert declml.predict(run, rows(10, seed=5)).height == 10


@pytest.mark.parametrize(
    "given",
    [{"temperature": 0.5}, {"projection_dim": 16}, {"learnable_temperature": False}],
    ids=str,
)
def test_each_of_its_parameters_acts(tmp_path: Path, given: dict[str, Any]) -> None:
    project = make_project(tmp_path, CONFIG.replace("epochs: 6", "epochs: 2"), data=rows(120))
    overrides = {f"trainer.contrastive_pretrain_{name}": value for name, value in given.items()}
    one = declml.train(project.config, runs=project.runs)
    other = declml.train(project.config, runs=project.runs, overrides=overrides)
    assert one.record["weights"] != other.record["weights"]


@pytest.mark.parametrize("where", ["pretraining", "training"])
def test_a_killed_run_goes_on_with_the_same_bits(tmp_path: Path, where: str) -> None:
    quiet = make_project(tmp_path / "quiet", CONFIG, data=rows(240))
    undisturbed = declml.train(quiet.config, runs=quiet.runs)
    project = make_project(tmp_path / "killed", CONFIG, data=rows(240))
    seen = {"pretraining": 0, "training": 0}

    def kill(event: dict[str, Any]) -> None:
        seen["pretraining"] += event["kind"] == "stage_progress" and event["stage"] == "pretraining"
        seen["training"] += event["kind"] == "metrics" and event["split"] == "validation"
        if seen[where] == 2:
            record = next(project.runs.glob("*/*/record.json"))
            os.kill(int(find(project.runs, record.parent.name).record["process"]), signal.SIGKILL)

    with pytest.raises(UserProblem, match="killed"):
        declml.train(project.config, runs=project.runs, on_event=kill)
    run = declml.train(project.config, runs=project.runs, resume="latest")
    assert run.record["weights"] == undisturbed.record["weights"]


def test_an_interrupted_pretraining_goes_on_from_its_checkpoint(tmp_path: Path) -> None:
    quiet = make_project(tmp_path / "quiet", CONFIG, data=rows(240))
    undisturbed = declml.train(quiet.config, runs=quiet.runs)
    project = make_project(tmp_path / "stopped", CONFIG, data=rows(240))

    def stop(event: dict[str, Any]) -> None:
        if event["kind"] == "stage_progress" and event["stage"] == "pretraining" and event["done"] == 2:
            record = next(project.runs.glob("*/*/record.json"))
            os.kill(int(find(project.runs, record.parent.name).record["process"]), signal.SIGINT)

    stopped = declml.train(project.config, runs=project.runs, on_event=stop)
    assert stopped.status == "interrupted"
    assert list(stopped.path.glob("checkpoints/pretraining/latest.safetensors"))
    epochs: list[int] = []

    def note(event: dict[str, Any]) -> None:
        if event["kind"] == "stage_progress" and event["stage"] == "pretraining":
            epochs.append(event["done"])

    run = declml.train(project.config, runs=project.runs, resume="latest", on_event=note)
    assert run.record["weights"] == undisturbed.record["weights"]
    assert epochs and epochs[0] > 2 and epochs[-1] == 6


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ("[{name: kind, type: category}]", "must have two input features to align; got 1"),
        ("[{name: size, type: number}, {name: weight, type: number}]", "must have an encoder that learns; got none"),
    ],
)
def test_what_it_cannot_align_is_told(tmp_path: Path, inputs: str, message: str) -> None:
    project = make_project(tmp_path, CONFIG, data=rows(120))
    start, end = CONFIG.index("input_features:"), CONFIG.index("output_features:")
    encoder = ", encoder: {type: passthrough}}"
    inputs = inputs.replace("type: number}", "type: number" + encoder)
    project.config.write_text(CONFIG[:start] + f"input_features: {inputs}\n" + CONFIG[end:])
    with pytest.raises(ConfigProblems, match=message):
        declml.train(project.config, runs=project.runs)


@pytest.mark.parametrize("name", ["epochs: -1", "temperature: 0", "projection_dim: 0"])
def test_its_ranges_are_checked(name: str) -> None:
    config = "input_features: [{name: a, type: number}]\noutput_features: [{name: b, type: number}]\ntrainer: TRAINER\n"
    (found,) = check(config.replace("TRAINER", f"{{contrastive_pretrain_{name}}}")).problems
    assert found.code == "out-of-range"

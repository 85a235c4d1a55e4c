"""Encoders with a state of their own: a killed run goes on to the weights of an undisturbed one, adapters included."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest

import declml
from declml.errors import UserProblem
from declml.runs.find import find

from .projects import Project, make_project, rows

CONFIG = """\
data: {source: rows.csv}
input_features:
  - {name: size, type: number, encoder: {type: bins, num_bins: 8, output_size: 4}}
  - {name: colour, type: category, encoder: {type: target}}
  - {name: note, type: text, encoder: ENCODER, preprocessing: {tokenizer: space}}
output_features:
  - {name: price, type: number}
combiner: {type: gated_fusion, hidden_size: 8, fc_layers: [{output_size: 8, activation: geglu, norm: ghost}]}
trainer: {epochs: 10, batch_size: 32, learning_rate: 0.01, early_stop: -1, threads: 1}
"""

ENCODERS = {
    "mamba": "{type: mamba, d_model: 8, n_layers: 1, embedding_size: 8, dropout: 0.1}",
    "lora": "{type: bert, pretrained_model_name_or_path: tiny, trainable: true, reduce_output: mean, "
    "adapter: {type: lora, r: 2}}",
    "oft": "{type: bert, pretrained_model_name_or_path: tiny, trainable: true, reduce_output: mean, "
    "adapter: {type: oft, oft_block_size: 2}}",
    "adalora": "{type: bert, pretrained_model_name_or_path: tiny, trainable: true, reduce_output: mean, "
    "adapter: {type: adalora, init_r: 3, target_r: 1}}",
    "boft": "{type: bert, pretrained_model_name_or_path: tiny, trainable: true, reduce_output: mean, "
    "adapter: {type: boft, boft_block_size: 2, boft_n_butterfly_factor: 2, boft_dropout: 0.5}}",
    "vblora": "{type: bert, pretrained_model_name_or_path: tiny, trainable: true, reduce_output: mean, "
    "adapter: {type: vblora, num_vectors: 6, vector_length: 4, vblora_dropout: 0.1}}",
}


def project_of(folder: Path, encoder: str) -> Project:
    config = CONFIG.replace("ENCODER", encoder)
    if "tiny" in encoder:
        config = config.replace(", preprocessing: {tokenizer: space}", "")
        write_tiny_model(folder / "tiny")
    return make_project(folder, config, data=rows(160))


def write_tiny_model(folder: Path) -> None:
    """Write a BERT of one layer with random weights and a tokenizer of a few words."""
    import torch
    from transformers import AutoModel, BertConfig, BertTokenizerFast

    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "good", "bad", "broken", "shiny", "old", "rare"]
    folder.mkdir(parents=True)
    (folder / "vocab.txt").write_text("\n".join(words))
    BertTokenizerFast(str(folder / "vocab.txt")).save_pretrained(folder)
    torch.manual_seed(0)
    narrow = {"hidden_size": 8, "num_attention_heads": 2, "intermediate_size": 12, "num_hidden_layers": 1}
    config = BertConfig(vocab_size=len(words), max_position_embeddings=24, **narrow)
    AutoModel.from_config(config).save_pretrained(folder)


@pytest.mark.parametrize("name", list(ENCODERS))
def test_a_killed_run_resumes_to_the_weights_of_an_undisturbed_one(tmp_path: Path, name: str) -> None:
    quiet = project_of(tmp_path / "quiet", ENCODERS[name])
    undisturbed = declml.train(quiet.config, runs=quiet.runs)
    project = project_of(tmp_path / "killed", ENCODERS[name])
    seen = {"metrics": 0}

    def kill(event: dict[str, Any]) -> None:
        seen["metrics"] += event["kind"] == "metrics" and event["split"] == "validation"
        if seen["metrics"] == 2:
            record = next(project.runs.glob("*/*/record.json"))
            os.kill(int(find(project.runs, record.parent.name).record["process"]), signal.SIGKILL)

    with pytest.raises(UserProblem, match="killed"):
        declml.train(project.config, runs=project.runs, on_event=kill)
    run = declml.train(project.config, runs=project.runs, resume="latest")
    assert run.record["weights"] == undisturbed.record["weights"]
    assert declml.predict(run, rows(10, seed=5)).height == 10
    assert declml.evaluate(run, rows(50, seed=6)).rows == 50

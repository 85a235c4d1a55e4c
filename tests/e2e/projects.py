"""Small real projects for the end-to-end tests: data made from a seed, a config, a folder of its own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

CONFIG = """\
data: {source: rows.csv}
input_features:
  - {name: size, type: number}
  - {name: weight, type: number}
  - {name: colour, type: category}
  - {name: new, type: binary}
  - {name: note, type: text, encoder: {type: parallel_cnn, embedding_size: 8, num_filters: 8, output_size: 8}}
output_features:
  - {name: price, type: number}
  - {name: kind, type: category}
  - {name: sold, type: binary}
combiner: {type: concat, num_fc_layers: 1, output_size: 16, dropout: 0.1}
trainer: {epochs: 4, batch_size: 32, learning_rate: 0.01, early_stop: -1, threads: 1}
"""

SMALL_CONFIG = """\
data: {source: rows.csv}
input_features:
  - {name: size, type: number}
  - {name: colour, type: category}
output_features:
  - {name: sold, type: binary}
trainer: {epochs: 3, batch_size: 32, learning_rate: 0.01, threads: 1}
"""


def rows(count: int = 400, *, seed: int = 0) -> pl.DataFrame:
    """Return rows in which every target depends on the inputs."""
    random = np.random.default_rng(seed)
    size, weight = random.normal(10, 3, count), random.normal(size=count)
    colour = random.choice(["red", "green", "blue"], count, p=[0.5, 0.3, 0.2])
    new = random.random(count) < 0.4
    words = np.array(["good", "bad", "broken", "shiny", "old", "rare"])
    note = [" ".join(random.choice(words, random.integers(1, 7))) for _ in range(count)]
    shiny = np.array(["shiny" in each for each in note])
    price = 3 * size + 2 * weight + 5 * (colour == "red") + random.normal(size=count)
    return pl.DataFrame(
        {
            "size": size.round(3),
            "weight": weight.round(3),
            "colour": colour,
            "new": np.where(new, "yes", "no"),
            "note": note,
            "price": price.round(3),
            "kind": np.where(size > 11, "large", np.where(shiny, "fine", "plain")),
            "sold": (price + 4 * new > 36).astype(int),
        }
    )


@dataclass(frozen=True)
class Project:
    """A folder with a config and its data."""

    folder: Path

    @property
    def config(self) -> Path:
        return self.folder / "shop.declml.yaml"

    @property
    def data(self) -> Path:
        return self.folder / "rows.csv"

    @property
    def runs(self) -> Path:
        return self.folder / "runs"


def make_project(folder: Path, config: str = CONFIG, *, data: pl.DataFrame | None = None) -> Project:
    """Write the config and its data into ``folder``, marked as a project of its own."""
    (folder / ".declml").mkdir(parents=True, exist_ok=True)
    project = Project(folder)
    project.config.write_text(config)
    (rows() if data is None else data).write_csv(project.data)
    return project

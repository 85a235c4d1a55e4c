"""Word vectors from a file: pinned by content, read in training only, told by file and line where they are broken."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

import declml
from declml.errors import ConfigProblems, UserProblem
from declml.runs.folder import Run
from declml.training.tensor_file import read_tensors

from .projects import Project, make_project, rows

CONFIG = """\
data: {source: rows.csv}
input_features:
  - {name: note, type: text, encoder: {type: embed, embedding_size: 4, embeddings_trainable: false,
     pretrained_embeddings: glove.txt.gz}}
output_features:
  - {name: price, type: number}
combiner: {type: concat, num_fc_layers: 1, output_size: 8}
trainer: {epochs: 2, batch_size: 32, learning_rate: 0.01, threads: 1}
"""

VECTORS = {"good": [1.0, 2.0, 3.0, 4.0], "shiny": [0.5, -1.0, 0.0, 0.25], "unheard": [9.0, 9.0, 9.0, 9.0]}


def write_vectors(folder: Path, *, extra: str = "") -> None:
    lines = "".join(f"{word} {' '.join(map(str, numbers))}\n" for word, numbers in VECTORS.items())
    with gzip.open(folder / "glove.txt.gz", "wt") as file:
        file.write(f"3 4\n{lines}{extra}")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    made = make_project(tmp_path_factory.mktemp("vectors"), CONFIG, data=rows(200))
    write_vectors(made.config.parent)
    return made


@pytest.fixture(scope="module")
def run(project: Project) -> Run:
    return declml.train(project.config, runs=project.runs)


def test_words_of_the_file_have_its_vectors_and_others_do_not(run: Run) -> None:
    (table,) = (
        each for name, each in read_tensors(run.model / "weights.safetensors").tensors.items() if "table" in name
    )
    found = table.numpy()
    for word in ("good", "shiny"):
        assert np.isclose(found, VECTORS[word]).all(axis=1).sum() == 1
    assert not np.isclose(found, VECTORS["unheard"]).all(axis=1).any()


def test_a_prediction_needs_no_file(run: Run, project: Project) -> None:
    path = project.config.parent / "glove.txt.gz"
    kept = path.read_bytes()
    path.unlink()
    try:
        assert declml.predict(run, rows(5, seed=3)).height == 5
    finally:
        path.write_bytes(kept)


def test_other_vectors_make_another_run(run: Run, project: Project) -> None:
    again = declml.train(project.config, runs=project.runs)
    assert again.path == run.path
    write_vectors(project.config.parent, extra="old 1 1 1 1\n")
    assert declml.train(project.config, runs=project.runs).path != run.path
    write_vectors(project.config.parent)


@pytest.mark.parametrize(
    ("extra", "size", "message"),
    [
        ("old 1 2 x 4\n", 4, "Line 5 of glove.txt.gz must be a word and 4 finite numbers; got 'old 1 2 x 4'."),
        ("old 1 2 3\n", 4, "embedding_size must be the width of the vectors in glove.txt.gz; got 4, and line 5 has 3."),
        ("", 5, "embedding_size must be the width of the vectors in glove.txt.gz; got 5, and line 1 has 4."),
    ],
)
def test_a_broken_file_is_told_by_its_line(tmp_path: Path, extra: str, size: int, message: str) -> None:
    made = make_project(tmp_path, CONFIG.replace("embedding_size: 4", f"embedding_size: {size}"), data=rows(100))
    write_vectors(made.config.parent, extra=extra)
    with pytest.raises((UserProblem, ConfigProblems)) as caught:
        declml.train(made.config, runs=made.runs)
    assert message in str(caught.value)


def test_an_absent_file_says_where_it_was_looked_for(tmp_path: Path) -> None:
    made = make_project(tmp_path, CONFIG, data=rows(100))
    with pytest.raises((UserProblem, ConfigProblems), match=r"got no file 'glove\.txt\.gz'"):
        declml.train(made.config, runs=made.runs)

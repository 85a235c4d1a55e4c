"""What tests of the notebook's part share: a shell with the extension loaded, in a project of its own."""

from __future__ import annotations

import atexit
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from IPython.core.interactiveshell import InteractiveShell

import declml
from declml.kernels.start import environment_of
from declml.kernels.warm import WARM_PARENT, WarmParent
from declml_jupyter.extension import load

CONFIG = """\
input_features:
  - {name: size, type: number}
  - {name: colour, type: category}
output_features:
  - {name: sold, type: binary}
trainer: {epochs: 3, batch_size: 32, learning_rate: 0.01, threads: 1}
"""
LONG = CONFIG.replace("epochs: 3", "epochs: 100000, early_stop: -1")


def rows(count: int) -> pl.DataFrame:
    """Return rows in which the target depends on the inputs."""
    random = np.random.default_rng(0)
    size, colour = random.normal(10, 3, count), random.choice(["red", "green", "blue"], count)
    sold = size + 4 * (colour == "red") + random.normal(size=count) > 11
    return pl.DataFrame({"size": size.round(3), "colour": colour, "sold": sold.astype(int)})


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".declml").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / ".ipython"))
    return tmp_path


@pytest.fixture
def shell(project: Path) -> Iterator[InteractiveShell]:
    shell = InteractiveShell()
    shell.history_manager.enabled = False
    load(shell)
    shell.user_ns["df"] = rows(200)
    yield shell
    declml.__dict__.pop("train", None)
    atexit.unregister(shell.atexit_operations)  # done now, with the project still there
    shell.atexit_operations()


@pytest.fixture(scope="package")
def warm() -> Iterator[None]:
    """Fork training processes from one that has imported everything."""
    parent = WarmParent("declml.run.execute", environment=environment_of({}))
    os.environ[WARM_PARENT] = parent.address
    yield
    del os.environ[WARM_PARENT]
    parent.close()


@pytest.fixture
def table() -> pl.DataFrame:
    return rows(200)

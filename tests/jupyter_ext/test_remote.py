"""A cell that trains on a kernel of a real Jupyter server, with its token, as it would here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from IPython.core.interactiveshell import InteractiveShell

from declml_jupyter.notebook_run import NotebookRun
from e2e.kernels.jupyter import TOKEN, JupyterServer, jupyter_server

from .conftest import CONFIG, LONG
from .kernel import ended, kernel
from .test_magics import run
from .test_training import wait_for_a_curve

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning"),
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterServer]:
    with jupyter_server(tmp_path_factory.mktemp("jupyter")) as running:
        yield running


@pytest.fixture(autouse=True)
def _token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    monkeypatch.setenv("DECLML_KERNEL_TOKEN", TOKEN)
    monkeypatch.delenv("JUPYTER_TOKEN", raising=False)


def test_a_cell_trains_on_a_server_and_the_run_is_here(
    shell: InteractiveShell, table: pl.DataFrame, server: JupyterServer, capsys: pytest.CaptureFixture[str]
) -> None:
    found = run(shell, f"%%declml train --kernel {server.address} --data df --as there\n{CONFIG}")
    assert isinstance(found, NotebookRun)
    told = capsys.readouterr()
    assert "epoch 3/3" in told.out
    assert TOKEN not in told.out + told.err
    assert found.status == "finished"
    assert found.run.record["remote"]
    assert found.predict(table).height == table.height, "the model was brought here"
    for each in found.path.rglob("*"):
        assert not each.is_file() or TOKEN.encode() not in each.read_bytes(), each


def test_a_wrong_token_is_a_sentence(project: Path, server: JupyterServer) -> None:
    with kernel(project, DECLML_KERNEL_TOKEN="another-token-0123456789") as it:
        told = it.run(f"%%declml train --kernel {server.address} --data df\n{CONFIG}", may_fail=True)
    (error,) = [each["content"] for each in told if each["msg_type"] == "error"]
    assert error["ename"] == "CellProblem"
    assert "token" in "\n".join(error["traceback"])
    assert ".py" not in "\n".join(error["traceback"])
    assert "another-token" not in str(told)


def test_a_run_on_a_server_is_stopped_from_the_notebook(shell: InteractiveShell, server: JupyterServer) -> None:
    found = run(shell, f"%%declml train --kernel {server.address} --data df --as long --background\n{LONG}")
    assert isinstance(found, NotebookRun)
    wait_for_a_curve(found)
    run(shell, "%declml stop long")
    found.wait(60)
    assert found.status == "interrupted"


def test_a_kernel_with_a_widget_trains_on_a_server(project: Path, server: JupyterServer) -> None:
    with kernel(project, JPY_SESSION_NAME="a.ipynb") as it:
        told = it.run(f"%%declml train --kernel {server.address} --data df\n{CONFIG}")
        assert set(ended(told)) == {"image/png", "text/plain"}
        assert TOKEN not in str(told)

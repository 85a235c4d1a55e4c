"""Magics that train: real runs of a small table, in the foreground, in the background, stopped and gone on with."""

from __future__ import annotations

import time
from pathlib import Path

import polars as pl
import pytest
from IPython.core.interactiveshell import InteractiveShell

import declml
from declml_jupyter.notebook_run import NotebookRun
from declml_jupyter.telling import CellProblem

from .conftest import CONFIG, LONG
from .test_magics import run

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("warm")]


def test_a_training_prints_its_way_and_leaves_a_run(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    found = run(shell, f"%%declml train --data df --as first\n{CONFIG}")
    assert isinstance(found, NotebookRun)
    assert shell.user_ns["first"] is found
    assert shell.user_ns["_"] is found
    told = capsys.readouterr().out
    assert "epoch 3/3" in told
    assert "output  metric" in told, "the end is a table"
    assert found.status == "finished"
    assert found.metrics["test"]["sold"]["accuracy"] >= 0
    assert found.config.startswith("# %%declml\n")
    assert found.history.filter(pl.col("metric") == "accuracy").height == 3
    assert found.plot().data.startswith(b"\x89PNG")
    assert found.run.record["trigger"] == "notebook"


def test_predictions_are_the_kind_of_table_that_was_given(shell: InteractiveShell, table: pl.DataFrame) -> None:
    found = run(shell, f"%%declml train --data df --as first\n{CONFIG}")
    assert isinstance(found, NotebookRun)
    assert isinstance(found.predict(table), pl.DataFrame)
    assert type(found.predict(table.to_arrow())).__module__.startswith("pyarrow")
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(table.to_dict(as_series=False), index=range(1000, 1000 + table.height))
    answer = found.predict(frame)
    assert list(answer.index) == list(frame.index)
    run(shell, "%declml predict first --data df --as out")
    assert shell.user_ns["out"].equals(found.predict(table))
    shown, _ = shell.display_formatter.format(run(shell, "%declml evaluate first --data df"))
    assert "confusion" in shown["text/html"]


def test_two_runs_are_listed_and_compared(shell: InteractiveShell) -> None:
    run(shell, f"%%declml train --data df --as first\n{CONFIG}")
    run(shell, f"%%declml train --data df --as second --set trainer.epochs=2\n{CONFIG}")
    shown, _ = shell.display_formatter.format(run(shell, "%declml diff first second"))
    assert "trainer.epochs" in shown["text/html"]
    assert "trainer.epochs" in shown["text/plain"]
    listed, _ = shell.display_formatter.format(run(shell, "%declml runs"))
    assert shell.user_ns["second"].id in listed["text/plain"]
    assert any(each in listed["text/plain"] for each in "▁▂▃▄▅▆▇█")
    assert run(shell, "%declml show first").id == shell.user_ns["first"].id


def test_what_did_not_change_is_not_trained_again(shell: InteractiveShell) -> None:
    first = run(shell, f"%%declml train --data df\n{CONFIG}")
    again = run(shell, f"%%declml train --data df\n{CONFIG}")
    assert isinstance(again, NotebookRun)
    assert isinstance(first, NotebookRun)
    assert again.reused
    assert again.id == first.id
    assert "Nothing changed" in repr(again)


def test_a_run_in_the_background_is_waited_for_and_stopped(shell: InteractiveShell) -> None:
    found = run(shell, f"%%declml train --data df --as long --background\n{LONG}")
    assert isinstance(found, NotebookRun)
    wait_for_a_curve(found)
    run(shell, "%declml stop long")
    found.wait(30)
    assert found.status == "interrupted"
    assert found.history.height > 0


def test_a_run_that_somebody_else_trains_is_followed(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    found = run(shell, f"%%declml train --data df --as long --background\n{LONG}")
    assert isinstance(found, NotebookRun)
    wait_for_a_curve(found)
    attached = run(shell, "%declml attach latest --background --as seen")
    assert isinstance(attached, NotebookRun)
    assert attached.id == found.id
    attached.stop()
    found.wait(30)
    assert run(shell, "%declml attach latest").status == "interrupted"


def test_a_problem_of_the_data_is_told_in_the_cell(shell: InteractiveShell) -> None:
    with pytest.raises(CellProblem, match="<cell>:3:"):
        run(shell, f"%%declml train --data df\n{CONFIG.replace('name: size', 'name: sise')}")


def test_the_python_function_is_the_one_with_a_view(
    shell: InteractiveShell, table: pl.DataFrame, capsys: pytest.CaptureFixture[str]
) -> None:
    config = {
        "input_features": [{"name": "size", "type": "number"}],
        "output_features": [{"name": "sold", "type": "binary"}],
        "trainer": {"epochs": 2, "threads": 1},
    }
    found = declml.train(config=config, data=table)
    assert isinstance(found, NotebookRun)
    assert "epoch 2/2" in capsys.readouterr().out
    with pytest.raises(CellProblem, match="trainr"):
        declml.train(config={**config, "trainr": {}}, data=table)


def test_a_run_goes_on_where_it_stopped(shell: InteractiveShell, project: Path) -> None:
    limited = LONG.replace("epochs: 100000", "epochs: 100001")
    found = run(shell, f"%%declml train --data df --as long --background\n{limited}")
    assert isinstance(found, NotebookRun)
    wait_for_a_curve(found)
    found.stop()
    found.wait(30)
    seen = found.history["step"].max()
    again = run(shell, f"%%declml train --data df --background --resume {found.id}\n{limited}")
    assert isinstance(again, NotebookRun)
    end = time.monotonic() + 30
    while time.monotonic() < end and (again.status != "running" or again.history["step"].max() <= seen):
        time.sleep(0.05)
    again.stop()
    again.wait(30)
    assert again.id == found.id
    assert again.history["step"].max() > seen


def wait_for_a_curve(found: NotebookRun) -> None:
    """Wait until a run has said something of its training."""
    end = time.monotonic() + 30
    while found.status != "running" or not found.history.height:
        assert time.monotonic() < end, found.status
        time.sleep(0.05)

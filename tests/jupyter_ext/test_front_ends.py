"""What each kind of front end gets, from real kernels: JupyterLab, VS Code, one like Colab, a terminal's IPython."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import CONFIG, rows
from .kernel import WIDGET, ended, kernel, kinds, printed, shown

COLAB = """
import sys, types
google = types.ModuleType("google"); colab = types.ModuleType("google.colab")
google.colab = colab
sys.modules.update({"google": google, "google.colab": colab})
"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.usefixtures("warm"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning"),
]


def test_jupyterlab_gets_the_widget_and_then_a_picture_in_its_place(project: Path) -> None:
    with kernel(project, JPY_SESSION_NAME="a.ipynb") as it:
        told = it.run(f"%%declml train --data df --as first\n{CONFIG}")
        it.run(f"%%declml train --data df --as second --set trainer.epochs=2\n{CONFIG}")
        (opened,) = shown(told, "display_data")
        assert WIDGET in opened
        assert set(ended(told)) == {"image/png", "text/plain"}
        (table,) = shown(told, "execute_result")
        assert "accuracy" in table["text/html"]
        assert printed(told) == ""
        batches = [
            message
            for each in told
            if each["msg_type"] == "comm_msg" and each["content"]["data"].get("method") == "custom"
            for message in each["content"]["data"]["content"]["messages"]
        ]
        assert {"init", "snapshot", "ended"} <= {each["type"] for each in batches}
        for line in ("%declml runs", "%declml diff first second"):
            (alive,) = shown(it.run(line), "execute_result")
            assert set(alive) == {"text/html", "text/plain"}, "what the file keeps is a table and its text"
            assert "data-declml-live=" in alive["text/html"]
            assert "<td" in alive["text/html"]


def test_vs_code_gets_the_widget_and_tables_of_its_own_kind(project: Path) -> None:
    with kernel(project) as it:
        it.run("__vsc_ipynb_file__ = 'a.ipynb'")
        told = it.run(f"%%declml train --data df\n{CONFIG}")
        assert [WIDGET in each for each in shown(told, "display_data")] == [True]
        assert set(ended(told)) == {"image/png", "text/plain"}
        (listed,) = shown(it.run("%declml runs"), "execute_result")
        assert "data-declml-live" not in listed["text/html"]
        assert "<td" in listed["text/html"]


@pytest.mark.parametrize("front_end", ["like Colab", "like nbclient"])
def test_a_front_end_without_widgets_gets_lines_and_a_picture(project: Path, front_end: str) -> None:
    environment = {"JPY_SESSION_NAME": "a.ipynb"} if front_end == "like Colab" else {}
    with kernel(project, **environment) as it:
        if front_end == "like Colab":
            it.run(COLAB)
        told = it.run(f"%%declml train --data df\n{CONFIG}")
        assert set(kinds(told)) == {"status", "execute_input", "stream", "display_data", "execute_result"}, "no comms"
        assert "epoch 3/3" in printed(told)
        (picture,) = shown(told, "display_data")
        assert set(picture) == {"image/png", "text/plain"}
        (table,) = shown(told, "execute_result")
        assert "accuracy" in table["text/html"]
        assert "accuracy" in table["text/plain"]
        (listed,) = shown(it.run("%declml runs"), "execute_result")
        assert "data-declml-live" not in listed["text/html"]
        assert "ipywidgets" not in printed(it.run("import sys\nprint([*sys.modules])")), "a widget is not even loaded"


def test_ipython_in_a_terminal_prints_lines_and_a_table(project: Path) -> None:
    rows(200).write_csv(project / "rows.csv")
    cells = ["%load_ext declml\n", f"%%declml train --data rows.csv --as run\n{CONFIG}", "%declml runs\n"]
    script = project / "cells.py"
    lines = [f"get_ipython().run_cell({cell!r}).raise_error()\n" for cell in cells]
    script.write_text("".join([*lines, "assert run.status == 'finished'\n"]))
    command = [sys.executable, "-m", "IPython", "--simple-prompt", "--colors=NoColor", "--no-banner", str(script)]
    answer = subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=180, check=False)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "epoch 3/3" in answer.stdout
    assert "accuracy" in answer.stdout
    assert "notebook" in answer.stdout, "the list of runs names the experiment"
    assert "Traceback" not in answer.stdout + answer.stderr
    assert "<td" not in answer.stdout


def test_a_notebook_file_holds_no_script(project: Path) -> None:
    with kernel(project, JPY_SESSION_NAME="a.ipynb") as it:
        told = [*it.run(f"%%declml train --data df\n{CONFIG}"), *it.run("%declml runs")]
    kept = [ended(told), *shown(told, "execute_result")]
    assert "mountRun" not in json.dumps(kept)
    assert len(json.dumps(kept)) < 200_000

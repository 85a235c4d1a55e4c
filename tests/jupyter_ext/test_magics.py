"""Magics that train nothing: mistakes told with their place, plans, profiles, and what is never a traceback."""

from __future__ import annotations

import sys

import polars as pl
import pytest
from IPython.core.interactiveshell import InteractiveShell

import declml
from declml_jupyter.extension import load
from declml_jupyter.telling import CellProblem

from .conftest import CONFIG

WRONG = CONFIG.replace("colour, type", "colour, tpye")


def run(shell: InteractiveShell, cell: str) -> object:
    """Run a cell and return its value; what it raises is raised."""
    answer = shell.run_cell(cell)
    answer.raise_error()
    return answer.result


def test_a_check_tells_the_line_of_the_cell_with_a_marker(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    run(shell, f"%%declml check\n{WRONG}")
    told = capsys.readouterr().out
    line = WRONG.splitlines().index("  - {name: colour, tpye: category}") + 2
    assert f"<cell>:{line}:" in told
    assert "Did you mean 'type'?" in told
    assert "^^^^" in told


def test_a_training_with_a_mistake_fails_without_a_traceback(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(CellProblem, match="Did you mean 'type'"):
        run(shell, f"%%declml train --data df\n{WRONG}")
    told = capsys.readouterr().out
    assert "^^^^" in told
    assert "Traceback" not in told
    assert ".py" not in told


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ("%declml show nothing", "There are no runs"),
        ("%declml predict latest", "--data"),
        ("%%declml train --data nothing\n" + CONFIG, "neither"),
        ("%%declml plan\n" + CONFIG, "data.source"),
        ("%%declml profile\n" + CONFIG, "data.source"),
        ("%declml runs --limit x", "whole number"),
        ("%%declml train --data df --set trainer.epocs=3\n" + CONFIG, "epocs"),
    ],
)
def test_what_a_user_did_wrong_is_a_sentence(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str], cell: str, told: str
) -> None:
    with pytest.raises(CellProblem, match=told):
        run(shell, cell)
    assert "Traceback" not in capsys.readouterr().out


def test_a_config_without_mistakes_is_told_so(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    run(shell, f"%%declml check\n{CONFIG}")
    assert "no problems" in capsys.readouterr().out


def test_a_plan_shows_itself_as_text_and_as_a_table(shell: InteractiveShell) -> None:
    plan = run(shell, f"%%declml plan --data df\n{CONFIG}")
    shown, _ = shell.display_formatter.format(plan)
    assert "Stages" in shown["text/plain"]
    assert "<td" in shown["text/html"]
    assert "first run of this experiment" in shown["text/html"]


@pytest.mark.parametrize("kind", ["polars", "pandas", "pyarrow"])
def test_a_table_of_any_kind_is_profiled(shell: InteractiveShell, table: pl.DataFrame, kind: str) -> None:
    if kind == "pandas":
        pandas = pytest.importorskip("pandas")
        shell.user_ns["given"] = pandas.DataFrame(table.to_dict(as_series=False))
    else:
        shell.user_ns["given"] = table if kind == "polars" else table.to_arrow()
    profile = run(shell, f"%%declml profile --data given\n{CONFIG}")
    shown, _ = shell.display_formatter.format(profile)
    assert "colour" in shown["text/plain"]
    assert "200 rows" in shown["text/html"]


def test_the_resolved_config_says_where_values_come_from(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    run(shell, f"%%declml resolved\n{CONFIG}")
    told = capsys.readouterr().out
    line = CONFIG.splitlines().index("trainer: {epochs: 3, batch_size: 32, learning_rate: 0.01, threads: 1}") + 2
    assert any("epochs: 3" in each and f"line {line}" in each for each in told.splitlines())
    assert "built in" in told


def test_an_empty_list_of_runs_says_what_makes_one(shell: InteractiveShell) -> None:
    shown, _ = shell.display_formatter.format(run(shell, "%declml runs"))
    assert "%%declml train makes one" in shown["text/plain"]


def test_loading_twice_changes_nothing(shell: InteractiveShell) -> None:
    load(shell)
    identifiers = [getattr(each, "matcher_identifier", "") for each in shell.Completer.custom_matchers]
    assert identifiers.count("declml") == 1


def test_the_extension_is_found_by_its_entry_point(shell: InteractiveShell) -> None:
    declml.__dict__.pop("train", None)
    shell.extension_manager.load_extension("declml")
    assert "declml_jupyter.extension" in sys.modules
    assert type(declml.__dict__["train"]).__module__ == "declml_jupyter.python_train"

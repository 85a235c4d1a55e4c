"""The command line is quick to start, knows its commands, and never ends in a traceback."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from cli.conftest import BAD, GOOD
from declml.cli.main import cli

HEAVY = ["torch", "numpy", "pandas", "polars", "pydantic", "transformers", "rich", "torchmetrics", "pyarrow"]
COMMANDS = ["init", "check", "plan", "train", "evaluate", "predict", "runs", "profile", "schema"]
Declml = Callable[..., Result]


def loaded_by(*arguments: str, folder: Path) -> set[str]:
    """Run the command in a process of its own and return the modules that it loaded."""
    code = (
        "import sys\nfrom declml.cli.main import cli\n"
        f"try:\n    cli({list(arguments)!r}, prog_name='declml')\n"
        "finally:\n    print('\\n'.join(['modules:', *sys.modules]), file=sys.stderr)\n"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=folder, check=False)
    assert answer.returncode == 0, answer.stderr
    return set(answer.stderr.partition("modules:")[2].split())


def test_help_loads_nothing_but_click_and_our_own(tmp_path: Path) -> None:
    modules = loaded_by("--help", folder=tmp_path)
    assert modules.isdisjoint([*HEAVY, "yaml", "importlib.metadata"])
    assert "declml.cli.train" not in modules


def test_check_loads_no_library_for_data_or_tensors(tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text(GOOD)
    assert loaded_by("check", "good.yaml", folder=tmp_path).isdisjoint(HEAVY)


@pytest.mark.parametrize("arguments", [["runs", "list"], ["runs", "--help"], ["schema", "show", "trainer"], ["init"]])
def test_light_commands_stay_light(tmp_path: Path, arguments: list[str]) -> None:
    assert loaded_by(*arguments, folder=tmp_path).isdisjoint(HEAVY)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_examples(declml: Declml, command: str) -> None:
    answer = declml(command, "--help")
    assert answer.exit_code == 0
    assert "Examples:" in answer.output
    assert f"  declml {command}" in answer.output
    assert command in declml("--help").output


@pytest.mark.parametrize(
    "command",
    [["runs", each] for each in ("list", "show", "diff", "reproduce")]
    + [["schema", each] for each in ("write", "show", "docs")],
)
def test_every_subcommand_has_help_with_an_example(declml: Declml, command: list[str]) -> None:
    answer = declml(*command, "--help")
    assert answer.exit_code == 0
    assert "Example" in answer.output
    assert f"declml {' '.join(command)}" in answer.output


@pytest.mark.parametrize(("wrong", "right"), [("chek", "check"), ("trian", "train"), ("evalute", "evaluate")])
def test_a_wrong_command_suggests_the_nearest(declml: Declml, wrong: str, right: str) -> None:
    answer = declml(wrong)
    assert answer.exit_code == 2
    assert f"There is no command '{wrong}'. Did you mean '{right}'?" in answer.output


def test_a_wrong_subcommand_suggests_the_nearest(declml: Declml) -> None:
    answer = declml("runs", "lst")
    assert answer.exit_code == 2
    assert "Did you mean 'list'?" in answer.output


def test_a_command_like_nothing_points_at_help(declml: Declml) -> None:
    assert "`declml --help` lists them" in declml("xyzzy").output


def test_the_version_is_told(declml: Declml) -> None:
    from declml import __version__

    assert declml("--version").output == f"declml {__version__}\n"


@pytest.fixture
def other_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Install a package that brings two commands, the way pip leaves one behind."""
    site = tmp_path / "site"
    info = site / "other-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "entry_points.txt").write_text(
        "[console_scripts]\nother = other_commands:hello\n\n[declml.commands]\nhello = other_commands:hello\n"
        "# a comment\nbroken = other_commands:broken [extra]\ntrain = other_commands:hello\n"
    )
    (site / "other_commands.py").write_text(
        "import click\n"
        "@click.command()\ndef hello():\n    'Say hello from elsewhere.'\n    click.echo('hello')\n"
        "@click.command()\ndef broken():\n    'Fail.'\n"
        "    raise ZeroDivisionError('nobody expects this\\nsecond line')\n"
    )
    monkeypatch.syspath_prepend(site)
    return site


@pytest.mark.usefixtures("other_package")
def test_other_packages_bring_commands_and_cannot_replace_ours(declml: Declml) -> None:
    assert declml("hello").output == "hello\n"
    helped = declml("--help").output
    assert "Say hello from elsewhere." in helped
    assert helped.count("\n  train") == 1
    assert "Train the model that CONFIG describes" in declml("train", "--help").output
    assert "Did you mean 'hello'?" in declml("helo").output


@pytest.mark.usefixtures("other_package")
def test_an_unexpected_error_is_one_sentence_and_a_file_with_the_trace(declml: Declml, tmp_path: Path) -> None:
    answer = declml("broken")
    assert answer.exit_code == 1
    assert "error: declml itself failed: ZeroDivisionError: nobody expects this." in answer.output
    assert "Traceback" not in answer.output
    (log,) = (tmp_path / "state" / "declml").iterdir()
    assert str(log) in answer.output
    assert "Traceback" in log.read_text()
    assert "second line" in log.read_text()


@pytest.mark.usefixtures("other_package")
def test_debug_shows_the_trace(declml: Declml, tmp_path: Path) -> None:
    answer = declml("--debug", "broken")
    assert isinstance(answer.exception, ZeroDivisionError)
    assert not (tmp_path / "state").exists()


def test_the_installed_name_leads_here() -> None:
    from declml.cli.main import main

    assert callable(main)
    assert cli.name == "cli"


def test_python_runs_the_package(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "declml", "--version"]
    answer = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=True)
    assert answer.stdout.startswith("declml ")


def test_problems_of_a_config_are_told_with_their_place_by_any_command(declml: Declml, tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text(BAD)
    for command in ("plan", "train"):
        answer = declml(command, "bad.yaml")
        assert answer.exit_code == 1, command
        assert "bad.yaml:7:1" in answer.output
        assert "trainer" in answer.output
        assert "Traceback" not in answer.output
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("command", ["plan", "train"])
def test_a_config_that_is_not_there_is_one_sentence(declml: Declml, command: str) -> None:
    answer = declml(command, "nowhere.yaml")
    assert answer.exit_code == 1
    assert "nowhere.yaml" in answer.output
    assert "no such file" in answer.output


@pytest.mark.parametrize(
    "arguments",
    [
        ["evaluate", "latest", "--data", "x.csv"],
        ["predict", "latest", "--data", "x.csv", "--output", "y.csv"],
        ["runs", "show", "latest"],
        ["runs", "diff", "1", "2"],
        ["runs", "reproduce", "1"],
    ],
)
def test_a_run_that_is_not_there_is_one_sentence(declml: Declml, arguments: list[str]) -> None:
    answer = declml(*arguments)
    assert answer.exit_code == 1
    assert "There are no runs in" in answer.output
    assert "Traceback" not in answer.output


@pytest.mark.parametrize("arguments", [["train"], ["predict", "latest"], ["check"], ["check", "a", "--format", "xml"]])
def test_wrong_usage_is_exit_code_2(declml: Declml, arguments: list[str]) -> None:
    assert declml(*arguments).exit_code == 2

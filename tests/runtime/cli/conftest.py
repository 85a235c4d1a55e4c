"""What the tests of the command line share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from declml.cli.main import cli

GOOD = """\
input_features:
  - name: age
    type: number
output_features:
  - name: income
    type: category
"""
BAD = GOOD + "trainr:\n  epochs: 3\n"


@pytest.fixture
def declml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Run the command line in an empty folder of its own."""
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR", "DECLML_RUNS", "DECLML_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))

    def run(*arguments: object, stdin: bytes | str | None = None) -> Result:
        return CliRunner().invoke(cli, [str(each) for each in arguments], input=stdin, prog_name="declml")

    return run

"""`declml check` tells problems to people and to tools."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from cli.conftest import BAD, GOOD

Declml = Callable[..., Result]


def test_a_good_config_is_said_to_be_good(declml: Declml, tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text(GOOD)
    answer = declml("check", "good.yaml")
    assert (answer.exit_code, answer.output) == (0, "good.yaml: no problems\n")


def test_a_bad_config_has_a_place_and_a_way_out(declml: Declml, tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text(BAD)
    answer = declml("check", "bad.yaml")
    assert answer.exit_code == 1
    assert "bad.yaml:7:1" in answer.output
    assert "'trainer'" in answer.output


def test_a_warning_alone_is_exit_code_0(declml: Declml, tmp_path: Path) -> None:
    (tmp_path / "old.yaml").write_text(GOOD.replace("input_features", "training:\n  epochs: 3\ninput_features"))
    answer = declml("check", "old.yaml")
    assert answer.exit_code == 0
    assert "warning" in answer.output


def test_several_configs_are_all_checked_even_one_that_cannot_be_read(declml: Declml, tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text(GOOD)
    (tmp_path / "bad.yaml").write_text(BAD)
    (tmp_path / "binary.yaml").write_bytes(b"\x00\x01\xff\xfe" * 40)
    answer = declml("check", "absent.yaml", "binary.yaml", "good.yaml", "bad.yaml", "--format", "json")
    assert answer.exit_code == 1
    assert {each["file"] for each in json.loads(answer.output)["problems"]} == {
        "absent.yaml",
        "binary.yaml",
        "bad.yaml",
    }


def test_standard_input_is_checked(declml: Declml) -> None:
    answer = declml("check", "-", stdin=BAD)
    assert answer.exit_code == 1
    assert "<stdin>:7:1" in answer.output
    assert declml("check", "-", stdin=GOOD).exit_code == 0


def test_standard_input_that_is_no_text_is_a_problem(declml: Declml) -> None:
    answer = declml("check", "-", stdin=b"\x00\xff\xfe\x01" * 50)
    assert answer.exit_code == 1
    assert "<stdin>" in answer.output
    assert "Traceback" not in answer.output


def test_an_override_is_checked_too(declml: Declml, tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text(GOOD)
    answer = declml("check", "good.yaml", "--set", "trainer.epochs=-1")
    assert answer.exit_code == 1
    assert "epochs must be >= 1" in answer.output
    answer = declml("check", "good.yaml", "--set", "trainer.epochs")
    assert answer.exit_code == 1
    assert "--set must be PATH=VALUE" in answer.output


@pytest.mark.parametrize("text", [GOOD, BAD])
def test_sarif_is_json_with_a_result_per_problem(declml: Declml, tmp_path: Path, text: str) -> None:
    (tmp_path / "it.yaml").write_text(text)
    report = json.loads(declml("check", "it.yaml", "--format", "sarif").output)
    assert report["version"] == "2.1.0"
    assert bool(report["runs"][0]["results"]) is (text == BAD)


def test_github_gets_annotations(declml: Declml, tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text(BAD)
    assert declml("check", "bad.yaml", "--format", "github").output.startswith("::error file=bad.yaml,line=7,")


def test_colours_are_for_terminals_and_for_those_who_ask(
    declml: Declml, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bad.yaml").write_text(BAD)
    assert "\x1b[" not in declml("check", "bad.yaml").output
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[" in declml("check", "bad.yaml").output
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in declml("check", "bad.yaml").output

"""Runs are listed, shown and compared from their folders alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from runs.builder import BERT, NEWS, text_plan, write_record, write_run

Declml = Callable[..., Result]

STAGE = {
    "kind": "stage_finished",
    "stage": "split",
    "cached": True,
    "reason": "same table and probabilities",
    "seconds": 0.1,
    "facts": {},
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "runs"
    write_run(root, "0001-aaaa", events=[STAGE])
    write_run(
        root,
        "0002-bbbb",
        plan=text_plan("bert", BERT),
        config=NEWS.replace("type: lstm", "type: bert"),
        metrics={
            "test": {"class": {"accuracy": 0.91, "loss": 0.7}},
            "validation": {"class": {"accuracy": 0.92, "loss": 0.3}},
        },
    )
    return root


def test_a_listing_shows_status_metric_and_duration(declml: Declml, root: Path) -> None:
    answer = declml("runs", "list")
    assert answer.exit_code == 0
    first, second = answer.output.splitlines()[1:]
    assert first.startswith("0002-bbbb  finished  news")
    assert "class.accuracy" in first
    assert "0.9200" in first
    assert second.startswith("0001-aaaa")
    assert "12 s" in second


def test_a_listing_is_filtered_and_cut(declml: Declml, root: Path) -> None:
    write_run(root, "0003-cccc", experiment="census", status="failed")
    assert [each["id"] for each in json.loads(declml("runs", "list", "--experiment", "census", "--json").output)] == [
        "0003-cccc"
    ]
    assert len(declml("runs", "list", "--limit", "1").output.splitlines()) == 2
    assert "There are no runs that fit" in declml("runs", "list", "--status", "interrupted").output


def test_a_tainted_and_an_unreadable_run_are_marked(declml: Declml, root: Path) -> None:
    (root / "news/0001-aaaa/model/weights.safetensors").write_text("touched")
    write_record(root / "news/0002-bbbb", {"format": 9})
    output = declml("runs", "list").output
    assert "tainted 0001-aaaa: model/weights.safetensors" in output
    assert "unreadable" in output
    assert "newer declml" in output


def test_another_root_is_named_by_option_or_environment(
    declml: Declml, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_run(tmp_path / "elsewhere", "0007-ffff")
    assert "0007-ffff" in declml("runs", "list", "--runs", tmp_path / "elsewhere").output
    monkeypatch.setenv("DECLML_RUNS", str(tmp_path / "elsewhere"))
    assert "0007-ffff" in declml("runs", "show", "latest").output


def test_json_has_no_number_that_json_lacks(declml: Declml, root: Path) -> None:
    write_run(root, "0003-cccc", metrics={"validation": {"class": {"accuracy": "nan"}}})
    rows = json.loads(declml("runs", "list", "--json").output, parse_constant=lambda name: pytest.fail(name))
    assert rows[0]["value"] == "nan"


def test_show_tells_metrics_stages_and_where(declml: Declml, root: Path) -> None:
    output = declml("runs", "show", "1").output
    assert "0001-aaaa  finished  news" in output
    assert "accuracy *" in output
    assert "0.8100" in output
    assert "same table and probabilities" in output
    assert "torch 2.13.0" in output
    assert str(root / "news" / "0001-aaaa") in output


def test_show_tells_what_made_a_run_fail_and_what_was_touched(declml: Declml, root: Path) -> None:
    problem = {"code": "one-class", "message": "Column 'class' must have two classes; got one.", "hint": "Look at it."}
    run = write_run(root, "0003-cccc", status="failed", problem=problem, metrics={}, decides=None)
    (run.path / "config.yaml").write_text("touched: true")
    output = declml("runs", "show", "3").output
    assert "problem: Column 'class' must have two classes; got one." in output
    assert "Look at it." in output
    assert "tainted" in output
    assert "config.yaml" in output


def test_show_as_json_is_the_record_with_status_and_taint(declml: Declml, root: Path) -> None:
    told = json.loads(declml("runs", "show", "latest", "--json").output)
    assert (told["run"], told["status"], told["taint"]) == ("0002-bbbb", "finished", [])


def test_a_diff_shows_the_swap_beside_what_came_of_it(declml: Declml, root: Path) -> None:
    output = declml("runs", "diff", "1", "2").output
    assert "-      type: lstm" in output
    assert "+      type: bert" in output
    assert "input_features[title].encoder.type  lstm  ->  bert" in output
    assert "state_size" not in output
    assert "defaults that come with these (--all shows them)" in output
    accuracy = next(line for line in output.splitlines() if line.startswith("test") and "accuracy" in line)
    assert accuracy.endswith("+0.1100 ▲ better")
    loss = next(line for line in output.splitlines() if "loss" in line and "0.6200" in line)
    assert loss.endswith("+0.0800 ▲ worse")
    assert "encoder.state_size" in declml("runs", "diff", "1", "2", "--all").output


def test_a_diff_of_equal_runs_says_so(declml: Declml, root: Path) -> None:
    assert "The config is the same." in declml("runs", "diff", "1", "1").output


def test_a_diff_as_json_has_all_parts(declml: Declml, root: Path) -> None:
    told = json.loads(declml("runs", "diff", "1", "2", "--json").output)
    assert set(told) == {"a", "b", "text", "config", "data", "code", "environment", "metrics"}


def test_an_ambiguous_name_lists_the_candidates(declml: Declml, root: Path) -> None:
    answer = declml("runs", "show", "000")
    assert answer.exit_code == 1
    assert "it fits 0001-aaaa (news), 0002-bbbb (news)" in answer.output


def test_a_damaged_run_is_one_sentence(declml: Declml, root: Path) -> None:
    (root / "news/0002-bbbb/plan.json").write_text("{")
    answer = declml("runs", "diff", "1", "2")
    assert answer.exit_code == 1
    assert "plan.json must be a JSON object" in answer.output
    assert "Traceback" not in answer.output

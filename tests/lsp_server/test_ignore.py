"""One comment, one meaning: the terminal, a plan, a training and the editor hide the same and tell the same."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types

from declml.run.config import heeding
from declml_lsp.methods import diagnostics
from declml_schema.problems import Problem, Severity

from .editing import opened

HEAD = "input_features:\n  - {name: age, type: number}\noutput_features:\n  - {name: income, type: category}\n"
TEXTS = {
    "hidden": HEAD + "training: {epochs: 3}  # declml: ignore[legacy-spelling]\n",
    "hidden from above": HEAD + "# declml: ignore[legacy-spelling, ambiguous-scalar]\ntraining: {seed: 017}\n",
    "an error": HEAD + "trainr: {epochs: 3}  # declml: ignore[unknown-key]\n",
    "a misspelt code": HEAD + "training: {epochs: 3}  # declml: ignore[legacy-speling]\n",
    "nothing to hide": HEAD + "trainer: {epochs: 3}  # declml: ignore[legacy-spelling]\n",
    "no code": HEAD + "training: {epochs: 3}  # declml: ignore\n",
    "a code of the data": HEAD.replace("number}", "number}  # declml: ignore[constant-column]"),
}


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Any]]:
    """What `declml check` says of each text."""
    folder = tmp_path_factory.mktemp("configs")
    names = {f"{index}.yaml": name for index, name in enumerate(TEXTS)}
    for file, name in names.items():
        (folder / file).write_text(TEXTS[name])
    command = [sys.executable, "-m", "declml.cli.main", "check", "--format", "json", *names]
    answer = subprocess.run(command, cwd=folder, capture_output=True, check=False)
    said: dict[str, list[Any]] = {name: [] for name in TEXTS}
    for problem in json.loads(answer.stdout)["problems"]:
        said[names[problem["file"]]].append(problem)
    return said


@pytest.mark.parametrize("name", TEXTS)
def test_the_editor_says_what_the_terminal_says(terminal: dict[str, list[Any]], name: str) -> None:
    session, snapshot = opened(TEXTS[name])
    editor = [
        (each.code, each.message, each.range.start.line + 1, each.range.start.character + 1)
        for each in diagnostics.diagnose(session, snapshot)
    ]
    assert editor == [(each["code"], each["message"], each["line"], each["column"]) for each in terminal[name]]


def test_what_hides_nothing_is_shown_as_unnecessary(tmp_path: Path) -> None:
    session, snapshot = opened(TEXTS["nothing to hide"])
    can = types.PublishDiagnosticsClientCapabilities(
        tag_support=types.ClientDiagnosticsTagOptions([types.DiagnosticTag.Unnecessary])
    )
    session.capabilities = types.ClientCapabilities(
        text_document=types.TextDocumentClientCapabilities(publish_diagnostics=can)
    )
    (found,) = diagnostics.diagnose(session, snapshot)
    assert (found.severity, found.tags) == (types.DiagnosticSeverity.Information, [types.DiagnosticTag.Unnecessary])


@pytest.mark.parametrize(
    ("code", "severity", "path", "told"),
    [
        ("constant-column", Severity.WARNING, "input_features[age]", False),
        ("constant-column", Severity.ERROR, "input_features[age]", True),
        ("constant-column", Severity.WARNING, "output_features[income]", True),
        ("looks-like-id", Severity.WARNING, "input_features[age]", True),
    ],
)
def test_a_training_does_not_tell_what_a_comment_hides(code: str, severity: Severity, path: str, told: bool) -> None:
    heard: list[str] = []

    def emit(kind: str, **fields: Any) -> None:
        heard.append(kind)

    listening = heeding(TEXTS["a code of the data"], emit)
    listening("stage_started", stage="fit")
    listening("problem", problem=Problem(code, "...", severity=severity, path=path).as_json())
    assert heard == (["stage_started", "problem"] if told else ["stage_started"])
    assert heeding(HEAD, emit) is emit

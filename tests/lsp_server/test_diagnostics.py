"""Problems as diagnostics: everything that the client can show, and nothing that it cannot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types

from declml_lsp.methods import diagnostics
from declml_lsp.session import Session
from declml_lsp.settings import LEVELS, Settings
from declml_lsp.snapshot import LARGEST_CHECKED, Snapshot
from declml_lsp.text import Text
from declml_schema.check import check

from .editing import document_of, opened

HEAD = "input_features:\n  - {name: age, type: number}\noutput_features:\n  - {name: income, type: category}\n"
CONFORMANCE = sorted((Path(__file__).parents[1] / "conformance").glob("*.yaml"))
ALL = types.PublishDiagnosticsClientCapabilities(
    related_information=True,
    data_support=True,
    tag_support=types.ClientDiagnosticsTagOptions([types.DiagnosticTag.Deprecated, types.DiagnosticTag.Unnecessary]),
)


def able(can: types.PublishDiagnosticsClientCapabilities | None = ALL) -> types.ClientCapabilities:
    return types.ClientCapabilities(text_document=types.TextDocumentClientCapabilities(publish_diagnostics=can))


def said(text: str, settings: Settings | None = None, **more: Any) -> list[types.Diagnostic]:
    session, snapshot = opened(text, capabilities=able(**more))
    session.settings_by_folder[""] = settings or Settings()
    return diagnostics.diagnose(session, snapshot)


@pytest.mark.parametrize("file", CONFORMANCE, ids=lambda file: file.stem)
def test_the_editor_says_what_the_checker_says(file: Path) -> None:
    text = file.read_text()
    found = said(text)
    expected = check(text).problems
    assert [each.code for each in found] == [each.code for each in expected]
    assert [each.message.split("\n")[0] for each in found] == [each.message for each in expected]


def test_a_hint_stands_below_its_sentence_as_in_a_terminal() -> None:
    (found,) = said(HEAD + "preprocessing: {split: {type: rndom}}\n")
    sentence, hint = found.message.split("\n")
    (problem,) = check(HEAD + "preprocessing: {split: {type: rndom}}\n").problems
    assert (sentence, hint) == (problem.message, problem.hint)


@pytest.mark.parametrize("level", LEVELS)
def test_a_rule_may_be_as_loud_as_the_user_wants(level: str) -> None:
    found = said(HEAD + "training: {epochs: 3}\n", Settings(severity={"legacy-spelling": level}))
    expected = {"error": 1, "warning": 2, "information": 3, "hint": 4}
    assert [each.severity for each in found] == ([expected[level]] if level != "off" else [])


def test_tags_follow_from_the_code_and_from_the_problem() -> None:
    text = HEAD + "training: {epochs: 3, steps: 7}  # declml: ignore[text-number]\n"
    by_code = {each.code: list(each.tags or ()) for each in said(text)}
    assert by_code["legacy-spelling"] == [types.DiagnosticTag.Deprecated]
    assert by_code["unused-ignore"] == [types.DiagnosticTag.Unnecessary]
    useless = "type: category, preprocessing: {fill_value: x, missing_value_strategy: drop_row}"
    idle = HEAD.replace("type: category", useless)
    assert {each.code: list(each.tags or ()) for each in said(idle)} == {
        "ignored-parameter": [types.DiagnosticTag.Unnecessary]
    }


def test_a_client_is_sent_only_what_it_can_show() -> None:
    text = HEAD.replace("income", "age") + "training: {epochs: 3}\n"
    full, bare = said(text), said(text, can=types.PublishDiagnosticsClientCapabilities())
    assert [each.message for each in full] == [each.message for each in bare]
    assert full[0].related_information
    assert full[0].data == {"code": "feature-in-and-out", "path": "output_features[0].name"}
    for each in (*bare, *said(text, can=None)):
        assert (each.tags, each.related_information, each.data, each.code_description) == (None, None, None, None)


def test_a_value_that_came_through_an_alias_points_at_its_anchor() -> None:
    text = HEAD + "trainer:\n  learning_rate: &rate 0.5\n  batch_size: *rate\n"
    (found,) = said(text)
    assert (found.code, found.range) == ("wrong-type", types.Range(types.Position(6, 14), types.Position(6, 19)))
    (related,) = found.related_information or ()
    assert related.location.range == types.Range(types.Position(5, 17), types.Position(5, 22))
    assert related.message == "'*rate' takes it from here."


def test_places_are_in_the_clients_units() -> None:
    text = "input_features: []\n'🙂': 1\n"
    session = opened(text)[0]
    snapshot = Snapshot("file:///a.declml.yaml", 1, Text(text, "utf-8"), text)
    found = [each for each in diagnostics.diagnose(session, snapshot) if each.code == "unknown-key"]
    assert found[0].range == types.Range(types.Position(1, 0), types.Position(1, 6))


def test_a_pull_is_answered_with_unchanged_until_something_changes() -> None:
    session, snapshot = opened(HEAD + "training: {epochs: 3}\n", capabilities=able())

    def pull(snapshot: Snapshot, previous: str | None) -> Any:
        params = types.DocumentDiagnosticParams(document_of(snapshot), previous_result_id=previous)
        return diagnostics.pull(session, snapshot, params)

    first = pull(snapshot, None)
    assert [each.code for each in first.items] == ["legacy-spelling"]
    assert pull(snapshot, first.result_id).kind == "unchanged"
    assert pull(snapshot, "something else").kind == "full"
    same = Snapshot(snapshot.uri, 2, Text(snapshot.config + "\n"), snapshot.config + "\n", snapshot.path)
    assert pull(same, first.result_id).kind == "unchanged", "a comment or a blank line changes no problem"
    session.settings_by_folder[""] = Settings(severity={"legacy-spelling": "error"})
    assert pull(snapshot, first.result_id).kind == "full"


def test_a_text_that_no_person_edits_is_not_read() -> None:
    text = HEAD + "#" * LARGEST_CHECKED
    session, snapshot = opened(text)
    assert snapshot.root is None
    assert isinstance(diagnostics.diagnose(session, snapshot), list)


def test_a_failed_training_is_a_problem_where_it_failed() -> None:
    session, snapshot = opened(HEAD)
    training = _failed(session, snapshot)
    found = diagnostics.diagnose(session, snapshot)
    assert [(each.code, each.range.start.line, each.severity) for each in found] == [("one-class", 3, 1)]
    assert training.problems
    text = HEAD.replace("category", "binary")
    assert diagnostics.diagnose(session, Snapshot(snapshot.uri, 2, Text(text), text, snapshot.path)) == []


def _failed(session: Session, snapshot: Snapshot) -> Any:
    from declml_lsp.trainings import Training

    told = {"code": "one-class", "message": "...", "severity": "error", "path": "output_features[income]"}
    training = Training(snapshot.uri, list(snapshot.lines), status="failed", problems=[told])
    session.trainings._newest[snapshot.uri] = training
    return training

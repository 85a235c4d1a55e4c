"""What the editor offers to do: each offer leaves a config that is valid and, where it should, means the same."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from tests.lsp_server.editing import applied, at_cursor, document_of, opened

from declml_lsp.methods import code_action
from declml_lsp.session import Session
from declml_lsp.snapshot import Snapshot
from declml_schema.check import check
from declml_schema.document import parse
from declml_schema.problems import has_errors

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted([*(ROOT / "tests" / "conformance").glob("*.yaml"), *(ROOT / "runtime").rglob("*.declml.yaml")])
LAZY = types.ClientCapabilities(
    text_document=types.TextDocumentClientCapabilities(
        code_action=types.CodeActionClientCapabilities(
            resolve_support=types.ClientCodeActionResolveOptions(properties=["edit"])
        )
    )
)


def offers(text: str, only: list[str] | None = None, **more: Any) -> tuple[Session, Snapshot, list[types.CodeAction]]:
    """Return what is offered at the cursor of a text."""
    plain, position = at_cursor(text)
    session, snapshot = opened(plain, **more)
    place = snapshot.text.place(position)
    context = types.CodeActionContext(diagnostics=[], only=only)  # type: ignore[arg-type]
    params = types.CodeActionParams(document_of(snapshot), types.Range(place, place), context)
    return session, snapshot, code_action.respond(session, snapshot, params)


def done(text: str, title: str, **more: Any) -> str:
    """Return the text after the offer whose title begins so."""
    _, snapshot, found = offers(text, **more)
    chosen = next((each for each in found if each.title.startswith(title)), None)
    assert chosen is not None, [each.title for each in found]
    assert chosen.edit is not None
    return applied(snapshot, [*(chosen.edit.changes or {})[snapshot.uri]])


@pytest.mark.parametrize(
    ("text", "title", "expected"),
    [
        ("trai|nr: {}\n", "Change 'trainr' to 'trainer'", "trainer: {}\n"),
        ("trainer:\n  learning_rate: |1e-3\n", "Write 1e-3 as 0.001", "trainer:\n  learning_rate: 0.001\n"),
        (
            "combiner:\n  type: con|cat\n",
            "Ignore",
            None,
        ),
        ("name: n|o\n", "Quote 'no'", 'name: "no"\n'),
        ("name: n|o # x\n", "Ignore 'ambiguous-scalar'", "name: no # x  # declml: ignore[ambiguous-scalar]\n"),
    ],
)
def test_small_mistakes_are_mended(text: str, title: str, expected: str | None) -> None:
    if expected is None:
        assert not [each for each in offers(text)[2] if each.title.startswith(title)]
    else:
        assert done(text, title) == expected


LSTM = """\
input_features:
  - name: title
    type: text
    encoder:
      type: ls|tm
      num_layers: 2
      unit_forget_bias: false
output_features:
  - {name: topic, type: category}
"""


def test_switching_an_encoder_keeps_what_still_applies_and_names_what_does_not() -> None:
    after = done(LSTM, "Switch encoder to 'gru' (drops unit_forget_bias)")
    assert "      type: gru\n      num_layers: 2\noutput_features" in after
    assert not has_errors(check(after).problems)


@pytest.mark.parametrize(
    ("text", "title", "expected"),
    [
        ("trainer:\n  optimizer: {mo|mentum: 0.9, type: sgd}\n", "Switch optimizer to 'adam'",
         "trainer:\n  optimizer: {type: adam}\n"),
        ("combiner: {|}\n", "Switch", None),
        ("trainer:\n  optimizer:\n    weight_|decay: 0.1\n", "Switch optimizer to 'sgd'",
         "trainer:\n  optimizer:\n    type: sgd\n    weight_decay: 0.1\n"),
        ("trainer:\n  optimizer:\n    ams|grad: true\n", "Switch optimizer to 'sgd'",
         "trainer:\n  optimizer:\n    type: sgd\n"),
        ("preprocessing:\n  split:\n    type: ran|dom\n    probabilities: [0.7, 0.1, 0.2]\n", "Switch split to 'fixed'",
         "preprocessing:\n  split:\n    type: fixed\n"),
    ],
)  # fmt: skip
def test_any_component_can_be_switched(text: str, title: str, expected: str | None) -> None:
    if expected is None:
        assert not [each for each in offers(text)[2] if each.title.startswith(title)]
    else:
        assert done(text, title) == expected


CROOKED = """\
input_features:
  - encoder: {type: dense}
    # what it holds
    type: number
    name: a|ge
  - name: b
    type: number
"""


def test_a_feature_is_sorted_with_its_comments() -> None:
    after = done(CROOKED, "Sort the keys")
    assert after == CROOKED.replace("|", "").replace(
        "  - encoder: {type: dense}\n    # what it holds\n    type: number\n    name: age\n",
        "  - name: age\n    # what it holds\n    type: number\n    encoder: {type: dense}\n",
    )


SHARED = """\
input_features:
  - name: ti|tle
    type: text
    encoder:
      type: lstm
      state_size: 32
  - name: body
    type: text
    encoder: {type: lstm, state_size: 32}
output_features:
  - {name: topic, type: category}
"""


@pytest.mark.parametrize(
    "before", ["", "defaults:\n  number:\n    preprocessing: {normalization: minmax}\n", "defaults: {}\n"]
)
def test_shared_settings_move_to_defaults_and_mean_the_same(before: str) -> None:
    text = before + SHARED
    after = done(text, "Move this encoder of 2 text features to defaults")
    assert after.count("lstm") == 1
    first, second = check(text.replace("|", "")).plan, check(after).plan
    assert first is not None
    assert second is not None
    assert first.as_json() == second.as_json()


def test_the_data_are_pinned_to_their_content(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("a,b\n1,2\n")
    digest = hashlib.sha256(b"a,b\n1,2\n").hexdigest()
    file = tmp_path / "x.declml.yaml"
    after = done("data:\n  sou|rce: rows.csv\n  limit: 3\n", "Pin the data", file=file)
    assert parse(after).root is not None
    assert f"sha256: {digest}" in after.replace('"', "")
    assert "  source: rows.csv\n  limit: 3\n" in after
    assert f"sha256: {digest}" in done(
        "data: {source: ro|ws.csv, sha256: abc}\n", "Pin the data anew", file=file
    ).replace('"', "")


def test_edits_are_made_when_one_is_chosen_and_not_for_another_version() -> None:
    session, snapshot, found = offers("trai|nr: {}\n", capabilities=LAZY)
    assert found[0].edit is None
    resolved = code_action.resolve(session, found[0])
    assert resolved.edit is not None
    assert applied(snapshot, [*(resolved.edit.changes or {})[snapshot.uri]]) == "trainer: {}\n"
    session.snapshots[snapshot.uri] = Snapshot(snapshot.uri, 2, snapshot.text, snapshot.config, snapshot.path)
    assert code_action.resolve(session, offers("trai|nr: {}\n", capabilities=LAZY)[2][0]).edit is None


def test_only_the_kinds_that_were_asked_for_are_offered() -> None:
    _, _, found = offers("trai|nr: {}\nname: no\n", only=["source.fixAll"])
    assert [each.kind for each in found] == [types.CodeActionKind.SourceFixAll]
    assert all(each.kind == types.CodeActionKind.QuickFix for each in offers("trai|nr: {}\n", only=["quickfix"])[2])


def test_fix_all_upgrades_every_older_spelling_at_once() -> None:
    text = next(file for file in EXAMPLES if file.name == "older_spelling.yaml").read_text(encoding="utf-8")
    after = done("|" + text, "Fix all")
    before, result = check(text), check(after)
    assert [problem.code for problem in before.problems]
    assert len(result.problems) < len(before.problems)
    assert before.plan is not None
    assert result.plan is not None
    assert result.plan.as_json() == before.plan.as_json()


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.name)
def test_no_offer_breaks_an_example(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    session, snapshot = opened(text, file=file)
    errors = has_errors(check(text).problems)
    for number in range(len(snapshot.lines)):
        place = types.Position(number, 0)
        context = types.CodeActionContext(diagnostics=[])
        params = types.CodeActionParams(document_of(snapshot), types.Range(place, place), context)
        for each in code_action.respond(session, snapshot, params):
            assert each.edit is not None
            after = applied(snapshot, [*(each.edit.changes or {})[snapshot.uri]])
            document = parse(after)
            assert not has_errors(document.problems), (each.title, after)
            if not errors and not each.title.startswith(("Switch", "Ignore")):
                assert not has_errors(check(after).problems), (each.title, after)

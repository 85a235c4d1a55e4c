"""All problems of a project, of open configs and of files: told once, in parts where wanted, within bounds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from tests.lsp_server.editing import QuietClient

from declml_lsp import config_files
from declml_lsp.config_files import FRESH_SECONDS, ConfigFiles
from declml_lsp.methods import diagnostics, workspace_diagnostic
from declml_lsp.session import Session
from declml_lsp.settings import Settings
from declml_lsp.snapshot import Snapshot
from declml_lsp.text import Text

HEAD = "input_features:\n  - {name: age, type: number}\noutput_features:\n  - {name: income, type: category}\n"
WRONG = HEAD + "trainr: {epochs: 3}\n"


class Clock:
    """Time that stands still until it is told to go on."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def project(folder: Path, **texts: str) -> Session:
    """Return a session whose only folder holds these files; ``__`` in a name is a slash, ``_`` a dot."""
    for name, text in texts.items():
        path = folder / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return Session(QuietClient(), folders=[folder], files=ConfigFiles(Clock()))


def pulled(session: Session, *previous: Any, **more: Any) -> list[Any]:
    """Return the reports, asked for with those of an earlier answer."""
    known = [types.PreviousResultId(each.uri, each.result_id) for each in previous if each.result_id]
    params = types.WorkspaceDiagnosticParams(known, partial_result_token=more.pop("token", None))
    return [*workspace_diagnostic.respond(session, params, **more).items]


def told(reports: list[Any]) -> dict[str, Any]:
    """Return the codes of each report, by the name of its file; ``unchanged`` as that."""
    return {
        each.uri.rpartition("/")[2]: [item.code for item in each.items] if each.kind == "full" else each.kind
        for each in reports
    }


def later(session: Session) -> None:
    """Let so much time pass that files are looked for anew."""
    assert isinstance(session.files.clock, Clock)
    session.files.clock.now += FRESH_SECONDS


def test_every_config_of_a_project_is_reported_and_nothing_else(tmp_path: Path) -> None:
    session = project(
        tmp_path,
        a_declml_yaml=WRONG, sub__declml_yaml=HEAD, sub__deeper__b_declml_yml="x: [\n", train_yaml=WRONG,
        off_declml_yaml="# declml: off\n" + WRONG,
    )  # fmt: skip
    for hidden in (".git", "venv", "node_modules"):
        (tmp_path / hidden).mkdir()
        (tmp_path / hidden / "d.declml.yaml").write_text(WRONG)
    (tmp_path / "venv" / "pyvenv.cfg").touch()
    found = pulled(session)
    assert told(found) == {"a.declml.yaml": ["unknown-key"], "declml.yaml": [], "b.declml.yml": ["yaml-syntax"]}
    assert [each.version for each in found] == [None] * 3


def test_a_file_is_reported_in_the_clients_units_as_its_document_would_be(tmp_path: Path) -> None:
    text = "\ufeff" + HEAD + "'größe 🙂': 1\r\n"
    session = project(tmp_path, a_declml_yaml="")
    (tmp_path / "a.declml.yaml").write_bytes(text.encode())
    session.encoding = "utf-8"
    (report,) = pulled(session)
    path, plain = tmp_path / "a.declml.yaml", text.removeprefix("\ufeff")
    snapshot = Snapshot(path.as_uri(), 1, Text(plain, "utf-8"), plain, path)
    assert report.items == diagnostics.diagnose(session, snapshot)
    assert report.items[0].range.end.character == len("'größe 🙂'".encode())


def test_what_the_client_has_already_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    session = project(tmp_path, a_declml_yaml=WRONG, b_declml_yaml=HEAD)
    first = pulled(session)
    (tmp_path / "b.declml.yaml").write_text(HEAD + "combinr: 1\n")
    second = pulled(session, *first)
    assert told(second) == {"a.declml.yaml": "unchanged", "b.declml.yaml": ["unknown-key"]}
    assert second[0].result_id == first[0].result_id
    session.settings_by_folder[""] = Settings(severity={"unknown-key": "off"})
    assert told(pulled(session, *second)) == {"a.declml.yaml": [], "b.declml.yaml": []}
    session.settings_by_folder.clear()
    assert told(pulled(session)) == {"a.declml.yaml": ["unknown-key"], "b.declml.yaml": ["unknown-key"]}

    def read(*_arguments: Any) -> None:
        raise AssertionError("a file that did not change was read")

    monkeypatch.setattr(workspace_diagnostic, "read_config", read)
    last = [types.PreviousResultId(each.uri, each.result_id) for each in second]
    last[0].value = first[0].result_id
    answer = workspace_diagnostic.respond(session, types.WorkspaceDiagnosticParams(last))
    assert told([*answer.items]) == {"a.declml.yaml": "unchanged", "b.declml.yaml": "unchanged"}


def test_problems_go_with_their_file(tmp_path: Path) -> None:
    session = project(tmp_path, a_declml_yaml=WRONG, b_declml_yaml=WRONG)
    first = pulled(session)
    (tmp_path / "a.declml.yaml").unlink()
    assert told(pulled(session, *first)) == {"a.declml.yaml": [], "b.declml.yaml": "unchanged"}
    later(session)
    (tmp_path / "b.declml.yaml").write_text("# declml: off\n")
    assert told(pulled(session, *first)) == {"a.declml.yaml": [], "b.declml.yaml": []}
    assert session.files.marks.keys() <= {tmp_path / "b.declml.yaml"}


def test_an_open_config_counts_as_it_is_typed_with_its_version(tmp_path: Path) -> None:
    session = project(tmp_path, a_declml_yaml=WRONG)
    path, text = tmp_path / "a.declml.yaml", HEAD + "combinr: 1\ntrainr: 2\n"
    uri = path.as_uri().replace("a.declml", "%61.declml")  # as some clients spell it
    session.snapshots[uri] = Snapshot(uri, 7, Text(text), text, path)
    (report,) = pulled(session)
    assert (report.uri, report.version, len(report.items)) == (uri, 7, 2)


def test_a_plug_in_is_not_run_for_a_config_that_nobody_looks_at(tmp_path: Path) -> None:
    text = HEAD + "code: ours.py\ncombiner: {type: ours}\ntrainr: 1\n"
    session = project(tmp_path, a_declml_yaml=text)
    assert told(pulled(session)) == {"a.declml.yaml": ["unknown-key"]}
    assert session.facts._children == {}


def test_parts_come_as_they_are_made_and_make_the_same_whole(tmp_path: Path) -> None:
    count = 2 * workspace_diagnostic.BATCH + 3
    session = project(tmp_path, **{f"c{number:03}_declml_yaml": WRONG for number in range(count)})
    whole = pulled(session)
    assert len(whole) == count
    rest = pulled(session, token="parts")
    client = session.client
    assert isinstance(client, QuietClient)
    assert [method for method, _ in client.notified] == ["$/progress"] * 2
    assert {params.token for _, params in client.notified} == {"parts"}
    assert [*client.notified[0][1].value.items, *client.notified[1][1].value.items, *rest] == whole


def test_nothing_more_is_read_when_the_client_has_cancelled(tmp_path: Path) -> None:
    session = project(tmp_path, **{f"c{number}_declml_yaml": WRONG for number in range(5)})
    asked: list[int] = []

    def ended() -> bool:
        asked.append(len(asked))
        return len(asked) == 2

    assert len(pulled(session, ended=ended)) == 2


def test_what_takes_too_long_is_gone_on_with_when_asked_again(tmp_path: Path) -> None:
    session = project(tmp_path, a_declml_yaml=WRONG, b_declml_yaml=WRONG)
    first = pulled(session, seconds=-1.0)
    assert told(first) == {"a.declml.yaml": ["unknown-key"]}
    assert told(pulled(session, *first)) == {"a.declml.yaml": "unchanged", "b.declml.yaml": ["unknown-key"]}


def test_a_tree_is_searched_within_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    session = project(tmp_path, **{f"{name}__c_declml_yaml": HEAD for name in "abcdef"})
    monkeypatch.setattr(config_files, "MOST_FOLDERS", 4)  # the top, and three below
    assert len(pulled(session)) == 3
    later(session)
    monkeypatch.setattr(config_files, "MOST_FILES", 2)
    assert len(pulled(session)) == 2
    later(session)
    monkeypatch.setattr(config_files, "LARGEST_CHECKED", 1)
    assert pulled(session) == []


def test_folders_inside_one_another_report_each_file_once(tmp_path: Path) -> None:
    session = project(tmp_path, sub__a_declml_yaml=WRONG)
    session.folders.append(tmp_path / "sub")
    assert told(pulled(session)) == {"a.declml.yaml": ["unknown-key"]}
    assert len(pulled(session)) == 1

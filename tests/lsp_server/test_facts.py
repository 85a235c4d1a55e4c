"""What the runtime knows reaches the editor without anybody waiting: profiles, plug-ins' words, models."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.waiting import until

from declml.run.config import checked, load_config
from declml_lsp.memory import Entry, Memory, stamps_of
from declml_lsp.section import section
from declml_lsp.session import Session
from declml_lsp.settings import Settings
from declml_lsp.snapshot import Snapshot
from declml_lsp.text import Text
from declml_schema.vocabulary import vocabulary

from .editing import QuietClient, opened

CONFIG = """\
data: {source: people.csv}
input_features:
  - {name: age, type: number}
output_features:
  - {name: income, type: category}
"""
ROWS = "age,income\n" + "".join(f"{20 + each % 40},{'high' if each % 3 else 'low'}\n" for each in range(60))
PLUGIN = '''\
"""A combiner that joins its inputs."""
from declml_schema.declare import Component, Parameters, parameter


class JoinParameters(Parameters):
    """What a config may say of it."""

    strength: float = parameter(0.5, "How strongly it joins its inputs.", ge=0, le=1)


JOIN = Component("combiner", "join", "Joins its inputs.", JoinParameters, build=lambda widths, *, strength: None)
'''
SESSIONS: list[Session] = []


def open_in(folder: Path, text: str, **more: str) -> tuple[Session, Snapshot]:
    for name, content in more.items():
        (folder / name.replace("_", ".")).write_text(content)
    session, snapshot = opened(text, file=folder / "config.declml.yaml")
    SESSIONS.append(session)
    return session, snapshot


def again(session: Session, snapshot: Snapshot, text: str) -> Snapshot:
    """Return the next version of a document."""
    changed = Snapshot(snapshot.uri, (snapshot.version or 0) + 1, Text(text), text, snapshot.path)
    session.snapshots[snapshot.uri] = changed
    return changed


def told(session: Session) -> QuietClient:
    assert isinstance(session.client, QuietClient)
    return session.client


@pytest.fixture(autouse=True)
def ended() -> Iterator[None]:
    yield
    while SESSIONS:
        session = SESSIONS.pop()
        session.facts.close()
        session.workers.shutdown()


def test_a_profile_arrives_and_is_told(tmp_path: Path) -> None:
    session, snapshot = open_in(tmp_path, CONFIG, people_csv=ROWS)
    assert session.facts.profile(snapshot) is None
    profile = until(lambda: session.facts.profile(snapshot))
    assert profile["rows"] == 60
    assert profile["column_types"] == {"age": "Int64", "income": "String"}
    assert told(session).refreshed == [snapshot.uri]
    assert session.facts.profile(snapshot) is profile, "the same object as long as nothing changed"
    assert session.checked(snapshot) is session.checked(snapshot), "and so the config is checked once"


def test_other_text_around_the_data_section_asks_for_nothing_new(tmp_path: Path) -> None:
    session, snapshot = open_in(tmp_path, CONFIG, people_csv=ROWS)
    profile = until(lambda: session.facts.profile(snapshot))
    changed = again(session, snapshot, CONFIG.replace("income", "incom"))
    assert session.facts.profile(changed) is profile
    narrowed = again(session, snapshot, CONFIG.replace("people.csv", 'people.csv, where: "age > 30"'))
    assert session.facts.profile(narrowed) is profile


def test_a_changed_file_gives_a_new_profile_without_a_watcher(tmp_path: Path) -> None:
    session, snapshot = open_in(tmp_path, CONFIG, people_csv=ROWS)
    until(lambda: session.facts.profile(snapshot))
    (tmp_path / "people.csv").write_text(ROWS + "99,low\n")
    until(lambda: (session.facts.profile(snapshot) or {}).get("rows") == 61)


def test_a_watched_change_is_looked_at_at_once(tmp_path: Path) -> None:
    session, snapshot = open_in(tmp_path, CONFIG, people_csv=ROWS)
    until(lambda: session.facts.profile(snapshot))
    (tmp_path / "people.csv").write_text(ROWS + "99,low\n")
    session.facts.files_changed([snapshot])
    until(lambda: len(told(session).refreshed) == 2)
    assert session.facts.profile(snapshot)["rows"] == 61  # type: ignore[index]


def test_an_absent_file_is_the_trainers_problem_until_it_is_there(tmp_path: Path) -> None:
    session, snapshot = open_in(tmp_path, CONFIG)
    session.problems(snapshot)
    (problem,) = until(lambda: session.problems(snapshot))
    assert problem.code == "absent-source"
    assert problem.message.startswith("'people.csv' must be a file; got nothing at ")
    assert snapshot.text.of(problem.span) == "people.csv"
    (tmp_path / "people.csv").write_text(ROWS)
    until(lambda: session.facts.profile(snapshot))
    assert session.problems(snapshot) == []


def test_new_files_that_match_a_pattern_are_noticed(tmp_path: Path) -> None:
    session, snapshot = open_in(tmp_path, CONFIG.replace("people.csv", "'part*.csv'"), part1_csv=ROWS)
    until(lambda: session.facts.profile(snapshot))
    (tmp_path / "part2.csv").write_text(ROWS)
    until(lambda: (session.facts.profile(snapshot) or {}).get("rows") == 120)


def test_a_user_may_have_no_profile(tmp_path: Path) -> None:
    session, snapshot = open_in(tmp_path, CONFIG, people_csv=ROWS)
    session.settings_by_folder[""] = Settings(profile=False)
    assert session.facts.profile(snapshot) is None
    assert session.facts.model(snapshot) is None
    assert session.facts._children == {}


def test_the_words_of_a_plug_in_are_known_and_hold_back_nothing_else(tmp_path: Path) -> None:
    text = CONFIG + "code: joins.py\ncombiner: {type: join, strength: 0.1, strngth: 1}\nnonsense: 1\n"
    session, snapshot = open_in(tmp_path, text, people_csv=ROWS, joins_py=PLUGIN)
    first = {each.code for each in session.problems(snapshot)}
    assert "unknown-type" not in first, "a plug-in that is still being read may bring the word"
    assert "unknown-key" in first
    until(lambda: session.facts.are_words_known(snapshot))
    assert [each.message for each in session.problems(snapshot)] == [
        "Unknown key 'strngth' in the combiner 'join'. Did you mean 'strength'?",
        "Unknown key 'nonsense' in the config.",
    ]
    (tmp_path / "joins.py").write_text(PLUGIN.replace('"join"', '"weld"'))
    session.facts.files_changed([snapshot])
    until(lambda: session.facts.words(snapshot).find("combiner", "weld") is not None)
    assert "unknown-type" in {each.code for each in session.problems(snapshot)}


@pytest.mark.parametrize(
    "plugin",
    ["1 / 0\n", "import os\nos._exit(3)\n", "def broken(:\n", '"""Nothing here."""\n', None],
    ids=["raises", "dies", "no Python", "nothing declared", "absent"],
)
def test_a_broken_plug_in_costs_one_diagnostic_with_the_trainers_words(tmp_path: Path, plugin: str | None) -> None:
    text = CONFIG.replace("data: {source: people.csv}\n", "") + "code:\n- joins.py\n"
    session, snapshot = open_in(tmp_path, text, **({} if plugin is None else {"joins_py": plugin}))
    (tmp_path / "config.declml.yaml").write_text(text)
    session.problems(snapshot)
    until(lambda: session.facts.are_words_known(snapshot))
    expected = checked(load_config(tmp_path / "config.declml.yaml")).problems
    found = session.problems(snapshot)
    assert [(each.code, each.message, each.path) for each in found] == [
        (each.code, each.message, each.path) for each in expected
    ]
    assert len(found) == 1
    assert snapshot.text.of(found[0].span) == "joins.py"
    assert session.facts.words(snapshot).names("combiner") == vocabulary().names("combiner")


def test_a_killed_process_costs_one_answer(tmp_path: Path) -> None:
    session, snapshot = open_in(tmp_path, CONFIG, people_csv=ROWS)
    until(lambda: session.facts.profile(snapshot))
    (child,) = session.facts._children.values()
    assert child.pid is not None
    os.kill(child.pid, signal.SIGKILL)
    changed = again(session, snapshot, CONFIG.replace("people.csv", "more.csv"))
    (tmp_path / "more.csv").write_text(ROWS + "99,low\n")
    until(lambda: (session.facts.profile(changed) or {}).get("rows") == 61)


def test_an_interpreter_without_declml_is_told_in_the_log_only(tmp_path: Path) -> None:
    session, snapshot = open_in(tmp_path, CONFIG, people_csv=ROWS)
    session.settings_by_folder[""] = Settings(python=str(tmp_path / "python"))
    assert session.facts.profile(snapshot) is None
    until(lambda: told(session).logged)
    assert session.facts.profile(snapshot) is None
    assert session.problems(snapshot) == []


def test_a_model_is_known_for_a_config_that_could_be_trained(tmp_path: Path) -> None:
    session, snapshot = open_in(tmp_path, CONFIG.replace("number", "numbr"), people_csv=ROWS)
    until(lambda: session.facts.profile(snapshot))
    assert session.facts.model(snapshot) is None
    assert session.facts.known_model(snapshot) is None
    assert "models" not in {kind for kind, _ in session.facts._children}, "a config with errors has no model"
    right = again(session, snapshot, CONFIG)
    model = until(lambda: session.facts.model(right))
    assert model["parameters"]["trainable"] > 0
    assert session.facts.known_model(right) is model
    wider = again(session, right, CONFIG + "combiner: {type: concat, num_fc_layers: 1, output_size: 8}\n")
    stale = session.facts.model(wider)
    assert stale is not None
    assert stale["stale"] is True
    assert session.facts.known_model(wider) is None
    newer = until(lambda: session.facts.known_model(wider) or (session.facts.model(wider), None)[1])
    assert newer["parameters"] != model["parameters"]


def test_asking_never_waits(tmp_path: Path) -> None:
    """A thousand questions, each for other data, while the process is busy starting."""
    session, snapshot = open_in(tmp_path, CONFIG)
    before = time.thread_time()
    for number in range(1000):
        changed = again(session, snapshot, CONFIG.replace("people", f"people{number}"))
        assert session.facts.profile(changed) is None
    assert time.thread_time() - before < 5.0
    assert len(session.facts._profiles) <= 16
    (child,) = session.facts._children.values()
    assert len(child._waiting) <= 1


def test_a_closed_document_is_told_nothing(tmp_path: Path) -> None:
    session, snapshot = open_in(tmp_path, CONFIG, people_csv=ROWS)
    session.facts.profile(snapshot)
    session.facts.forget(snapshot.uri)
    other = replace(snapshot, uri="file:///elsewhere.declml.yaml")
    until(lambda: session.facts.profile(other))
    assert told(session).refreshed == [other.uri]


def test_memory_forgets_what_was_longest_unused() -> None:
    memory = Memory(2)
    for key in "ab":
        memory.put(key, Entry({}, Path(), ()))
    memory.get("a")
    memory.put("c", Entry({}, Path(), ()))
    assert memory.get("b") is None
    assert memory.get("a") is not None
    assert len(memory) == 2


def test_stamps_tell_of_changes(tmp_path: Path) -> None:
    assert stamps_of(tmp_path, ["a.csv"]) == ((str(tmp_path / "a.csv"), -1, -1),)
    (tmp_path / "a.csv").write_text("x")
    first = stamps_of(tmp_path, ["a.csv", "~nobody-of-this-name/x", "bad\0name"])
    assert first[0][1] == 1
    os.utime(tmp_path / "a.csv", ns=(1, 1))
    assert stamps_of(tmp_path, ["a.csv"]) != first[:1]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("data: {source: a.csv}\n", {"source": "a.csv"}),
        ("x: 1\ndata:\n  source: a.csv\n# note\n\n  limit: 3\ny: 2\n", {"source": "a.csv", "limit": 3}),
        ("data:\n- a\n- b\ny: 2\n", ["a", "b"]),
        ("'data': {source: a.csv}\n", {"source": "a.csv"}),
        ("data: {source: a.csv}\ndata: {source: b.csv}\n", {"source": "b.csv"}),
        ("{data: {source: a.csv}, y: 1}\n", {"source": "a.csv"}),
        ("name: &n a.csv\ndata: {source: *n}\n", {"source": "a.csv"}),
        ("base: &b {data: {source: a.csv}}\n<<: *b\n", {"source": "a.csv"}),
        ("x: {data: 1}\n", None),
        ("database: 1\n", None),
        ("data:\n  source: [a.csv, b\ny: 1\n", {"source": ["a.csv", "b"]}),
        ("data:\n", None),
        ("", None),
        ("- data: 1\n", None),
        ("note: |\n  data: 1\n", None),
    ],
)
def test_a_section_is_read_without_the_rest(text: str, value: object) -> None:
    snapshot = Snapshot("file:///a.declml.yaml", 1, Text(text), text)
    assert section(snapshot, "data") == value

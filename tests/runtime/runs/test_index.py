"""The listing is right whatever happens to its file."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from declml.runs.index import INDEX, list_runs
from runs.builder import write_record, write_run


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_run(tmp_path, "0001-aaaa")
    write_run(tmp_path, "0002-bbbb", experiment="census", status="failed", seconds=None, metrics={}, decides=None)
    return tmp_path


def ids(root: Path, **filters: str) -> list[str]:
    return [each.id for each in list_runs(root, **filters)]


def test_the_newest_comes_first_and_filters_apply(root: Path) -> None:
    assert ids(root) == ["0002-bbbb", "0001-aaaa"]
    assert ids(root, experiment="news") == ["0001-aaaa"]
    assert ids(root, status="failed") == ["0002-bbbb"]
    row = list_runs(root)[1]
    assert (row.metric, row.value, row.goal, row.seconds, row.taint) == ("accuracy", 0.81, "maximize", 12.5, ())


def test_new_changed_and_deleted_runs_are_seen(root: Path) -> None:
    list_runs(root)
    run = write_run(root, "0003-cccc")
    write_record(root / "census" / "0002-bbbb", {**run.record, "run": "0002-bbbb", "status": "interrupted"})
    assert [(each.id, each.status) for each in list_runs(root)][:2] == [
        ("0003-cccc", "finished"),
        ("0002-bbbb", "interrupted"),
    ]
    for path in sorted(run.path.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    assert ids(root) == ["0002-bbbb", "0001-aaaa"]
    with closing(sqlite3.connect(root / INDEX)) as database:
        assert database.execute("select count(*) from runs").fetchone() == (2,)


def test_an_unchanged_record_is_not_read_again(root: Path) -> None:
    list_runs(root)
    with closing(sqlite3.connect(root / INDEX)) as database:
        database.execute("""update runs set summary = replace(summary, '"seconds": 12.5', '"seconds": 99.0')""")
        database.commit()
    assert list_runs(root)[1].seconds == 99.0  # the file's word: it was not read from the folder again


def test_taint_is_seen_after_the_first_listing(root: Path) -> None:
    assert list_runs(root)[1].taint == ()
    (root / "news" / "0001-aaaa" / "model" / "weights.safetensors").write_text("touched")
    assert list_runs(root)[1].taint == ("model/weights.safetensors",)
    (root / "news" / "0001-aaaa" / "model" / "weights.safetensors").write_text("weights")
    assert list_runs(root)[1].taint == ()


@pytest.mark.parametrize("damage", [b"", b"this is not a database " * 400, b"SQLite format 3\x00" + b"\xff" * 8000])
def test_a_damaged_or_deleted_index_is_rebuilt(root: Path, damage: bytes) -> None:
    before = list_runs(root)
    for suffix in ("-wal", "-shm"):
        (root / f"{INDEX}{suffix}").unlink(missing_ok=True)
    (root / INDEX).write_bytes(damage)
    assert list_runs(root) == before
    with closing(sqlite3.connect(root / INDEX)) as database:
        assert database.execute("select count(*) from runs").fetchone() == (2,)
    (root / INDEX).unlink()
    assert list_runs(root) == before


def test_an_index_of_another_version_is_rebuilt(root: Path) -> None:
    with closing(sqlite3.connect(root / INDEX)) as database:
        database.execute("create table runs (something_else)")
        database.execute("pragma user_version = 77")
        database.commit()
    assert ids(root) == ["0002-bbbb", "0001-aaaa"]


def test_a_locked_index_does_not_stop_a_listing(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("declml.runs.index._WAIT_SECONDS", 0.05)  # the wait itself is not what is tested
    list_runs(root)
    write_run(root, "0003-cccc")
    with closing(sqlite3.connect(root / INDEX, isolation_level=None)) as other:
        other.execute("begin exclusive")
        assert ids(root) == ["0003-cccc", "0002-bbbb", "0001-aaaa"]
        other.execute("rollback")


def test_an_unreadable_run_is_listed_as_such(root: Path) -> None:
    write_record(root / "news" / "0001-aaaa", {"format": 5, "declml": "9.0"})
    row = list_runs(root)[1]
    assert row.status == "unreadable"
    assert "newer declml 9.0" in row.problem


def test_several_processes_may_list_at_once(root: Path) -> None:
    for number in range(3, 30):
        write_run(root, f"{number:04d}-cccc")
    code = "import sys; from declml.runs.index import list_runs; print(len(list_runs(sys.argv[1])))"
    processes = [
        subprocess.Popen([sys.executable, "-c", code, str(root)], stdout=subprocess.PIPE, text=True) for _ in range(4)
    ]
    assert [each.communicate(timeout=60)[0].strip() for each in processes] == ["29"] * 4
    assert len(list_runs(root)) == 29


def test_no_runs_make_no_file(tmp_path: Path) -> None:
    assert list_runs(tmp_path / "runs") == []
    assert not (tmp_path / "runs").exists()

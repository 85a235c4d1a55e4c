"""Queries to SQLite, DuckDB and a real PostgreSQL become pinned tables; passwords stay out of everything kept."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Generator
from pathlib import Path

import polars as pl
import pytest

from declml.data import databases
from declml.data.obtain import Obtained, obtain
from declml.data.table import read_table
from declml.errors import UserProblem

QUERY = "SELECT id, name, share FROM people ORDER BY id"


def got(database, query: str, tmp_path: Path, **options) -> Obtained:
    source = {"database": str(database), "query": query}
    return obtain(source, base=tmp_path, cache=tmp_path / "cache", **options)


def old(path: Path) -> Path:
    """Return the file as one that was changed a while ago: its clock can be trusted."""
    os.utime(path, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns - 10_000_000_000))
    return path


@pytest.fixture
def sqlite(tmp_path: Path) -> Path:
    path = tmp_path / "shop.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE people (id INTEGER, name TEXT, share REAL, mixed)")
        connection.executemany(
            "INSERT INTO people VALUES (?, ?, ?, ?)", [(1, "Ann", 0.5, 1), (2, None, 2.0, "two"), (3, "Čy", None, 3.5)]
        )
    connection.close()
    return old(path)


def test_rows_of_sqlite_are_a_table(sqlite: Path, tmp_path: Path) -> None:
    found = got("shop.sqlite", QUERY, tmp_path)
    table = read_table(found.paths)
    assert table.to_dict(as_series=False) == {"id": [1, 2, 3], "name": ["Ann", None, "Čy"], "share": [0.5, 2.0, None]}
    assert table.dtypes == [pl.Int64, pl.String, pl.Float64]
    mixed = read_table(got(sqlite, "SELECT mixed FROM people ORDER BY id", tmp_path).paths)
    assert mixed["mixed"].to_list() == ["1", "two", "3.5"]
    assert found.origins[0]["query"] == QUERY and found.origins[0]["database"] == "sqlite"


def test_a_database_file_is_asked_again_only_when_it_changed(sqlite: Path, tmp_path: Path) -> None:
    first, again = got(sqlite, QUERY, tmp_path), got(sqlite, QUERY, tmp_path)
    assert not first.origins[0]["reused"] and again.origins[0]["reused"] and first.paths == again.paths
    with sqlite3.connect(sqlite) as connection:
        connection.execute("INSERT INTO people VALUES (4, 'Di', 1.0, NULL)")
    connection.close()
    changed = got(sqlite, QUERY, tmp_path)
    assert read_table(changed.paths).height == 4 and changed.origins[0]["sha256"] != first.origins[0]["sha256"]
    assert got(sqlite, QUERY, tmp_path, fetch="never").paths == changed.paths
    assert not got(old(sqlite), QUERY, tmp_path, fetch="always").origins[0]["reused"]


def test_a_large_result_comes_in_parts(sqlite: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(databases, "_PART_ROWS", 2)
    found = got(sqlite, "SELECT id, share, mixed FROM people ORDER BY id", tmp_path)
    assert [each.name for each in found.paths] == ["part-00000.arrow", "part-00001.arrow"]
    assert read_table(found.paths)["id"].to_list() == [1, 2, 3]


@pytest.mark.parametrize(
    ("query", "code", "said"),
    [
        ("SELECT * FROM nowhere", "bad-query", "no such table: nowhere"),
        ("SELEC 1", "bad-query", "syntax error"),
        ("DELETE FROM people", "bad-query", "not authorized"),
        ("VACUUM INTO 'other.sqlite'", "bad-query", "authorization denied"),
        ("ATTACH 'other.sqlite' AS other", "bad-query", "not authorized"),
        ("SELECT id, id FROM people", "duplicate-column", "got 'id' twice"),
        ("SELECT * FROM people WHERE id > 9", "empty-table", "at least one row"),
    ],
)
def test_a_bad_query_is_one_sentence(sqlite: Path, tmp_path: Path, query: str, code: str, said: str) -> None:
    with pytest.raises(UserProblem, match=said) as caught:
        got(sqlite, query, tmp_path)
    assert caught.value.code == code and caught.value.path == "data.source.query"


@pytest.mark.parametrize(
    ("database", "code", "said"),
    [
        ("none.sqlite", "absent-source", "must be a database file; got nothing"),
        ("text.db", "broken-source", "must be a SQLite or DuckDB file"),
        ("duckdb:///shop.sqlite", "broken-source", "must be a DuckDB file"),
        ("mysql://h/d", "unknown-database", "begins with 'mysql://'"),
        ("postgresql://ann:geheim@h/d", "password-in-config", "must not hold its password"),
        ("postgresql://ann@h/d?password=geheim", "password-in-config", "must not hold its password"),
    ],
)
def test_a_bad_database_is_one_sentence(sqlite: Path, tmp_path: Path, database: str, code: str, said: str) -> None:
    (tmp_path / "text.db").write_text("no database")
    with pytest.raises(UserProblem, match=said) as caught:
        got(database, QUERY, tmp_path)
    assert caught.value.code == code and "geheim" not in str(caught.value) + caught.value.hint


def test_rows_of_duckdb_are_a_table(tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb", reason="duckdb is not installed: pip install 'declml[sql]'")
    path = tmp_path / "shop.duckdb"
    with duckdb.connect(path) as connection:
        connection.execute(
            "CREATE TABLE people AS SELECT range AS id, 'n' || range AS name, (range / 4)::DECIMAL(8, 2) AS share,"
            " DATE '2026-01-01' AS since FROM range(5000)"
        )
    old(path)
    table = read_table(got("duckdb:///shop.duckdb", "SELECT * FROM people ORDER BY id", tmp_path).paths)
    assert table.height == 5000 and table.row(3) == (3, "n3", 0.75, table["since"][0])
    assert table.dtypes == [pl.Int64, pl.String, pl.Float64, pl.Date]
    assert got(path, "SELECT * FROM people ORDER BY id", tmp_path).origins[0]["reused"]
    for query, said in (("SELECT * FROM nope", "nope does not exist"), ("DROP TABLE people", "read-only")):
        with pytest.raises(UserProblem, match=said) as caught:
            got(path, query, tmp_path)
        assert caught.value.code == "bad-query"


def test_a_query_of_duckdb_neither_reads_nor_writes_other_files(tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb", reason="duckdb is not installed: pip install 'declml[sql]'")
    path, secret, copy = tmp_path / "shop.duckdb", tmp_path / "secret.csv", tmp_path / "copy.csv"
    duckdb.connect(path).close()
    secret.write_text("a\n1\n")
    for query in (f"SELECT * FROM read_csv('{secret}')", f"SELECT * FROM '{secret}'", f"COPY (SELECT 1) TO '{copy}'"):
        with pytest.raises(UserProblem) as caught:
            got(path, query, tmp_path)
        assert caught.value.code == "bad-query"
    with pytest.raises(UserProblem, match="locked"):
        got(path, "SET enable_external_access = true", tmp_path)
    assert not copy.exists()


# --- a real PostgreSQL ------------------------------------------------------------------------------------------------

PASSWORD = "s3cr et/@"


def _as_postgres(*command: str) -> None:
    """Run a command of PostgreSQL, which refuses to run as root."""
    wrapped = ["runuser", "-u", "postgres", "--", *command] if os.geteuid() == 0 else [*command]
    subprocess.run(wrapped, check=True, capture_output=True, cwd="/", timeout=60)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Path]:
    pytest.importorskip("adbc_driver_postgresql", reason="not installed: pip install 'declml[sql]'")
    if shutil.which("initdb") is None or shutil.which("pg_ctl") is None:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    folder = tmp_path_factory.mktemp("postgres")
    for each in (folder, *folder.parents):
        if each.name.startswith(("pytest-", "popen-")):
            each.chmod(0o755)
    password = folder / "password"
    password.write_text(PASSWORD)
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
        shutil.chown(password, "postgres")
    _as_postgres("initdb", "-D", f"{folder}/data", "-U", "ann", "-A", "md5", f"--pwfile={password}", "-N")
    options = f"-c listen_addresses= -c unix_socket_directories={folder} -c fsync=off"
    _as_postgres("pg_ctl", "-D", f"{folder}/data", "-w", "-l", f"{folder}/log", "-o", options, "start")
    environment = {**os.environ, "PGPASSWORD": PASSWORD}
    script = (
        "CREATE TABLE people (id int, name text, share numeric(8, 2), member bool, since timestamp, code uuid);"
        "INSERT INTO people SELECT i, 'n' || i, i / 4.0, i % 2 = 0, '2026-01-01'::timestamp + i * interval '1 day',"
        " NULL FROM generate_series(0, 999) AS i"
    )
    psql = ["psql", "-h", str(folder), "-U", "ann", "-d", "postgres", "-q", "-c", script]
    subprocess.run(psql, check=True, capture_output=True, env=environment, timeout=60)
    try:
        yield folder
    finally:
        _as_postgres("pg_ctl", "-D", f"{folder}/data", "-m", "immediate", "stop")


@pytest.mark.slow
def test_rows_of_postgresql_are_a_table_and_its_password_is_kept_nowhere(
    server: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"postgresql://ann@/postgres?host={server}"
    monkeypatch.setenv(databases.PASSWORD, PASSWORD)
    query = "SELECT id, name, share, member, since, code FROM people ORDER BY id"
    found = got(address, query, tmp_path)
    table = read_table(found.paths)
    assert table.height == 1000 and table.row(3)[:4] == (3, "n3", 0.75, False)
    assert table.dtypes[:4] == [pl.Int32, pl.String, pl.Float64, pl.Boolean] and table.dtypes[4].is_temporal()
    # A server is asked each time; the same rows are the same data.
    again = got(address, query, tmp_path)
    assert again.paths == found.paths and again.origins[0]["sha256"] == found.origins[0]["sha256"]
    kept = json.dumps(found.origins) + "".join(each.read_text() for each in (tmp_path / "cache").rglob("*.json"))
    assert "s3cr" not in kept
    for bad, said in (("SELECT nope FROM people", 'column "nope" does not exist'), ("DELETE FROM people", "read-only")):
        with pytest.raises(UserProblem, match=said) as caught:
            got(address, bad, tmp_path)
        assert caught.value.code == "bad-query"
    monkeypatch.setenv(databases.PASSWORD, "wrong-one")
    with pytest.raises(UserProblem, match="authentication failed") as caught:
        got(address, query, tmp_path)
    assert caught.value.code == "no-access" and "wrong-one" not in str(caught.value)
    monkeypatch.setenv(databases.PASSWORD, PASSWORD)
    with pytest.raises(UserProblem, match="must be there"):
        got(f"postgresql://ann@/nope?host={server}", query, tmp_path)


@pytest.mark.slow
def test_without_the_server_the_last_answer_stands_in(
    server: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved = tmp_path / "socket"
    moved.symlink_to(server)
    address = f"postgresql://ann@/postgres?host={moved}"
    monkeypatch.setenv(databases.PASSWORD, PASSWORD)
    first = got(address, "SELECT id FROM people ORDER BY id", tmp_path)
    moved.unlink()
    found = got(address, "SELECT id FROM people ORDER BY id", tmp_path)
    assert found.paths == first.paths and found.findings[0].code == "offline-source"
    with pytest.raises(UserProblem, match="must be reachable"):
        got(address, "SELECT name FROM people", tmp_path)

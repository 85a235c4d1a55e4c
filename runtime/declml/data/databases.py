"""Rows of a database by a query: asked once, kept as Arrow files in the cache, and pinned by their content.

SQLite is read with Python's own module, DuckDB with its package, PostgreSQL through ADBC, whose driver brings Arrow
batches straight from the server's binary format: each gives its rows in parts, so that a result may be larger than
memory. A config comes from anywhere, so its query may only read the database that is named beside it: connections are
opened for reading, and SQLite and DuckDB, which could write and read other files, are told to touch none.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import polars as pl

from declml.data.pins import Fetched, Mode, News, Pins, not_fetched, offline, origin_of, stood_in
from declml.errors import UserProblem
from declml_schema.content import content_hash

PASSWORD = "DECLML_DATABASE_PASSWORD"
"""The environment variable that may hold the password of a database."""
SERVICE = "declml database"
"""The name under which the keyring keeps passwords; the user's name there is ``user@host:port/database``."""

Kind: TypeAlias = Literal["sqlite", "duckdb", "postgresql"]

_PART_ROWS = 200_000
_TELL_SECONDS = 2.0
_RACY_NANOSECONDS = 2_000_000_000
_SERVERS = ("postgresql", "postgres")


@dataclass(frozen=True, slots=True)
class Database:
    """A database: a file, or a server's address without its password, which no ``repr`` shows."""

    kind: Kind
    place: str
    password: str = field(default="", repr=False)

    def redacted(self, text: str) -> str:
        """Return a text without the password."""
        return text.replace(self.password, "***") if self.password else text


class _NotNow(Exception):
    """The server could not be reached. It says why."""


def ask(database: str, query: str, pins: Pins, *, base: Path, mode: Mode, news: News) -> Fetched:
    """Return the rows that ``query`` gives as local Arrow files, and where they are from.

    A database file is asked again when it changed, a server each time, unless ``mode`` says otherwise; the same rows
    are the same data. Where a server cannot be reached the last answer stands in, with a finding.
    """
    found = database_of(database, base=base)
    address = content_hash({"database": found.place, "query": query})
    marks: dict[str, str | int] = _stamp(found)
    known = pins.newest(address)
    if mode == "never" or (offline() and found.kind == "postgresql"):
        if known is None:
            raise not_fetched(found.place)
        return Fetched(known[1], _origin(found, query, origin_of(found.place, known[0], reused=True)))
    if known is not None and mode == "changed" and marks and dict(known[0].marks) == marks and not _is_fresh(marks):
        return Fetched(known[1], _origin(found, query, origin_of(found.place, known[0], reused=True)))
    with pins.draft() as folder:
        try:
            files = _write(found, query, folder, news)
        except _NotNow as error:
            if known is None:
                raise UserProblem(
                    "unreachable-source", f"The database '{found.place}' must be reachable; got: {error}."
                ) from error
            notice = stood_in(found.place, known[0], str(error))
            return Fetched(known[1], _origin(found, query, origin_of(found.place, known[0], reused=True)), [notice])
        version, paths = pins.keep(address, folder, files, marks)
    return Fetched(paths, _origin(found, query, origin_of(found.place, version, reused=False)))


def database_of(text: str, *, base: Path) -> Database:
    """Return the database that a config names: a file, whose first bytes tell its kind, or a PostgreSQL server."""
    scheme, mark, rest = text.partition("://")
    if not mark:
        return _file(text, base, None)
    if scheme.lower() in {"sqlite", "duckdb"}:
        # As SQLAlchemy writes them: three slashes before a relative path, four before an absolute one.
        return _file(rest.removeprefix("/"), base, "sqlite" if scheme.lower() == "sqlite" else "duckdb")
    if scheme.lower() in _SERVERS:
        return _server(text)
    raise UserProblem(
        "unknown-database",
        "A database must be a SQLite or DuckDB file, or an address that begins with postgresql://;"
        f" got one that begins with '{scheme}://'.",
        path="data.source",
    )


def _file(text: str, base: Path, kind: Kind | None) -> Database:
    path = Path(text).expanduser()
    path = path if path.is_absolute() else base / path
    try:
        with path.open("rb") as file:
            start = file.read(16)
    except FileNotFoundError as error:
        raise UserProblem(
            "absent-source", f"'{text}' must be a database file; got nothing at {path}.", path="data.source"
        ) from error
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UserProblem(
            "unreadable-source", f"'{text}' must be a readable file; got: {reason}.", path="data.source"
        ) from error
    told: Kind | None = "sqlite" if start.startswith(b"SQLite format 3\0") else None
    told = "duckdb" if start[8:12] == b"DUCK" else told
    if told is None or (kind is not None and told != kind):
        wanted = {"sqlite": "a SQLite", "duckdb": "a DuckDB", None: "a SQLite or DuckDB"}[kind]
        raise UserProblem("broken-source", f"'{text}' must be {wanted} file; got another.", path="data.source")
    return Database(told, str(path))


def _server(text: str) -> Database:
    parts = urlsplit(text)
    asked = dict(parse_qsl(parts.query))
    if parts.password or "password" in asked:
        raise UserProblem(
            "password-in-config",
            "The address of a database must not hold its password, which every run would keep; got one.",
            path="data.source",
            hint=f"Put it into the variable {PASSWORD}, the keyring or ~/.pgpass, and keep the user's name alone.",
        )
    place = urlunsplit(("postgresql", parts.netloc, parts.path, parts.query, ""))
    return Database("postgresql", place, os.environ.get(PASSWORD, "") or _from_keyring(parts.netloc + parts.path))


def _from_keyring(name: str) -> str:
    try:
        import keyring
        import keyring.errors
    except ImportError:
        return ""  # the extra `remote` has it
    with suppress(keyring.errors.KeyringError):
        return keyring.get_password(SERVICE, name) or ""
    return ""


def _stamp(database: Database) -> dict[str, str | int]:
    """Return what changes with a database file; empty for a server, which has no such thing."""
    if database.kind == "postgresql":
        return {}
    marks: dict[str, str | int] = {}
    # What SQLite and DuckDB have not moved into the file yet stands beside it.
    for name in ("", "-wal", ".wal"):
        with suppress(OSError):
            stat = Path(database.place + name).stat()
            marks[f"size{name}"], marks[f"mtime_ns{name}"], marks[f"inode{name}"] = (
                stat.st_size,
                stat.st_mtime_ns,
                stat.st_ino,
            )
    return marks


def _is_fresh(marks: dict[str, str | int]) -> bool:
    """Return whether a file changed so lately that its clock may not tell the next change."""
    return any(time.time_ns() - int(marks[name]) < _RACY_NANOSECONDS for name in marks if name.startswith("mtime_ns"))


def _origin(database: Database, query: str, origin: dict[str, Any]) -> dict[str, Any]:
    return {**origin, "database": database.kind, "query": query}


# --- rows in parts ----------------------------------------------------------------------------------------------------


def _write(database: Database, query: str, folder: Path, news: News) -> list[str]:
    read: Callable[[Database, str], Iterator[pl.DataFrame]] = {
        "sqlite": _from_sqlite, "duckdb": _from_duckdb, "postgresql": _from_postgresql,
    }[database.kind]  # fmt: skip
    files: list[str] = []
    rows, told = 0, time.monotonic()
    for part in read(database, query):
        if part.height == 0:
            continue
        files.append(f"part-{len(files):05}.arrow")
        part.write_ipc(folder / files[-1], compression="uncompressed")
        rows += part.height
        if time.monotonic() - told >= _TELL_SECONDS:
            told = time.monotonic()
            news(f"Querying {database.place}: {rows:,} rows")
    if not files:
        raise UserProblem("empty-table", "The query must give at least one row; got none.", path="data.source.query")
    return files


def _from_sqlite(database: Database, query: str) -> Iterator[pl.DataFrame]:
    address = f"file:{quote(database.place)}?mode=ro"
    try:
        with closing(sqlite3.connect(address, uri=True)) as connection, closing(connection.cursor()) as cursor:
            connection.set_authorizer(_only_reading)
            cursor.execute(query)
            if cursor.description is None:
                raise _bad_query(database, "it gives no rows")
            names = _different([each[0] for each in cursor.description])
            while rows := cursor.fetchmany(_PART_ROWS):
                columns = zip(*rows, strict=True)
                yield pl.DataFrame([_column(name, [*values]) for name, values in zip(names, columns, strict=True)])
    except (sqlite3.Error, sqlite3.Warning) as error:
        raise _bad_query(database, str(error)) from error


def _only_reading(action: int, *_: str | None) -> int:
    """Allow what SELECT takes; with ATTACH, PRAGMA or VACUUM INTO a query could reach other files."""
    allowed = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}
    return sqlite3.SQLITE_OK if action in allowed else sqlite3.SQLITE_DENY


def _column(name: str, values: list[Any]) -> pl.Series:
    """Return a column of SQLite, whose values each have a type of their own: text where they have several."""
    kinds = {type(each) for each in values if each is not None}
    if kinds <= {int, float}:
        return pl.Series(name, values, dtype=pl.Float64 if float in kinds else pl.Int64, strict=False)
    if kinds <= {bytes}:
        return pl.Series(name, values, dtype=pl.Binary)
    return pl.Series(name, [None if each is None else str(each) for each in values], dtype=pl.String)


def _from_duckdb(database: Database, query: str) -> Iterator[pl.DataFrame]:
    duckdb = _package("duckdb")
    try:
        settings = {"enable_external_access": "false", "lock_configuration": "true"}
        with closing(duckdb.connect(database.place, read_only=True, config=settings)) as connection:
            relation = connection.sql(query)
            if relation is None:
                raise _bad_query(database, "it gives no rows")
            _different(relation.columns)
            # The name of the method is another one before DuckDB 1.5.
            reader = getattr(relation, "to_arrow_reader", None) or relation.fetch_arrow_reader
            yield from _frames(reader(_PART_ROWS))
    except duckdb.PermissionException as error:
        raise _bad_query(database, "it may not touch other files") from error
    except duckdb.IOException as error:
        raise _NotNow(str(error).strip().splitlines()[0]) from error
    except duckdb.Error as error:
        raise _bad_query(database, str(error)) from error


def _from_postgresql(database: Database, query: str) -> Iterator[pl.DataFrame]:
    dbapi = _package("adbc_driver_postgresql.dbapi")
    try:
        connection = dbapi.connect(_address(database))
    except dbapi.Error as error:
        raise _no_connection(database, str(error)) from error
    try:
        with closing(connection), closing(connection.cursor()) as cursor:
            cursor.execute(query)
            reader = cursor.fetch_record_batch()
            if not reader.schema.names:
                raise _bad_query(database, "it gives no rows")
            _different(reader.schema.names)
            yield from _frames(reader)
    except dbapi.Error as error:
        raise _bad_query(database, str(error)) from error


def _address(database: Database) -> str:
    """Return the address that the driver takes, password and all: it goes nowhere else."""
    parts = urlsplit(database.place)
    asked = dict(parse_qsl(parts.query))
    asked["options"] = f"{asked.get('options', '')} -c default_transaction_read_only=on".strip()
    asked.setdefault("connect_timeout", "20")
    place = parts.netloc
    if database.password:
        user, _, host = place.rpartition("@")
        place = f"{user}:{quote(database.password, safe='')}@{host}"
    return urlunsplit(("postgresql", place, parts.path, urlencode(asked, quote_via=quote), ""))


def _no_connection(database: Database, said: str) -> Exception:
    reason = _reason(database, said)
    if "authentication failed" in said or "no password supplied" in said:
        return UserProblem(
            "no-access",
            f"The database '{database.place}' must be open to you; got: {reason}.",
            path="data.source",
            hint=f"Put the password into the variable {PASSWORD}, the keyring or ~/.pgpass.",
        )
    if "does not exist" in said:
        return UserProblem(
            "absent-source", f"The database '{database.place}' must be there; got: {reason}.", path="data.source"
        )
    return _NotNow(reason)


def _frames(reader: Any) -> Iterator[pl.DataFrame]:
    """Yield the batches of an Arrow stream, small ones joined."""
    waiting: list[pl.DataFrame] = []
    for batch in reader:
        waiting.append(_plain(batch))
        if sum(each.height for each in waiting) >= _PART_ROWS:
            yield pl.concat(waiting, rechunk=True)
            waiting = []
    if waiting:
        yield pl.concat(waiting, rechunk=True)


def _plain(batch: Any) -> pl.DataFrame:
    """Return a batch as a frame; PostgreSQL's numeric, which comes as text so that no digit is lost, as numbers."""
    import pyarrow

    columns: list[pl.Series] = []
    for spec, column in zip(batch.schema, batch.columns, strict=True):
        held = column.storage if isinstance(column, pyarrow.ExtensionArray) else column
        series = pl.Series(spec.name, pl.from_arrow(held))
        typename = (spec.metadata or {}).get(b"ADBC:postgresql:typname", b"")
        if typename == b"numeric" or getattr(spec.type, "type_name", "") == "numeric":
            series = series.cast(pl.Float64, strict=False)
        columns.append(series)
    return pl.DataFrame(columns)


def _different(names: list[str]) -> list[str]:
    twice = next((name for place, name in enumerate(names) if name in names[:place]), None)
    if twice is not None:
        raise UserProblem(
            "duplicate-column",
            f"The columns of a query must differ; got '{twice}' twice.",
            path="data.source.query",
            hint=f"Name one of them otherwise: AS {twice}_2.",
        )
    return names


def _bad_query(database: Database, said: str) -> UserProblem:
    return UserProblem(
        "bad-query",
        f"The query must be one that '{Path(database.place).name}' answers with rows, for reading only; got:"
        f" {_reason(database, said)}.",
        path="data.source.query",
    )


def _reason(database: Database, said: str) -> str:
    """Return the line of a database's message that says what is wrong, without the password."""
    lines = [each.strip() for each in database.redacted(said).splitlines() if each.strip()]
    telling = next((each for each in lines if "ERROR:" in each or "FATAL:" in each), lines[0] if lines else "no reason")
    return telling.rstrip(".")


def _package(name: str) -> Any:
    import importlib

    try:
        importlib.import_module("pyarrow")
        return importlib.import_module(name)
    except ImportError as error:
        what = "PostgreSQL" if "postgresql" in name else "DuckDB"
        raise UserProblem(
            "missing-package",
            f"{what} must have the packages that read it; got: {error}.",
            path="data.source",
            hint="pip install 'declml[sql]'",
        ) from error

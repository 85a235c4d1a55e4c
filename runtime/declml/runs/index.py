"""A listing of all runs, kept in one SQLite file beside them so that only what changed is read again.

The file holds nothing that the folders do not: it can be deleted at any time, and is rebuilt when it is damaged or of
another version. Several processes may read and refresh it at once.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Collection, Generator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from declml.errors import UserProblem
from declml.runs.find import run_folders
from declml.runs.folder import RECORD, Run, current_status, deciding_value, open_run, run_number
from declml.runs.tags import read_tags

INDEX = ".index.sqlite"
_VERSION = 2
_WAIT_SECONDS = 5.0
_TABLE = """
create table if not exists runs (
    path text primary key, stamp text not null, number integer not null, experiment text not null,
    summary text not null, files text not null, taint text not null
) without rowid
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One run in a listing. ``value`` is the deciding metric on the validation split; ``problem`` says why it is
    unreadable.

    ``status`` is as `Run.status`, or ``unreadable``. ``seconds`` is None while it runs; ``taint`` as `Run.taint`.
    """

    id: str
    path: Path
    experiment: str
    status: str
    created: str = ""
    seconds: float | None = None
    output: str = ""
    metric: str = ""
    goal: str = ""
    value: float | None = None
    parent: str | None = None
    trigger: str = ""
    taint: tuple[str, ...] = ()
    problem: str = ""
    tags: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the row as JSON data."""
        answer: dict[str, Any] = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {**answer, "path": str(self.path), "taint": list(self.taint), "tags": list(self.tags)}


def list_runs(
    root: Path | str, *, experiment: str | None = None, status: str | None = None, tags: Collection[str] = ()
) -> list[Row]:
    """Return the runs under ``root``, the newest first, of one experiment or status and with all ``tags`` where given.

    Records that did not change since the last listing are not read again, and files that did not change are not hashed
    again.
    """
    root = Path(root)
    folders = run_folders(root)
    if not folders:
        return []
    rows = _rows_through_the_index(root, folders)
    return [
        each
        for each in reversed(rows)
        if (experiment is None or each.experiment == experiment)
        and (status is None or each.status == status)
        and set(tags).issubset(each.tags)
    ]


def _rows_through_the_index(root: Path, folders: list[Path]) -> list[Row]:
    for _attempt in range(2):
        try:
            with _opened(str(root / INDEX)) as database:
                return _refresh(database, root, folders)
        except sqlite3.DatabaseError as error:
            if not _is_damaged(error):
                break  # locked for long, or a folder that cannot be written: a listing is possible without the file
            _remove(root)
    with _opened(":memory:") as database:
        return _refresh(database, root, folders)


@contextmanager
def _opened(name: str) -> Generator[sqlite3.Connection]:
    # isolation_level None: transactions are begun and ended by the lines below, not by the module's guess.
    with closing(sqlite3.connect(name, timeout=_WAIT_SECONDS, isolation_level=None)) as database:
        database.execute("pragma journal_mode = wal")
        database.execute("pragma synchronous = normal")  # a lost last refresh is read from the folders again
        if not _is_current(database):
            database.execute("begin immediate")
            if not _is_current(database):  # nobody else made it in between
                database.execute("drop table if exists runs")
                database.execute(_TABLE)
                database.execute(f"pragma user_version = {_VERSION}")
            database.execute("commit")
        yield database


def _is_current(database: sqlite3.Connection) -> bool:
    return database.execute("pragma user_version").fetchone()[0] == _VERSION


def _refresh(database: sqlite3.Connection, root: Path, folders: list[Path]) -> list[Row]:
    known = {path: rest for path, *rest in database.execute("select path, stamp, summary, files, taint from runs")}
    rows: list[Row] = []
    changed: list[tuple[str, str, int, str, str, str, str]] = []
    for folder in folders:
        key = folder.relative_to(root).as_posix()
        stamp = _stamp(folder / RECORD)
        before = known.pop(key, None)
        summary = json.loads(before[1]) if before and before[0] == stamp else _summary(folder)
        files, taint = _taint(folder, summary, before[2:] if before and before[0] == stamp else None)
        rows.append(_row(folder, summary, taint))
        told, tainted = json.dumps(summary), json.dumps(taint)
        if before != [stamp, told, files, tainted]:
            changed.append((key, stamp, run_number(folder.name), rows[-1].experiment, told, files, tainted))
    if changed or known:
        database.execute("begin immediate")
        database.executemany("insert or replace into runs values (?, ?, ?, ?, ?, ?, ?)", changed)
        database.executemany("delete from runs where path = ?", [(path,) for path in known])
        database.execute("commit")
    return rows


def _summary(folder: Path) -> dict[str, Any]:
    """Return what a listing needs of a run's record: JSON data that does not change until the record does."""
    try:
        run = open_run(folder)
    except UserProblem as error:
        return {"problem": error.message}
    record = run.record
    return {
        "experiment": run.experiment,
        "status": record.get("status"),
        "process": record.get("process"),
        "hardware": {"host": (record.get("hardware") or {}).get("host")},
        "remote": record.get("remote"),
        "created": record.get("created") or record.get("started") or "",
        "seconds": record.get("seconds"),
        "decides": run.decides,
        "value": _finite_or_text(deciding_value(record)),
        "parent": record.get("parent"),
        "trigger": record.get("trigger") or "",
        "outputs": sorted(record.get("outputs") or {}),
    }


def _row(folder: Path, summary: Mapping[str, Any], taint: list[str]) -> Row:
    if "problem" in summary:
        problem = summary["problem"]
        return Row(folder.name, folder, folder.parent.name, "unreadable", problem=problem, tags=read_tags(folder))
    decides: Mapping[str, str] = summary["decides"]
    value = summary["value"]
    try:
        written = (folder / RECORD).stat().st_mtime
    except OSError:
        written = None
    return Row(
        folder.name,
        folder,
        summary["experiment"],
        current_status(summary, written=written),
        summary["created"],
        summary["seconds"],
        decides.get("output", ""),
        decides.get("metric", ""),
        decides.get("goal", ""),
        None if value is None else float(value),
        summary["parent"],
        summary["trigger"],
        tuple(taint),
        tags=read_tags(folder),
    )


def _taint(folder: Path, summary: Mapping[str, Any], before: list[str] | None) -> tuple[str, list[str]]:
    """Return the stamp of a run's files and which of them changed; they are hashed only when their stamp is a new
    one.
    """
    if "problem" in summary:
        return "", []
    files = " ".join(_stamp(folder / name) for name in (*summary["outputs"], "plan.json"))
    if before and before[0] == files:
        return files, json.loads(before[1])
    return files, Run(folder, open_run(folder).record).taint()


def _stamp(path: Path) -> str:
    """Return size, time and inode of a file: a file renamed into its place has another inode, even in one tick."""
    try:
        status = os.stat(path)  # noqa: PTH116 - called once per output of every run
    except OSError:
        return "-"
    return f"{status.st_size}.{status.st_mtime_ns}.{status.st_ino}"


def _finite_or_text(value: float | None) -> float | str | None:
    return value if value is None or value - value == 0 else str(value)


def _is_damaged(error: sqlite3.DatabaseError) -> bool:
    # A table of another shape (an error of the statement) is as good as damaged. Locked, read-only and full are not.
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and code & 0xFF in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR}


def _remove(root: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        (root / f"{INDEX}{suffix}").unlink(missing_ok=True)

"""The store of all that can be made again: entries addressed by content, each whole and verified or not there."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias

from declml.errors import UserProblem

Reason: TypeAlias = Literal["cached", "absent", "corrupt"]
"""Why an entry did not, or did, have to be made."""

_MANIFEST = "manifest.json"
_RACY_NANOSECONDS = 2_000_000_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One verified entry: its folder, the JSON facts stored beside its files, and whether it was there already.

    ``reason`` is ``cached``, ``absent`` (nothing there before) or ``corrupt`` (something broken was there and was
    removed).
    """

    path: Path
    facts: Mapping[str, Any]
    cached: bool = True
    reason: Reason = "cached"


@dataclass(slots=True)
class Cache:
    """A folder of entries ``<root>/<kind>/<first two of key>/<key>/``, safe for several processes at once.

    An entry's ``manifest.json`` names every file with size and SHA-256 and is verified before the entry is used; files
    that this process verified before and whose stat is unchanged are not read again. What is not here is looked for in
    ``under``, which is read and never written.
    """

    root: Path
    under: Cache | None = None
    _verified: dict[str, tuple[int, int, int]] = field(default_factory=dict[str, tuple[int, int, int]])

    def __post_init__(self) -> None:
        self.root = Path(self.root).absolute()

    def folder(self, kind: str, key: str) -> Path:
        """Return where that entry stands or would stand."""
        return self.root / kind / key[:2] / key

    def has(self, kind: str, key: str) -> bool:
        """Return whether the entry is there with files of the right sizes; a cheap look that a plan can afford."""
        folder = self.folder(kind, key)
        manifest = _read_manifest(folder)
        if manifest is None:
            return self.under is not None and self.under.has(kind, key)
        return all(_size(folder / name) == facts["size"] for name, facts in manifest["files"].items())

    def get(self, kind: str, key: str) -> Entry | None:
        """Return the verified entry, or None; a partial or corrupt one is removed. `find` also tells which."""
        return self.find(kind, key)[0]

    def find(self, kind: str, key: str) -> tuple[Entry | None, Reason]:
        """Return the verified entry or None, and why: ``cached``, ``absent`` or ``corrupt`` (then it was removed)."""
        entry, reason = self._look(kind, key)
        if reason == "corrupt":
            with _storage(self.root):
                _remove(self.folder(kind, key))
        if reason == "absent" and self.under is not None:
            return self.under._look(kind, key)
        return entry, reason

    def _look(self, kind: str, key: str) -> tuple[Entry | None, Reason]:
        folder = self.folder(kind, key)
        if not folder.exists():
            return None, "absent"
        manifest = _read_manifest(folder)
        if manifest is None or not self._intact(folder, manifest["files"]):
            return None, "corrupt"
        return Entry(folder, manifest["facts"]), "cached"

    def put(self, kind: str, key: str, write: Callable[[Path], Mapping[str, Any]]) -> Entry:
        """Let ``write`` fill a new folder and return JSON facts; the entry appears whole or not at all.

        Where another process was first, its entry is kept and returned.
        """
        final = self.folder(kind, key)
        with _storage(self.root):
            final.parent.mkdir(parents=True, exist_ok=True)
            draft = Path(tempfile.mkdtemp(dir=final.parent, prefix=".draft-"))
            try:
                facts = write(draft)
                sealed = self._seal(draft, facts)
                if _publish(draft, final):
                    self._verified.update({str(final / name): mark for name, mark in sealed.items()})
            finally:
                if draft.exists():
                    shutil.rmtree(draft, ignore_errors=True)
        entry = self.get(kind, key)
        if entry is None:
            raise UserProblem(
                "unwritable-cache",
                f"The cache at {self.root} must give back what was written; got something else for {kind} {key[:12]}.",
                hint="Check that disk, or choose another place for the cache.",
            )
        return Entry(entry.path, entry.facts, cached=False, reason="absent")

    def get_or_put(self, kind: str, key: str, write: Callable[[Path], Mapping[str, Any]]) -> Entry:
        """Return the entry, made by ``write`` if it was absent or corrupt."""
        entry, reason = self.find(kind, key)
        if entry is not None:
            return entry
        made = self.put(kind, key, write)
        return Entry(made.path, made.facts, cached=False, reason=reason)

    def _seal(self, draft: Path, facts: Mapping[str, Any]) -> dict[str, tuple[int, int, int]]:
        """Write the manifest of a finished folder from what its files read back as; return their stat by name."""
        files: dict[str, dict[str, Any]] = {}
        marks: dict[str, tuple[int, int, int]] = {}
        for path in sorted(each for each in draft.rglob("*") if each.is_file()):
            with path.open("rb") as file:
                os.fsync(file.fileno())
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            name, stat = path.relative_to(draft).as_posix(), path.stat()
            files[name] = {"size": stat.st_size, "sha256": digest}
            marks[name] = _mark(stat)
        body = json.dumps({"files": files, "facts": facts}, ensure_ascii=False, allow_nan=False)
        text = json.dumps({"sha256": hashlib.sha256(body.encode()).hexdigest(), "body": body}, ensure_ascii=False)
        with (draft / _MANIFEST).open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        return marks

    def _intact(self, folder: Path, files: Mapping[str, Mapping[str, Any]]) -> bool:
        for name, facts in files.items():
            path = folder / name
            try:
                stat = path.stat()
                mark = _mark(stat)
                if self._verified.get(str(path)) == mark:
                    continue
                if stat.st_size != facts["size"] or file_sha256(path) != facts["sha256"]:
                    return False
            except OSError:
                return False
            self._verified[str(path)] = mark
        return True


def _read_manifest(folder: Path) -> dict[str, Any] | None:
    """Return the files and facts of an entry; None where the manifest is absent, cut short or altered."""
    try:
        outer = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
        if hashlib.sha256(outer["body"].encode()).hexdigest() != outer["sha256"]:
            return None
        return json.loads(outer["body"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return -1


def _mark(stat: os.stat_result) -> tuple[int, int, int]:
    """Return what changes when a file does."""
    return stat.st_size, stat.st_mtime_ns, stat.st_ino


def _publish(draft: Path, final: Path) -> bool:
    """Move a finished folder into place and make the move durable; a lost race keeps the winner and returns False."""
    try:
        draft.rename(final)
    except OSError as error:
        if error.errno not in {errno.ENOTEMPTY, errno.EEXIST}:
            raise
        return False
    handle = os.open(final.parent, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
    return True


def _remove(folder: Path) -> None:
    """Take a broken entry away in one step, so that no reader meets half of it."""
    aside = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".broken-"))
    try:
        folder.rename(aside / folder.name)
    except FileNotFoundError:
        pass  # another process removed it first
    finally:
        shutil.rmtree(aside, ignore_errors=True)


@contextmanager
def _storage(root: Path) -> Generator[None]:
    """Turn a full disk or a folder that cannot be written into one sentence for the user."""
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise UserProblem(
                "disk-full",
                f"There must be room on the disk for the cache at {root}; got none left.",
                hint="Free some space, or choose another place for the cache. What was stored before stays whole.",
            ) from error
        if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST}:
            raise UserProblem(
                "unwritable-cache",
                f"The cache at {root} must be a folder that can be written; got:"
                f" {(error.strerror or str(error)).lower()}.",
                hint="Give write access to it, or choose another place for the cache.",
            ) from error
        raise


# --- hashes of source files -------------------------------------------------------------------------------------------


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def content_hash_of_files(paths: Sequence[Path], memo: Path | None = None) -> str:
    """Return one SHA-256 for the bytes of ``paths`` in their order; for a single file, the one of ``sha256sum``.

    ``memo`` is a small SQLite file, made when absent, that remembers digests by path, size, mtime and inode, so that an
    unchanged file is not read twice. A file changed less than two seconds ago is always read, since its clock may not
    tell.
    """
    digests = [_digest(path.absolute(), memo) for path in paths]
    if len(digests) == 1:
        return digests[0]
    return hashlib.sha256("".join(f"{digest}\n" for digest in digests).encode()).hexdigest()


def _digest(path: Path, memo: Path | None) -> str:
    try:
        stat = path.stat()
        if memo is None:
            return file_sha256(path)
        mark = (str(path), stat.st_size, stat.st_mtime_ns, stat.st_ino)
        known = _recall(memo, mark)
        if known is not None:
            return known
        digest = file_sha256(path)
    except FileNotFoundError as error:
        raise UserProblem("absent-source", f"{path} must be a file; got nothing there.") from error
    except OSError as error:
        raise UserProblem(
            "unreadable-source", f"{path} must be a readable file; got: {(error.strerror or str(error)).lower()}."
        ) from error
    after = path.stat()
    unchanged = (after.st_size, after.st_mtime_ns, after.st_ino) == mark[1:]
    if unchanged and time.time_ns() - stat.st_mtime_ns > _RACY_NANOSECONDS:
        _remember(memo, mark, digest)
    return digest


_Mark: TypeAlias = tuple[str, int, int, int]


def _recall(memo: Path, mark: _Mark) -> str | None:
    if not memo.exists():
        return None
    try:
        with closing(sqlite3.connect(memo, timeout=10)) as connection:
            row = connection.execute(
                "SELECT sha256 FROM files WHERE path = ? AND size = ? AND mtime_ns = ? AND inode = ?", mark
            ).fetchone()
    except sqlite3.Error:
        return None  # a memo is only ever a shortcut
    return row[0] if row else None


def _remember(memo: Path, mark: _Mark, digest: str) -> None:
    with _storage(memo.parent):
        memo.parent.mkdir(parents=True, exist_ok=True)
    try:
        with closing(sqlite3.connect(memo, timeout=10)) as connection, connection:
            connection.execute(
                "CREATE TABLE IF NOT EXISTS files"
                " (path TEXT PRIMARY KEY, size INTEGER, mtime_ns INTEGER, inode INTEGER, sha256 TEXT)"
            )
            connection.execute("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?)", (*mark, digest))
    except sqlite3.DatabaseError as error:
        if not isinstance(error, sqlite3.OperationalError):
            memo.unlink(missing_ok=True)  # not a database any more: the next call starts a new one

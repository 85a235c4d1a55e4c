"""Keeps a copy of a remote run in a local folder, so that everything that reads runs works on it.

``events.jsonl`` here is at each moment a prefix of the one there, byte for byte: bytes are appended at the offset that
the file has, and whatever is missing is read. One client at a time does it; a lock on the folder says which, and
another one takes over where it stopped, however it ended.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Literal, TypeAlias

from filelock import FileLock, Timeout

from declml.errors import DeclmlError, UserProblem
from declml.kernels.channel import ActFailed, Channel, ChannelLost, Hint

Artifacts: TypeAlias = Literal["fetch", "stay"]

EVENTS, RECORD, LOG, DIFF = "events.jsonl", "record.json", "worker.log", "git.diff"
LOCK = ".mirror.lock"
_PIECE = 2**22
_ONE_WRITE = 2**20
_MOST_PENDING = 2**22
"""Bytes of hints that wait to be written; beyond them only the size is remembered, and the file is read."""

_LOG_BYTES = 65_536
_LOCK_SECONDS = 0.2
_RECORD_SECONDS = 1.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 5.0
_TELLING = (b'"kind":"stage_finished"', b'"kind":"training_started"', b'"kind":"run_finished"', b'"kind":"run_started"')


@dataclass(frozen=True, slots=True)
class Copied:
    """What is copied: the folder there, the process that writes it, and what the record here says of it."""

    there: str
    here: Path
    pid: int
    about: Mapping[str, Any]
    artifacts: Artifacts = "fetch"


class Mirror:
    """Copies one run until its process has ended and everything that belongs here is here.

    ``on_notice`` hears of what takes long. `news` is set whenever the events here have grown, `complete` when the copy
    is whole; `failed` is why it never will be.
    """

    def __init__(self, channel: Channel, copied: Copied, *, on_notice: Callable[[str], None]) -> None:
        self._channel, self._copied, self._on_notice = channel, copied, on_notice
        self._events = copied.here / EVENTS
        self._there = str(PurePosixPath(copied.there) / EVENTS)
        self._news = threading.Condition()
        self._pending: list[Hint] = []
        self._pending_bytes = 0
        self._size_there = 0
        self._ended = False
        self._closed = False
        self._record_at = 0.0
        self._record_wanted = True
        self.code: int | None = None
        self.complete = threading.Event()
        self.news = threading.Event()
        self.failed: DeclmlError | None = None
        self._thread = threading.Thread(target=self._run, name=f"mirror {copied.here.name}", daemon=True)

    def start(self) -> None:
        """Begin, in a thread of its own."""
        self._thread.start()

    def close(self) -> None:
        """End soon; what is here stays, and another client may go on."""
        with self._news:
            self._closed = True
            self._news.notify_all()
        self._thread.join(10.0)

    # --- one client at a time --------------------------------------------------------------------------------------

    def _run(self) -> None:
        lock = FileLock(self._copied.here / LOCK, mode=0o600)
        try:
            while not self._closed:
                try:
                    lock.acquire(timeout=0)
                except Timeout:
                    if self._others_are_done():
                        return
                    with self._news:
                        self._news.wait(_LOCK_SECONDS)
                    continue
                self._copy_patiently()
                return
        except OSError as error:
            self.failed = _storage_problem(error, self._copied.here)
        except (UserProblem, ActFailed) as error:
            self.failed = error
        finally:
            if lock.is_locked:
                lock.release()
            if not self._closed:
                self.complete.set()
                self.news.set()

    def _others_are_done(self) -> bool:
        with contextlib.suppress(OSError, ValueError):
            record = json.loads((self._copied.here / RECORD).read_bytes())
            remote = record.get("remote") or {}
            return bool(remote.get("whole")) and remote.get("process") == self._copied.pid
        return False

    def _copy_patiently(self) -> None:
        """Copy to the end, through every loss of the connection."""
        pause = _FIRST_PAUSE
        followed = False
        while not self._closed:
            try:
                if not followed:
                    self._channel.follow(self._there, self._length(), self._copied.pid, self._take)
                    followed = True
                self._copy_events()
                self._finish()
                return
            except ChannelLost:
                with self._news:
                    self._news.wait(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)

    # --- events ----------------------------------------------------------------------------------------------------

    def _take(self, hint: Hint) -> None:
        """Take a hint, from the channel's thread: nothing is read or written here."""
        with self._news:
            self._size_there = max(self._size_there, hint.size, hint.offset + len(hint.data))
            self._ended = self._ended or hint.ended
            if hint.data and self._pending_bytes + len(hint.data) <= _MOST_PENDING:
                self._pending.append(hint)
                self._pending_bytes += len(hint.data)
            self._news.notify_all()

    def _copy_events(self) -> None:
        """Append what is new until the process there has ended and all of its events are here."""
        while True:
            with self._news:
                if not (self._pending or self._ended or self._closed) and self._size_there <= self._length():
                    self._news.wait(_RECORD_SECONDS)
            if self._channel.gone:
                self._channel.call("ended", {"pid": self._copied.pid})  # raises why it is gone
            with self._news:
                hints, self._pending, self._pending_bytes = self._pending, [], 0
                size, ended, closed = self._size_there, self._ended, self._closed
            if closed:
                raise ChannelLost("The copying was ended.")
            for hint in hints:
                self._append_hint(hint)
            while self._length() < size and self._read_more():
                pass
            if ended:
                while self._read_more():
                    pass
                return
            self._keep_record()

    def _append_hint(self, hint: Hint) -> None:
        known = self._length() - hint.offset
        if 0 <= known < len(hint.data):
            self._append(hint.data[known:])

    def _read_more(self) -> bool:
        """Read the next piece of whole lines and return whether there was any."""
        begin = self._length()
        piece = self._channel.read(self._there, begin, _PIECE)
        whole = piece[: piece.rfind(b"\n") + 1]
        if not whole:
            return False
        self._append(whole)
        return True

    def _append(self, data: bytes) -> None:
        if any(each in data for each in _TELLING):
            self._record_wanted = True
        with self._events.open("ab", buffering=0) as file:
            for begin in range(0, len(data), _ONE_WRITE):
                piece = data[begin : begin + _ONE_WRITE]
                # A part of a line, left by a full disk or a kill, is a prefix too: the next one goes on behind it.
                if file.write(piece) != len(piece):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self.news.set()

    def _length(self) -> int:
        try:
            return self._events.stat().st_size
        except FileNotFoundError:
            return 0

    # --- the record and what else belongs here ---------------------------------------------------------------------

    def _keep_record(self) -> None:
        if self._record_wanted and time.monotonic() - self._record_at >= _RECORD_SECONDS:
            self._record_at, self._record_wanted = time.monotonic(), False
            record = self._record()
            if record is not None and record["status"] == "running":
                self._write_record(record, whole=False)

    def _record(self) -> dict[str, Any] | None:
        """Return the record there; None where there is none, or where it was written anew while it was read."""
        try:
            record = json.loads(self._whole_file(RECORD))
        except ValueError:
            self._record_wanted = True
            return None
        return record if isinstance(record, dict) else None

    def _finish(self) -> None:
        told = self._channel.call("ended", {"pid": self._copied.pid})
        self.code = told["code"]
        log = self._whole_file(LOG)[-_LOG_BYTES:]
        _write_whole(self._copied.here / LOG, log)
        record = self._record()
        if record is None:  # it ended before it could write one
            with contextlib.suppress(OSError, ValueError):
                record = json.loads((self._copied.here / RECORD).read_bytes())
        if record is None:
            return
        if record["status"] == "running":
            record["status"] = "killed"
        outputs: dict[str, str] = dict(record.get("outputs") or {})
        stays = {name for name in outputs if self._copied.artifacts == "stay" and "/" in name}
        for name, digest in outputs.items():
            if name not in stays:
                self._fetch(name, digest)
        if stays:
            record["outputs"] = {name: digest for name, digest in outputs.items() if name not in stays}
            record["stays"] = {name: outputs[name] for name in sorted(stays)}
        self._write_record(record, whole=True)

    def _write_record(self, record: Mapping[str, Any], *, whole: bool) -> None:
        record = {**record, **self._git(record)}
        remote = {**self._copied.about, "folder": self._copied.there, "process": self._copied.pid, "whole": whole}
        text = json.dumps({**record, "remote": remote}, indent=2, ensure_ascii=False) + "\n"
        _write_whole(self._copied.here / RECORD, text.encode())

    def _git(self, record: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the git state of the project here, which the other side cannot know; what is not committed lies here
        already.
        """
        with contextlib.suppress(OSError, ValueError):
            here = json.loads((self._copied.here / RECORD).read_bytes())
            digest = _hash(self._copied.here / DIFF)
            outputs = {**record["outputs"], DIFF: digest} if digest and "outputs" in record else record.get("outputs")
            return {"git": here.get("git"), **({"outputs": outputs} if outputs is not None else {})}
        return {}

    def _fetch(self, name: str, digest: str) -> None:
        """Bring one file whose hash is known; what an earlier client has of it is not brought again."""
        path = self._copied.here / name
        if not path.resolve().is_relative_to(self._copied.here.resolve()):
            raise ActFailed(f"A file of a run must lie in its folder; got '{name}'.")
        if _hash(path) == digest:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f"{path.name}.part")
        for _ in range(2):
            with part.open("ab") as file:
                told = time.monotonic()
                while piece := self._channel.read(str(PurePosixPath(self._copied.there) / name), file.tell(), _PIECE):
                    file.write(piece)
                    if time.monotonic() - told > 1.0:
                        told = time.monotonic()
                        self._on_notice(f"bringing {name}: {file.tell() / 1e6:.1f} MB")
                    if self._closed:
                        raise ChannelLost("The copying was ended.")
            if _hash(part) == digest:
                part.replace(path)
                return
            part.unlink()  # of another run of the same name, or changed there meanwhile
        raise ActFailed(f"The file '{name}' must be there as the record says; it is another one.")

    def _whole_file(self, name: str) -> bytes:
        """Return a file of the run there as it is at one moment; nothing for one that is not there."""
        place = str(PurePosixPath(self._copied.there) / name)
        data = b""
        while True:
            piece = self._channel.read(place, len(data), _PIECE)
            data += piece
            if len(piece) < _PIECE:  # asking once more could meet the file that has taken its place
                return data


def _hash(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


def _write_whole(path: Path, data: bytes) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.write_bytes(data)
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def _storage_problem(error: OSError, path: Path) -> UserProblem:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return UserProblem(
            "disk-full",
            f"There must be room on the disk for {path}; got none left.",
            hint="The run goes on where it is. Free some space here and show it with `declml attach`.",
        )
    return UserProblem("unwritable-path", f"{path} must be a place that can be written; got: {error.strerror}.")

"""Tells when one of some files was saved, however an editor saves: in place, by a rename, in pieces, many at once.

The folders are watched and not the files, since a rename gives a name to another file. Where the system tells nothing
(network drives, too many watches) the folders are looked at instead.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from watchdog.events import FileSystemEvent
    from watchdog.observers.api import BaseObserver

QUIET_SECONDS = 0.18
"""How long nothing must be written before the files are taken as saved."""

_POLL_SECONDS = 0.5
_SILENT_FILE_SYSTEMS = ("nfs", "cifs", "smb", "9p", "fuse", "afs", "vboxsf", "virtiofs", "drvfs")


class ChangedFiles:
    """Watches files until it is closed. ``on_notice`` is told once when it has to poll."""

    def __init__(self, *, poll: bool = False, on_notice: Callable[[str], None]) -> None:
        self._poll, self._on_notice = poll, on_notice
        self._files: frozenset[str] = frozenset()
        self._observer: BaseObserver | None = None
        self._told = threading.Condition()
        self._last: float | None = None

    def watch(self, files: Iterable[Path]) -> None:
        """Watch these files instead of those before; one that does not exist yet counts when it appears."""
        names = frozenset(str(each.absolute()) for each in files)
        if names == self._files:
            return
        folders = {os.path.dirname(each) for each in names}  # noqa: PTH120 - events name files by texts
        before = {os.path.dirname(each) for each in self._files}  # noqa: PTH120 - as above
        self._files = names
        if folders != before:
            self._observe(folders)

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until something was saved and has been quiet for a moment; False when ``seconds`` went by before."""
        deadline = None if seconds is None else time.monotonic() + seconds
        with self._told:
            while True:
                now = time.monotonic()
                if self._last is not None and now - self._last >= QUIET_SECONDS:
                    self._last = None
                    return True
                if deadline is not None and now >= deadline and self._last is None:
                    return False
                ends = [] if deadline is None else [deadline - now]
                if self._last is not None:
                    ends = [self._last + QUIET_SECONDS - now]
                self._told.wait(max(0.0, min(ends)) if ends else None)

    def close(self) -> None:
        """End watching."""
        if self._observer is not None:
            self._observer.stop()
            self._observer.join()
            self._observer = None

    def _observe(self, folders: set[str]) -> None:
        self.close()
        there = {each for each in folders if os.path.isdir(each)}  # noqa: PTH112 - texts too
        silent = sorted(each for each in there if not self._poll and _is_silent(each))
        if silent:
            self._on_notice(f"{silent[0]} is on a drive that tells of no changes; looking every {_POLL_SECONDS} s.")
            self._poll = True
        try:
            self._observer = self._started(there)
        except OSError as error:
            # Out of inotify watches or instances: sysctl fs.inotify.max_user_watches.
            self._on_notice(f"The system tells of no changes ({error.strerror}); looking every {_POLL_SECONDS} s.")
            self._poll = True
            self._observer = self._started(there)

    def _started(self, folders: set[str]) -> BaseObserver:
        # Imported here: only who watches needs it.
        from watchdog.events import FileSystemEventHandler
        from watchdog.observers import Observer
        from watchdog.observers.polling import PollingObserver

        take = self._take

        class Handler(FileSystemEventHandler):
            def on_any_event(self, event: FileSystemEvent) -> None:
                take(event)

        observer: Any = PollingObserver(timeout=_POLL_SECONDS) if self._poll else Observer()
        try:
            for each in sorted(folders):
                observer.schedule(Handler(), each, recursive=False)
            observer.start()
        except OSError:
            observer.unschedule_all()
            raise
        return observer

    def _take(self, event: FileSystemEvent) -> None:
        # That a file was opened or read is no news: reading it ourselves would be told too.
        if event.event_type not in {"created", "modified", "moved", "deleted", "closed"}:
            return
        if {os.fsdecode(event.src_path), os.fsdecode(event.dest_path)} & self._files:
            with self._told:
                self._last = time.monotonic()
                self._told.notify_all()


def _is_silent(folder: str) -> bool:
    try:
        mounts = Path("/proc/self/mounts").read_text(errors="replace")
    except OSError:
        return False
    return tells_nothing(os.path.realpath(folder), mounts)


def tells_nothing(folder: str, mounts: str) -> bool:
    """Return whether the file system of a folder is one that tells a kernel nothing of what other machines write.

    ``mounts`` is what the system says in ``/proc/self/mounts``.
    """
    best, kind = "", ""
    for line in mounts.splitlines():
        fields = line.split()
        if len(fields) < 3:
            continue
        place = fields[1].encode().decode("unicode_escape")
        inside = folder == place or folder.startswith(place.rstrip("/") + "/")
        if inside and len(place) >= len(best):
            best, kind = place, fields[2]
    return kind.startswith(_SILENT_FILE_SYSTEMS)

"""Trains on a kernel of another machine: the files travel there, the run is mirrored here and followed as any other."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

from declml.errors import ConfigProblems, DeclmlError, UserProblem
from declml.kernels.channel import Channel, ChannelLost
from declml.kernels.local import LOG, Launched, follow, whole_size
from declml.kernels.mirror import Copied, Mirror
from declml.kernels.presence import require_presence
from declml.kernels.reach_remote import reached_remotely, without_token
from declml.run.config import Config
from declml.run.files import write_json
from declml.run.folder import RunFolder
from declml.run.launching import Launch, Started, check_pin, follow_run, identical_run, source_warnings
from declml.run.on_kernel import wait_for_turn
from declml.run.parcel import local_source, send_parcel
from declml.run.remote_request import (
    ANSWER_SECONDS,
    about_run,
    answer_to,
    asked_again,
    new_folder,
    note_arrival,
    note_refusal,
    request_of,
)
from declml.runs.find import find
from declml.runs.folder import Run, open_run
from declml_schema.events import read_events

OnEvent: TypeAlias = Callable[[Mapping[str, Any]], None]
OnNotice: TypeAlias = Callable[[str], None]

_ABOUT = ("address", "project", "ask")
_LAST_SECONDS = 5.0


class RemoteProcess:
    """A process of another machine as `Launched` needs it: it has ended when its mirror is whole."""

    def __init__(self, pid: int, mirror: Mirror) -> None:
        self.pid = pid
        self._mirror = mirror

    @property
    def returncode(self) -> int | None:
        """Its exit code, as far as the kernel there still knows it."""
        return self._mirror.code

    def ended(self) -> bool:
        """Return whether it is gone and all of it is here; whatever keeps it from being here is raised."""
        if self._mirror.failed is not None:
            raise self._mirror.failed
        return self._mirror.complete.is_set()

    def wait(self, timeout: float | None = None) -> int | None:
        """Wait until all of it is here and return the exit code."""
        if not self._mirror.complete.wait(timeout):
            raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0.0)
        self.ended()
        return self.returncode

    def let_go(self) -> None:
        """Look after it no longer: its mirror does."""


def train_at(
    address: str,
    launch: Launch,
    *,
    resume: str | Path | None = None,
    again: bool = False,
    detach: bool = False,
    on_event: OnEvent | None = None,
    on_notice: OnNotice | None = None,
) -> Run:
    """Train a launch on the kernel at ``address``, a Jupyter server's URL or ``ssh://user@host``, and return the run,
    which has the same id here and there.

    Everything else is as in a training on this machine: problems, Ctrl-C, ``resume``, a finished run that already is
    the answer. With ``detach`` it returns as soon as the other side trains; nothing of the run is brought here until
    somebody attaches.
    """
    notice = on_notice or _silent
    with reached_remotely(address, notice) as channel:
        began = _begin(launch, channel, without_token(address), resume=resume, again=again, notice=notice)
        if isinstance(began, Run):
            return began
        if detach:
            return open_run(began.here)
        return _follow(channel, began, launch, on_event, notice)


def _begin(
    launch: Launch, channel: Channel, address: str, *, resume: str | Path | None, again: bool, notice: OnNotice
) -> Copied | Run:
    """Have the other side train, and return what there is to copy, or the finished run that already is the answer."""
    source = local_source(launch)
    identity = None
    if source is not None:
        check_pin(launch, source)
        identity = launch.identity(source, launch.plugin_hashes())
        same = identical_run(launch.runs, identity["run"]) if resume is None and not again else None
        if same is not None:
            return replace(same, reused=True)
    old = find(launch.runs, str(resume)) if resume is not None else None
    require_presence(channel)
    if launch.plan.kernel.get("queue"):
        wait_for_turn(channel, notice)
    unpacked = send_parcel(channel, launch, source, on_notice=notice)
    if source is not None:
        launch = replace(launch, problems=[*launch.problems, *source_warnings(launch.config, source)])
    about = about_run(launch, address)
    folder = new_folder(launch, identity, channel, about) if old is None else asked_again(old, about)
    pid = 0
    try:
        request = request_of(launch, folder, channel, about, resume=old is not None, again=again) | unpacked.as_json()
        pid = int(channel.call("ask", {"request": request}, timeout_seconds=ANSWER_SECONDS)["pid"])
        note_arrival(folder)
        answer = answer_to(channel, str(about["ask"]), launch.config)
    except (DeclmlError, KeyboardInterrupt) as error:
        if isinstance(error, KeyboardInterrupt) and pid:
            with suppress(DeclmlError):
                channel.call("stop", {"pid": pid}, timeout_seconds=_LAST_SECONDS)
        if not isinstance(error, ChannelLost):  # nothing was trained
            shutil.rmtree(folder.path, ignore_errors=True) if old is None else write_json(folder.record, old.record)
        raise
    if answer["reused"]:
        return _bring(channel, launch.runs, folder, answer, about)
    return _noted(folder, answer, about, launch)


def _follow(channel: Channel, copied: Copied, launch: Launch, on_event: OnEvent | None, notice: OnNotice) -> Run:
    folder = RunFolder(copied.here)
    told = whole_size(folder.events)

    def stop(again: bool) -> None:  # noqa: FBT001 - the one thing that a stop can be told
        try:
            channel.call("stop", {"pid": copied.pid, "again": again}, timeout_seconds=_LAST_SECONDS)
        except ChannelLost:
            if again:
                raise
            notice(f"{channel.label} cannot be reached; the run goes on there. Ctrl-C again leaves it to itself")

    with _mirrored(channel, copied, told, notice) as process:
        follow_run(Started(folder, process, launch.config), on_event, stop)
        if process.process is not None:
            process.process.wait()
    return open_run(folder.path)


def attach_remotely(run: Run, on_event: OnEvent, on_notice: OnNotice) -> Run:
    """Tell every event of a remote run from its first on, bring what is missing here, and return it when it has ended.

    A Ctrl-C ends the telling alone.
    """
    remote: Mapping[str, Any] = run.record["remote"]
    if remote.get("whole"):
        for _, event in read_events(run.events) if run.events.exists() else ():
            on_event(event)
        return open_run(run.path)
    with reached_remotely(str(remote["address"]), on_notice) as channel:
        copied = _copied(channel, run)
        if copied is None:
            return open_run(run.path)
        with _mirrored(channel, copied, 0, on_notice) as process:
            follow(run.events, process, on_event)
            if process.process is not None:
                process.process.wait()
    return open_run(run.path)


def stop_remotely(run: Run, *, now: bool, on_notice: OnNotice) -> Run:
    """Stop a remote run, after a checkpoint or ``now``, wait until it has ended and return it."""
    with reached_remotely(str(run.record["remote"]["address"]), on_notice) as channel:
        copied = _copied(channel, run)
        if copied is None:
            return open_run(run.path)
        channel.call("stop", {"pid": copied.pid, "again": now})
        with _mirrored(channel, copied, 0, on_notice) as process:
            if process.process is not None:
                process.process.wait()
    return open_run(run.path)


def _copied(channel: Channel, run: Run) -> Copied | None:
    """Return what there is to copy of a run; its first client may have gone before it heard where the run is.

    None for one that never began: its record says so from now on.
    """
    remote: Mapping[str, Any] = run.record["remote"]
    about = {name: remote[name] for name in _ABOUT}
    artifacts = run.plan.kernel.get("artifacts") or "fetch"
    if "folder" in remote:
        return Copied(str(remote["folder"]), run.path, int(remote["process"]), about, artifacts)
    try:
        answer = answer_to(channel, str(remote["ask"]), Config(run.config, "config.yaml", None))
    except (UserProblem, ConfigProblems) as error:
        note_refusal(run, error)
        return None
    return Copied(str(answer["folder"]), run.path, int(answer["pid"] or 0), about, artifacts)


def _noted(folder: RunFolder, answer: Mapping[str, Any], about: Mapping[str, Any], launch: Launch) -> Copied:
    """Write into the record here where the run is and which process trains it; return what there is to copy."""
    artifacts = launch.plan.kernel.get("artifacts") or "fetch"
    kept = {name: about[name] for name in _ABOUT}
    copied = Copied(str(answer["folder"]), folder.path, int(answer["pid"]), kept, artifacts)
    record = json.loads(folder.record.read_text())
    remote = {**kept, "folder": copied.there, "process": copied.pid, "whole": False}
    write_json(folder.record, {**record, "status": "running", "remote": remote})
    return copied


@contextmanager
def _mirrored(channel: Channel, copied: Copied, told: int, notice: OnNotice) -> Generator[Launched]:
    """Mirror a run while inside; what is to be followed is told from byte ``told`` of the events here."""
    mirror = Mirror(channel, copied, on_notice=notice)
    mirror.start()
    try:
        yield Launched(copied.pid, copied.here / LOG, RemoteProcess(copied.pid, mirror), told, mirror.news)
    finally:
        mirror.close()


def _bring(channel: Channel, runs: Path, draft: RunFolder, answer: Mapping[str, Any], about: Mapping[str, Any]) -> Run:
    """Bring a finished run that already is the answer, and that only the other side has."""
    folder = RunFolder(runs / str(answer["experiment"]) / str(answer["run"]))
    if folder.path != draft.path:
        folder.path.parent.mkdir(parents=True, exist_ok=True)
        if folder.path.exists():
            shutil.rmtree(draft.path, ignore_errors=True)
        else:
            draft.path.rename(folder.path)
    copied = Copied(str(answer["folder"]), folder.path, 0, {name: about[name] for name in _ABOUT})
    with _mirrored(channel, copied, 0, _silent) as process:
        if process.process is not None:
            process.process.wait()
    return replace(open_run(folder.path), reused=True)


def _silent(_notice: str) -> None:
    """Tell nobody."""

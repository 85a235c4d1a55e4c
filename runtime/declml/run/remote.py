"""Trains on a kernel of another machine: the files travel there, the run is mirrored here and followed as any other."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
import uuid
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias

from declml import __version__
from declml.errors import ConfigProblems, DeclmlError, UserProblem
from declml.kernels.channel import Channel, ChannelLost
from declml.kernels.local import LOG, Launched, follow
from declml.kernels.mirror import Copied, Mirror
from declml.kernels.presence import require_presence
from declml.kernels.reach_remote import reached_remotely, without_token
from declml.kernels.remote_project import project_of
from declml.kernels.tokens import redacted
from declml.run.config import Config, told_problem
from declml.run.files import write_json
from declml.run.folder import RunFolder, create_run
from declml.run.launching import Launch, Started, check_pin, follow_run, identical_run
from declml.run.on_kernel import wait_for_turn
from declml.run.parcel import local_source, send_parcel
from declml.run.record import RECORD_FORMAT, command_line
from declml.runs.find import find
from declml.runs.folder import Run, open_run
from declml_schema.events import read_events

OnEvent: TypeAlias = Callable[[Mapping[str, Any]], None]
OnNotice: TypeAlias = Callable[[str], None]

_ANSWER_SECONDS = 600.0
_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.02, 0.5
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


def train_at(
    address: str,
    launch: Launch,
    *,
    resume: str | Path | None = None,
    again: bool = False,
    on_event: OnEvent | None = None,
    on_notice: OnNotice | None = None,
) -> Run:
    """Train a launch on the kernel at ``address``: a Jupyter server's URL or ``ssh://user@host``."""
    notice = on_notice or _silent
    with reached_remotely(address, notice) as channel:
        return train_remotely(
            launch,
            channel,
            address=without_token(address),
            resume=resume,
            again=again,
            on_event=on_event,
            on_notice=notice,
        )


def train_remotely(
    launch: Launch,
    channel: Channel,
    *,
    address: str = "",
    resume: str | Path | None = None,
    again: bool = False,
    on_event: OnEvent | None = None,
    on_notice: OnNotice | None = None,
) -> Run:
    """Train a launch on the kernel of ``channel`` and return the run, which has the same id here and there.

    ``address`` is how the kernel is reached again, without a token. Everything else is as in a training on this
    machine: problems, Ctrl-C, ``resume``, a finished run that already is the answer.
    """
    notice = on_notice or _silent
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
    about = {"address": address, "project": project_of(launch.runs), "ask": uuid.uuid4().hex}
    folder = RunFolder(old.path) if old is not None else _new_folder(launch, identity, channel, about)
    try:
        channel.call("ask", {"request": _request(launch, folder, channel, about, resume=old is not None, again=again)
                             | unpacked.as_json()}, timeout_seconds=_ANSWER_SECONDS)  # fmt: skip
        answer = _answer(channel, str(about["ask"]), launch.config)
    except (DeclmlError, KeyboardInterrupt) as error:
        if old is None and not isinstance(error, ChannelLost):
            shutil.rmtree(folder.path, ignore_errors=True)  # nothing was trained
        raise
    if answer["reused"]:
        return _bring(channel, launch.runs, folder, answer, about)
    return _follow(channel, folder, answer, about, launch, on_event, notice)


def _request(
    launch: Launch, folder: RunFolder, channel: Channel, about: Mapping[str, Any], *, resume: bool, again: bool
) -> dict[str, Any]:
    return {
        "id": about["ask"],
        "project": about["project"],
        "run": folder.id,
        "experiment": folder.experiment,
        "resume": resume,
        "again": again,
        "config": launch.config.text,
        "file": launch.config.file if launch.config.path is None else launch.config.path.name,
        "plan": launch.plan.as_json(),
        "warnings": [problem.as_json() for problem in launch.problems],
        "trigger": launch.trigger,
        "parent": launch.parent,
        "threads": launch.threads,
        "device": launch.device,
        "argv": [redacted(each) for each in command_line()],
        "kernel": channel.label,
    }


def _new_folder(
    launch: Launch, identity: Mapping[str, str] | None, channel: Channel, about: Mapping[str, Any]
) -> RunFolder:
    """Make the run's folder here with a first record, so that the run can be found whatever happens next."""
    mark = identity["run"] if identity else launch.plan.identity
    folder = create_run(
        launch.runs, launch.experiment, identity=mark, config=launch.config.text, plan=launch.plan.as_json()
    )
    now = datetime.now(UTC).isoformat(timespec="seconds")
    first = {
        "format": RECORD_FORMAT,
        "declml": __version__,
        "run": folder.id,
        "experiment": folder.experiment,
        "created": now,
        "started": now,
        "trigger": launch.trigger,
        "parent": launch.parent,
        "identity": dict(identity or {}),
        "kernel": channel.label,
        "status": "running",
        "remote": dict(about),
    }
    write_json(folder.record, first)
    return folder


def _answer(channel: Channel, ask: str, config: Config | None) -> dict[str, Any]:
    """Wait for the answer to a request; its problems are raised, with their places in the config."""
    deadline = time.monotonic() + _ANSWER_SECONDS
    pause = _SHORTEST_PAUSE
    while True:
        told = channel.call("answered", {"number": ask})
        answer = told["answer"]
        if answer is not None:
            break
        if told["ended"] or time.monotonic() > deadline:
            raise UserProblem(
                "kernel-failed",
                f"The process on {channel.label} must answer; it ended without an answer."
                + "".join(f"\n    {line}" for line in redacted(told["log"]).splitlines()),
            )
        time.sleep(pause)
        pause = min(pause * 1.5, _LONGEST_PAUSE)
    if "problems" in answer:
        config = config or Config("", "config.yaml", None)
        problems = [told_problem(each, config) for each in answer["problems"]]
        if len(problems) == 1:
            first = problems[0]
            raise UserProblem(first.code, first.message, path=first.path, hint=first.hint)
        raise ConfigProblems(problems, source=config.text, file=config.file)
    return answer


def _follow(
    channel: Channel,
    folder: RunFolder,
    answer: Mapping[str, Any],
    about: Mapping[str, Any],
    launch: Launch,
    on_event: OnEvent | None,
    notice: OnNotice,
) -> Run:
    artifacts = launch.plan.kernel.get("artifacts") or "fetch"
    copied = Copied(str(answer["folder"]), folder.path, int(answer["pid"]), about, artifacts)
    _note(folder, copied)
    told = folder.events.stat().st_size if folder.events.exists() else 0

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
        with _mirrored(channel, copied, 0, on_notice) as process:
            follow(run.events, process, on_event)
            if process.process is not None:
                process.process.wait()
    return open_run(run.path)


def stop_remotely(run: Run, *, now: bool, on_notice: OnNotice) -> Run:
    """Stop a remote run, after a checkpoint or ``now``, wait until it has ended and return it."""
    with reached_remotely(str(run.record["remote"]["address"]), on_notice) as channel:
        copied = _copied(channel, run)
        channel.call("stop", {"pid": copied.pid, "again": now})
        with _mirrored(channel, copied, 0, on_notice) as process:
            if process.process is not None:
                process.process.wait()
    return open_run(run.path)


def _copied(channel: Channel, run: Run) -> Copied:
    """Return what there is to copy of a run; its first client may have gone before it heard where the run is."""
    remote: Mapping[str, Any] = run.record["remote"]
    about = {name: remote[name] for name in ("address", "project", "ask")}
    artifacts = run.plan.kernel.get("artifacts") or "fetch"
    if "folder" in remote:
        return Copied(str(remote["folder"]), run.path, int(remote["process"]), about, artifacts)
    answer = _answer(channel, str(remote["ask"]), Config(run.config, "config.yaml", None))
    return Copied(str(answer["folder"]), run.path, int(answer["pid"] or 0), about, artifacts)


def _note(folder: RunFolder, copied: Copied) -> None:
    """Write into the record here where the run is and which process trains it."""
    record = json.loads(folder.record.read_text())
    remote = {**copied.about, "folder": copied.there, "process": copied.pid, "whole": False}
    write_json(folder.record, {**record, "status": "running", "remote": remote})


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
    copied = Copied(str(answer["folder"]), folder.path, 0, about)
    with _mirrored(channel, copied, 0, _silent) as process:
        if process.process is not None:
            process.process.wait()
    return replace(open_run(folder.path), reused=True)


def _silent(_notice: str) -> None:
    """Tell nobody."""

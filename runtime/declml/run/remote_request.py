"""The request for a training on another machine: what it says, what is noted here of it, and what was answered.

A client may be killed at any moment. What the record here says is true at each of them: that the request is about to be
sent and by whom, that it has arrived, and at last where the run is.
"""

from __future__ import annotations

import json
import os
import platform
import time
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from declml import __version__
from declml.errors import ConfigProblems, DeclmlError, UserProblem
from declml.kernels.channel import Channel
from declml.kernels.remote_project import project_of
from declml.kernels.tokens import redacted
from declml.run.config import Config, place_problem, told_problem
from declml.run.files import write_json, write_text
from declml.run.folder import RunFolder, create_run
from declml.run.launching import Launch
from declml.run.record import RECORD_FORMAT, command_line, git_state
from declml.runs.folder import Run
from declml_schema.problems import Problem

ANSWER_SECONDS = 600.0
NEVER_ARRIVED = "run-never-began"
"""The code of the problem of a run whose request nobody received."""

_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.02, 0.5


def about_run(launch: Launch, address: str) -> dict[str, Any]:
    """Return what is noted of a run before its request is sent: how its kernel is reached, and who asks."""
    return {
        "address": address,
        "project": project_of(launch.runs),
        "ask": uuid.uuid4().hex,
        "client": {"process": os.getpid(), "host": platform.node()},
        "arrived": False,
    }


def request_of(
    launch: Launch, folder: RunFolder, channel: Channel, about: Mapping[str, Any], *, resume: bool, again: bool
) -> dict[str, Any]:
    """Return the request, but for where its files lie on the other side."""
    return {
        "id": about["ask"],
        "project": about["project"],
        "run": folder.id,
        "experiment": folder.experiment,
        "resume": resume,
        # Of a run that nobody here has seen an event of, the other side may never have heard.
        "begin": not folder.events.exists(),
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


def new_folder(
    launch: Launch, identity: Mapping[str, str] | None, channel: Channel, about: Mapping[str, Any]
) -> RunFolder:
    """Make the run's folder here with a first record, so that the run can be found whatever happens next."""
    mark = identity["run"] if identity else launch.plan.identity
    folder = create_run(
        launch.runs, launch.experiment, identity=mark, config=launch.config.text, plan=launch.plan.as_json()
    )
    git, diff = git_state(launch.folder)
    if diff:
        write_text(folder.diff, diff)
    now = _now()
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
        "git": git,
        "kernel": channel.label,
        "status": "running",
        "remote": dict(about),
    }
    write_json(folder.record, first)
    return folder


def asked_again(old: Run, about: Mapping[str, Any]) -> RunFolder:
    """Note that a run which did not finish is asked for once more, and return its folder."""
    folder = RunFolder(old.path)
    write_json(folder.record, {**old.record, "status": "running", "remote": dict(about)})
    return folder


def note_arrival(folder: RunFolder) -> None:
    """Note that the other side has the request."""
    record = json.loads(folder.record.read_text())
    write_json(folder.record, {**record, "remote": {**record["remote"], "arrived": True}})


def answer_to(channel: Channel, ask: str, config: Config | None) -> dict[str, Any]:
    """Wait for the answer to a request; its problems are raised, with their places in the config."""
    deadline = time.monotonic() + ANSWER_SECONDS
    pause = _SHORTEST_PAUSE
    while True:
        told = channel.call("answered", {"number": ask})
        answer = told["answer"]
        if answer is not None:
            break
        if not told["known"]:
            raise UserProblem(
                NEVER_ARRIVED,
                f"Its request never arrived at {channel.label}: whoever asked went away before. Nothing was trained.",
            )
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


def note_refusal(run: Run, error: DeclmlError) -> None:
    """Note of a run whose client went away that it never trained, and why: nobody is left who would tell."""
    if isinstance(error, ConfigProblems):
        problem = error.problems[0]
    elif isinstance(error, UserProblem):
        problem = place_problem(run.config, error, file="config.yaml")
    else:
        problem = Problem("kernel-failed", str(error))
    status = "interrupted" if problem.code == NEVER_ARRIVED else "failed"
    ended = {"status": status, "finished": _now(), "problem": problem.as_json()}
    write_json(RunFolder(run.path).record, {**run.record, **ended, "remote": {**run.record["remote"], "whole": True}})


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")

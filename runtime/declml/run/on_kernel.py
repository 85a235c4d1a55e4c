"""Trains on the kernel that was chosen: one of this machine starts the process here, a remote one is asked to."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias
from uuid import uuid4

from declml.errors import UserProblem
from declml.kernels.channel import Channel
from declml.kernels.choice import Choice
from declml.kernels.fingerprint import source_hash
from declml.kernels.known import known_kernel
from declml.kernels.reach import reached
from declml.run.launching import Launch, OnEvent, begun_run, follow_run, start_run
from declml.runs.find import find
from declml.runs.folder import Run

_TURN_SECONDS = 0.2

OnNotice: TypeAlias = Callable[[str], None]


def train_on(
    choice: Choice,
    launch: Launch,
    *,
    resume: str | Path | None = None,
    again: bool = False,
    detach: bool = False,
    on_event: OnEvent | None = None,
    on_notice: OnNotice | None = None,
) -> Run:
    """Train a launch on the kernel of ``choice``, follow it to its end and return the run.

    With ``detach`` it returns as soon as the run trains, which then has the status ``running``. A run to ``resume``
    goes on where it is: on this machine, or on the remote kernel that it began on where ``choice`` names none.
    """
    notice = on_notice or _silent
    launch = replace(launch, on_notice=notice)
    address = remote_address(choice)
    if resume is not None:
        address = _place_of(find(launch.runs, resume), choice, address)
    if address is not None:
        # Imported here: whoever trains on this machine needs none of it.
        from declml.run.remote import train_at

        return train_at(address, launch, resume=resume, again=again, detach=detach, on_event=on_event, on_notice=notice)
    with ExitStack() as stack:

        def kernel() -> Channel | None:
            channel = stack.enter_context(reached(choice, notice))
            if channel is not None and choice.kind == "spec":
                _require_same_code(channel)
            if channel is not None and launch.plan.kernel.get("queue"):
                wait_for_turn(channel, notice)
            return channel

        started = start_run(replace(launch, kernel=kernel), resume=resume, again=again)
        return begun_run(started) if detach else follow_run(started, on_event)


def _place_of(run: Run, choice: Choice, address: str | None) -> str | None:
    """Return the address of the remote kernel that a run must go on at, None for this machine."""
    remote = run.record.get("remote")
    there = str(remote["address"]) if remote else None
    if not choice.asked:
        return there
    if (there is None) != (address is None):
        raise UserProblem(
            "resume-elsewhere",
            f"A run must be resumed where its checkpoint is, {f'on {there}' if there else 'on this machine'}; got the"
            f" kernel '{choice.text.partition('?')[0]}'.",
            hint=f"Resume it with: --kernel {there or 'warm'}",
        )
    return address


def remote_address(choice: Choice) -> str | None:
    """Return where a remote kernel is, also one that was written down by name; None for one of this machine."""
    if choice.remote:
        return choice.text
    known = known_kernel(choice.text) if choice.kind == "spec" else None
    return known.address if known is not None else None


def _require_same_code(channel: Channel) -> None:
    """Refuse a kernel of other code: the run's identity would say something that is not so."""
    about = channel.call("about", {})
    if about["source"] != source_hash():
        raise UserProblem(
            "kernel-other-version",
            f"The kernel '{channel.label}' must have this declml; it has another ({about['declml']}).",
            path="kernel.name",
            hint=f"Install the same one there: {about['executable']} -m pip install --upgrade declml",
        )


def wait_for_turn(channel: Channel, notice: OnNotice) -> None:
    """Return when the kernel trains nothing else and nobody waits longer; a `KeyboardInterrupt` gives up."""
    ticket, told = uuid4().hex, ""
    while not (answer := channel.call("turn", {"ticket": ticket}))["turn"]:
        names = ", ".join(Path(each).name for each in answer["running"])
        behind = [f"run {names}"] if names else []
        behind += [f"{answer['waiting']} that wait longer"] if answer["waiting"] else []
        text = f"Waiting behind {' and '.join(behind)}."
        if text != told:
            notice(text)
            told = text
        time.sleep(_TURN_SECONDS)


def _silent(_notice: str) -> None:
    """Tell nobody."""

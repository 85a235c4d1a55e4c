"""What is on the other side, asked without needing declml there, and how the same declml gets there."""

from __future__ import annotations

import inspect
import json
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from declml.errors import UserProblem
from declml.kernels import there_now
from declml.kernels.channel import ActFailed, Channel
from declml.kernels.doors import Door, door_to
from declml.kernels.fingerprint import source_hash
from declml.kernels.tokens import redacted
from declml.kernels.wheel import build_wheel

OnNotice: TypeAlias = Callable[[str], None]

_LOOK_SECONDS, _INSTALL_SECONDS = 120.0, 3600.0
_PIECE = 2**22


@dataclass(frozen=True, slots=True)
class Presence:
    """The other side: its Python, the declml and torch that it has, its GPUs, room on its disk.

    ``clock_seconds`` is how far its clock is ahead of ours, to within the time that asking took.
    """

    label: str
    python: str
    executable: str
    folder: str
    declml: str | None
    source: str | None
    torch: str | None
    gpus: list[str]
    free_bytes: int
    clock_seconds: float

    @property
    def same(self) -> bool:
        """Whether it has the very declml that runs here."""
        return self.source == source_hash()


def presence_at(address: str) -> Presence:
    """Return what is at ``address``, whether declml is there or not."""
    with door_to(address) as door:
        return presence_of(door)


def presence_of(door: Door) -> Presence:
    """Return what is behind a door."""
    before = time.time()
    told = json.loads(door.run(_code("look"), {}, seconds=_LOOK_SECONDS, on_output=_silent))
    clock = told.pop("time") - (before + time.time()) / 2
    return Presence(label=door.label, clock_seconds=round(clock, 3), **told)


def require_presence(channel: Channel) -> None:
    """Raise a `UserProblem` unless the kernel of a channel has the very declml that runs here: the run's identity would
    say something that is not so.
    """
    try:
        about = channel.call("about", {}, timeout_seconds=_LOOK_SECONDS)
    except ActFailed as failed:
        raise UserProblem("kernel-without-declml", str(failed), hint=_HINT) from failed
    if about["source"] != source_hash():
        raise UserProblem(
            "kernel-other-version",
            f"The kernel {channel.label} must have this declml; it has another ({about['declml']}).",
            hint=_HINT,
        )


_HINT = "`declml kernels install ADDRESS` sends this one there and installs it with pip."


def install_at(address: str, *, on_notice: OnNotice) -> Presence:
    """Send the declml that runs here to ``address``, install it with that side's pip, and return what is there now.

    Nothing is done where it is there already. ``on_notice`` hears how far it is.
    """
    with door_to(address) as door:
        before = presence_of(door)
        if before.same:
            return before
        _require_python(before)
        name, data = build_wheel()
        on_notice(f"sending {name} ({len(data) / 1e6:.1f} MB) to {door.label}")
        path = ""
        for offset in range(0, len(data), _PIECE):
            piece = data[offset : offset + _PIECE]
            about = {"name": name, "offset": offset}
            path = door.run(_code("receive"), about, blob=piece, seconds=_LOOK_SECONDS, on_output=_silent)

        last: deque[str] = deque(maxlen=3)

        def heard(text: str) -> None:
            for line in text.splitlines():
                if line.strip():
                    last.append(redacted(line.strip()))
                    on_notice(last[-1])

        code = door.run(_code("install"), {"path": path}, seconds=_INSTALL_SECONDS, on_output=heard)
        if code != "0":
            raise UserProblem(
                "kernel-install",
                f"pip on {door.label} must install {name}; it ended with exit code {code}."
                + "".join(f"\n    {line}" for line in last),
                hint="Installing declml there by hand is as good.",
            )
        door.renew()
        after = presence_of(door)
    if not after.same:
        raise UserProblem(
            "kernel-install",
            f"{after.label} must have this declml now; it still has another ({after.declml}).",
            hint=f"Something before it on the path of {after.executable} hides it.",
        )
    return after


def _require_python(found: Presence) -> None:
    version = tuple(int(part) for part in found.python.split(".")[:2])
    if version < (3, 11):
        raise UserProblem("kernel-install", f"{found.label} must have Python 3.11 or newer; it has {found.python}.")


def _code(name: str) -> str:
    """Return the source of a function of `there_now` as lines that leave its answer in ``answer``."""
    source = inspect.getsource(getattr(there_now, name))
    return f"from __future__ import annotations\n{source}\nanswer = {name}(arguments, blob)\n"


def _silent(_text: str) -> None:
    """Tell nobody."""

"""One ``ssh`` of the user's own to one machine: how it is called, and what its complaints mean."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import threading
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from declml.errors import UserProblem
from declml.kernels.bridge import MARK
from declml.kernels.channel import ChannelLost

SSH = "DECLML_SSH"
"""The environment variable that holds another command line for ssh, such as ``ssh -F my_config``."""

_PLAIN = re.compile(r"[A-Za-z0-9_.\-]+(@[A-Za-z0-9_.\-:\[\]]+)?")
_MOST_NOISE = 65_536
_OPTIONS = ("BatchMode=yes", "ServerAliveInterval=5", "ServerAliveCountMax=3", "ConnectTimeout=15")


@dataclass(frozen=True, slots=True)
class Target:
    """Where to: ``user@host``, a port where one is named, and the interpreter on the other side."""

    host: str
    port: int | None = None
    python: str = "python3"

    @property
    def label(self) -> str:
        """How a person knows it."""
        return f"{self.host}:{self.port}" if self.port else self.host

    def command(self, arguments: Sequence[str]) -> list[str]:
        """Return the command line that runs the interpreter there with ``arguments``."""
        there = " ".join(shlex.quote(each) for each in (self.python, *arguments))
        options = [part for each in _OPTIONS for part in ("-o", each)]
        port = ["-p", str(self.port)] if self.port else []
        return [*shlex.split(os.environ.get(SSH) or "ssh"), "-T", *options, *port, "--", self.host, there]


def target_of(address: str) -> Target:
    """Return what ``ssh://user@host[:port][/path/to/python]`` names."""
    parts = urlsplit(address)
    host = f"{parts.username}@{parts.hostname}" if parts.username else (parts.hostname or "")
    if parts.password is not None:
        raise UserProblem(
            "kernel-address",
            f"An ssh address must hold no password; got one for '{parts.hostname}'.",
            hint="Use a key, and ssh-agent where the key has a passphrase.",
        )
    if not _PLAIN.fullmatch(host) or host.startswith("-"):
        raise UserProblem("kernel-address", f"An ssh address must be ssh://user@host; got '{host}'.")
    python = unquote(parts.path)
    return Target(host, parts.port, python if python not in {"", "/"} else "python3")


class Bridge:
    """A running ``ssh`` whose bridge has said that it is ready. ``reader`` and ``writer`` are its pipes."""

    def __init__(self, target: Target) -> None:
        try:
            self.process = subprocess.Popen(
                target.command(["-P", "-m", "declml.kernels.bridge"]),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,  # Ctrl-C in the terminal is for whoever follows the run
            )
        except FileNotFoundError as error:
            raise UserProblem("kernel-unreachable", f"ssh must be installed; got no '{error.filename}'.") from error
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.writer, self.reader = self.process.stdin, self.process.stdout
        self._said: deque[str] = deque(maxlen=12)
        self._listener = threading.Thread(target=self._listen, name=f"ssh {target.label}", daemon=True)
        self._listener.start()
        try:
            self._await_ready(target)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End the ssh; what runs on the other side goes on."""
        for each in (self.writer, self.reader):
            with suppress(OSError):
                each.close()
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait()
        self._listener.join(2.0)

    def _await_ready(self, target: Target) -> None:
        noise = 0
        while line := self.reader.readline(_MOST_NOISE):
            if line.startswith(MARK):
                word, _, rest = line.removeprefix(MARK).decode(errors="replace").strip().partition(" ")
                if word == "ready":
                    return
                raise UserProblem("kernel-start", f"The kernel on {target.label} must start; got: {rest}")
            noise += len(line)
            if noise > _MOST_NOISE:
                raise UserProblem(
                    "kernel-unreachable", f"{target.label} must answer with a kernel; it prints other text."
                )
        self.process.wait()
        self._listener.join(2.0)
        raise complaint(target, list(self._said), self.process.returncode)

    def _listen(self) -> None:
        assert self.process.stderr is not None
        with self.process.stderr as errors, suppress(ValueError, OSError):
            for line in errors:
                self._said.append(line.decode(errors="replace").strip())


def complaint(target: Target, said: Sequence[str], code: int) -> UserProblem | ChannelLost:
    """Return what the last lines of an ssh that ended mean."""
    text = "\n".join(said)
    last = said[-1].strip() if said else f"ssh ended with exit code {code}"
    if "No module named" in text and "declml" in text:
        return UserProblem(
            "kernel-without-declml",
            f"{target.label} must have declml; its {target.python} has none.",
            hint="`declml kernels install ADDRESS` sends this one there and installs it with pip.",
        )
    if "Permission denied" in text or "Host key verification failed" in text:
        return UserProblem(
            "kernel-token",
            f"{target.label} must let us in; ssh says: {last}",
            hint=f"It must work without a question: ssh {target.host} true",
        )
    if code in {126, 127}:
        return UserProblem(
            "kernel-without-declml",
            f"{target.label} must have the interpreter '{target.python}'; got: {last}",
            hint="Name it in the address: ssh://user@host/path/to/python",
        )
    return ChannelLost(f"{target.label} must be reachable; ssh says: {last}")

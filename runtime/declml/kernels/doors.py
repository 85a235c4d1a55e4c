"""Ways to run a few lines of Python on a machine that may have no declml yet: in a server's kernel, or through ssh.

The lines find ``arguments`` and ``blob`` and leave a text in ``answer``; what they print is told as it comes.
"""

from __future__ import annotations

import base64
import subprocess
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol, TypeAlias

from declml.errors import UserProblem
from declml.kernels.channel import ActFailed
from declml.kernels.server_channel import ServerChannel
from declml.kernels.server_kernel import restart, server_kernel
from declml.kernels.ssh_process import Target, complaint, target_of

OnOutput: TypeAlias = Callable[[str], None]
_MARK = "declml-answer "


class Door(Protocol):
    """One machine, and an interpreter on it."""

    @property
    def label(self) -> str:
        """How a person knows it."""
        ...

    def run(
        self, code: str, arguments: Mapping[str, Any], *, blob: bytes = b"", seconds: float, on_output: OnOutput
    ) -> str:
        """Run ``code`` there and return its answer; `ActFailed` when it raises."""
        ...

    def renew(self) -> None:
        """Forget what the interpreter has in its memory of declml."""
        ...


class ServerDoor:
    """A kernel of a Jupyter server."""

    def __init__(self, channel: ServerChannel) -> None:
        self._channel = channel

    @property
    def label(self) -> str:
        """How a person knows it."""
        return self._channel.label

    def run(
        self, code: str, arguments: Mapping[str, Any], *, blob: bytes = b"", seconds: float, on_output: OnOutput
    ) -> str:
        """Run ``code`` in the kernel; the names of its cells are not touched."""
        buffers = "b''.join(bytes(each) for each in get_ipython().kernel.get_parent().get('buffers') or ())"
        names = f"{{'arguments':{dict(arguments)!r},'blob':{buffers}}}"
        expression = f"(lambda names:(exec({code!r},names),names['answer'])[1])({names})"
        blobs = [blob] if blob else []
        return self._channel.evaluate(
            expression, blobs=blobs, timeout_seconds=seconds, again=False, on_output=on_output
        )

    def renew(self) -> None:
        """Start the kernel anew. What it launched goes on."""
        restart(self._channel)


class SshDoor:
    """An interpreter at the other end of an ssh."""

    def __init__(self, target: Target) -> None:
        self._target = target

    @property
    def label(self) -> str:
        """How a person knows it."""
        return self._target.label

    def run(
        self, code: str, arguments: Mapping[str, Any], *, blob: bytes = b"", seconds: float, on_output: OnOutput
    ) -> str:
        """Run ``code`` in a process of its own."""
        given = f"'arguments':{dict(arguments)!r},'blob':base64.b64decode({base64.b64encode(blob)!r})"
        script = f"import base64\nnames={{{given}}}\nexec({code!r},names)\n"
        script += f"print({_MARK!r}+base64.b64encode(names['answer'].encode()).decode(),flush=True)\n"
        answer, said = "", ""
        with subprocess.Popen(
            self._target.command(["-"]),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(script)
            process.stdin.close()
            for line in process.stdout:
                if line.startswith(_MARK):
                    answer = base64.b64decode(line.removeprefix(_MARK)).decode()
                else:
                    said = f"{said}{line}"[-4000:]
                    on_output(line)
            process.wait(seconds)
        if process.returncode != 0:
            trouble = complaint(self._target, said.splitlines(), process.returncode)
            raise ActFailed(str(trouble)) if "Traceback" in said else trouble
        return answer

    def renew(self) -> None:
        """Nothing: a warm kernel belongs to one state of the code, and another one is started for the new one."""


@contextmanager
def door_to(address: str) -> Generator[Door]:
    """Open a door to the machine of an address, a Jupyter server's URL or ``ssh://user@host``."""
    if address.startswith("ssh:"):
        yield SshDoor(target_of(address))
        return
    if not address.startswith(("http://", "https://")):
        raise UserProblem("kernel-address", f"An address must be http(s)://... or ssh://...; got '{address}'.")
    channel = server_kernel(address)
    try:
        yield ServerDoor(channel)
    finally:
        channel.close()

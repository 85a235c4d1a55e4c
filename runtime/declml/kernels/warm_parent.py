"""The warm parent: ``python -P -m declml.kernels.warm_parent LISTENER MODULE...`` imports the modules and forks.

It computes nothing and starts no thread of its own: libraries that begin threads with their first piece of work begin
them anew in each child. ``LISTENER`` is the number of an open listening socket; each connection asks for one process
(`declml.kernels.warm.fork`) and hears its number and, later, how it ended. The parent ends with its standard input.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import json
import os
import runpy
import select
import shutil
import signal
import socket
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from declml.kernels.warm import LATER_MARK

_QUIET_SECONDS = 2.0
"""How long nobody must ask before the parent imports one more of the modules that only some need."""

READ_WHILE_IMPORTING = (
    "CUDA_", "GOMP_", "HF_", "KMP_AFFINITY", "KMP_BLOCKTIME", "LD_", "MKL_", "OMP_", "OPENBLAS_", "POLARS_", "PYTHON",
    "PYTORCH_", "RAYON_", "TORCHDYNAMO_", "TORCH_", "TRANSFORMERS_",
)  # fmt: skip
"""How the names of variables begin that Python or a library reads once: a child with other values is refused."""


@dataclass(frozen=True, slots=True)
class Child:
    """What a process was asked to be, in that process."""

    module: str
    argument: str
    folder: str
    environment: Mapping[str, str]
    output: int
    errors: int
    parent: socket.socket

    def run(self) -> None:
        """Be ``python -m module argument``, in a session of its own, and raise what it raises."""
        os.setsid()
        os.chdir(self.folder)
        os.environ.clear()
        os.environ.update(self.environment)
        for source, target in ((self.output, 1), (self.errors, 2)):
            os.dup2(source, target)
            os.close(source)
        # Told by the process itself, so that who knows the number may count on the session. When nobody listens any
        # more this raises: who asked may have started another process by now.
        self.parent.sendall(_line(pid=os.getpid()))
        self.parent.close()
        sys.argv = [self.module, self.argument]
        sys.modules.pop(self.module, None)  # it may have been imported: it runs anew, as the program
        code: object = 0
        try:
            runpy.run_module(self.module, run_name="__main__", alter_sys=True)
        except SystemExit as end:
            code = end.code
        if not isinstance(code, int):
            raise SystemExit(code)
        _leave(code)


def _leave(code: int) -> NoReturn:
    """End this process as Python does, but for taking modules apart: that would touch every page of them, and so copy
    it.
    """
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join()
    atexit._run_exitfuncs()  # pyright: ignore[reportPrivateUsage] - there is no public way to end without a teardown
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(ValueError):  # the program closed it
            stream.flush()
    os._exit(code)


def main(arguments: Sequence[str]) -> None:
    """Import, then serve until standard input ends; in a child, be what was asked for."""
    began_with = dict(os.environ)  # libraries set variables of their own while they are imported
    for name in arguments[1:]:
        if not name.startswith(LATER_MARK):
            importlib.import_module(name)
    _settle()
    listener = socket.socket(fileno=int(arguments[0]))
    later = [name.removeprefix(LATER_MARK) for name in arguments[1:] if name.startswith(LATER_MARK)]
    child = _serve(listener, began_with, later)
    if child is not None:
        child.run()
    else:
        # The owner may have been killed: the socket and the folder around it are this process's to take away.
        shutil.rmtree(Path(listener.getsockname()).parent, ignore_errors=True)


def _settle() -> None:
    """Take what was imported out of reach of the garbage collector: a collection in a child would otherwise copy every
    page of it.
    """
    gc.collect()
    gc.freeze()


def _serve(listener: socket.socket, began_with: Mapping[str, str], later: list[str]) -> Child | None:
    """Return None at the end of standard input, and in each child what it is to be.

    Imports ``later`` while nobody asks.
    """
    told_of: dict[int, socket.socket] = {}
    deaths, bell = socket.socketpair()
    for each in (deaths, bell):
        each.setblocking(False)
    signal.signal(signal.SIGCHLD, _ring)
    signal.set_wakeup_fd(bell.fileno())
    while True:
        ready, _, _ = select.select([0, listener, deaths], [], [], _QUIET_SECONDS if later else None)
        if not ready and later:
            with contextlib.suppress(Exception):  # not installed, or broken: whoever needs it will say so
                importlib.import_module(later.pop(0))
            _settle()
        if deaths in ready:
            deaths.recv(4096)
            _tell_deaths(told_of)
        if 0 in ready:
            return None
        if listener not in ready:
            continue
        connection, _ = listener.accept()
        request, files = _receive(connection)
        refused = _refusal(request, began_with)
        if refused or len(files) != 2:
            _tell(connection, refused=refused)
            connection.close()
        elif (pid := os.fork()) == 0:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            for each in (listener, deaths, bell, *told_of.values()):
                each.close()
            return Child(**request, output=files[0], errors=files[1], parent=connection)
        else:
            told_of[pid] = connection
        for each in files:
            os.close(each)


def _ring(_number: int, _frame: FrameType | None) -> None:
    """Take the signal: Python rings the bell for it only where it has a handler."""


def _tell_deaths(told_of: dict[int, socket.socket]) -> None:
    for pid in list(told_of):
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            connection = told_of.pop(pid)
            _tell(connection, status=os.waitstatus_to_exitcode(status))
            connection.close()


def _receive(connection: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """Return a whole request and the files that came with it; an empty one when who asked went away."""
    message, files, _, _ = socket.recv_fds(connection, 65_536, 2)
    while part := connection.recv(65_536):
        message += part
    return (json.loads(message) if message else {}), files


def _refusal(request: Mapping[str, Any], began_with: Mapping[str, str]) -> str:
    """Return the first variable that this process read while importing and a child would want otherwise, or nothing."""
    wanted = request.get("environment", {})
    for name in sorted({*wanted, *began_with}):
        if name.startswith(READ_WHILE_IMPORTING) and wanted.get(name) != began_with.get(name):
            return name
    return ""


def _tell(connection: socket.socket, **fact: int | str) -> None:
    with contextlib.suppress(OSError):  # who asked went away
        connection.sendall(_line(**fact))


def _line(**fact: int | str) -> bytes:
    return json.dumps(fact).encode() + b"\n"


if __name__ == "__main__":
    main(sys.argv[1:])

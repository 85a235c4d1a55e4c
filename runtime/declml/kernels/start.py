"""Starts ``python -m MODULE ARGUMENT`` on this machine: anew, or forked by a warm parent where one is named."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from typing import IO, Any, Protocol

from declml.kernels.warm import Forked, fork


class Process(Protocol):
    """A process that was started here, by a warm parent or by a kernel."""

    @property
    def pid(self) -> int:
        """Its number on its machine."""
        ...

    @property
    def returncode(self) -> int | None:
        """Its exit code, negative for a signal; None while it runs or when it cannot be known."""
        ...

    def ended(self) -> bool:
        """Return whether it is gone."""
        ...

    def wait(self, timeout: float | None = None) -> int | None:
        """Wait for the end and return the exit code; after ``timeout`` seconds raise `subprocess.TimeoutExpired`."""
        ...

    def let_go(self) -> None:
        """Look after it no longer: it goes on, and how it ends is not known here."""
        ...


class Child(subprocess.Popen[bytes]):
    """A process of our own."""

    def ended(self) -> bool:
        """Return whether it is gone."""
        return self.poll() is not None

    def let_go(self) -> None:
        """Look after it no longer: nothing is open, and Python itself reaps it when it has ended."""


def start(
    module: str,
    argument: str,
    *,
    output: IO[Any],
    errors: IO[Any],
    environment: Mapping[str, str] | None = None,
    python: str = sys.executable,
) -> Child | Forked:
    """Start ``python -P -m module argument`` in a session of its own and return at once.

    It reads nothing and writes into ``output`` and ``errors``. ``environment`` is what `environment_of` returns.
    """
    variables = environment_of({}) if environment is None else environment
    if python == sys.executable:
        forked = fork(module, argument, output=output.fileno(), errors=errors.fileno(), environment=variables)
        if forked is not None:
            return forked
    # -P: a file in the working folder that is called like a module of Python's must not take that module's place.
    return Child(
        [python, "-P", "-m", module, argument],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=errors,
        env=variables,
        start_new_session=True,  # Ctrl-C in the terminal reaches the launcher only, which asks in its own time
    )


def environment_of(more: Mapping[str, str]) -> dict[str, str]:
    """Return this process's environment for a process that computes, with ``more`` added."""
    return {
        **os.environ,
        # Spinning OpenMP threads make small models many times slower on a shared machine.
        "OMP_WAIT_POLICY": "PASSIVE",
        "KMP_BLOCKTIME": "0",
        "PYTHONUNBUFFERED": "1",
        **more,
    }

"""A process of the runtime that answers questions, one JSON line each: started when needed, ended when idle.

What a plug-in or a data file does to it costs one answer: a process that dies or takes too long is started anew for the
next question, and is given up for a while when that happens again and again.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import IO, Any, TypeAlias

from declml.kernels.start import environment_of

IDLE_SECONDS = 240.0
ANSWER_SECONDS = 180.0
"""A question that takes longer is not worth the wait: the process is ended."""
MOST_CRASHES = 3
CRASH_SECONDS = 600.0
"""After `MOST_CRASHES` within this time, nothing is asked until it has passed."""
MOST_WAITING = 256
GOODBYE_SECONDS = 2.0
_NICE = 10
_LONGEST_ANSWER_BYTES = 64 << 20
_TAIL_BYTES = 2000

Answer: TypeAlias = Mapping[str, Any]
Slot: TypeAlias = tuple[str, str]
"""The document that asks and what it asks for: of these, only the newest question waits."""


@dataclass(frozen=True, slots=True)
class Question:
    """``message`` is called in the child's thread and may look at files; it returns None where nothing is to be asked.

    ``on_answer`` is called there too, with None for a question that got no answer.
    """

    message: Callable[[], Mapping[str, Any] | None]
    on_answer: Callable[[Answer | None], None]
    ready: float = 0.0


@dataclass
class Child:
    """One process and the thread that talks to it; safe to call from any thread.

    ``name`` is what it is called in the log.
    """

    name: str
    command: list[str]
    log: Callable[[str], None]
    idle_seconds: float = IDLE_SECONDS
    answer_seconds: float = ANSWER_SECONDS
    _changed: threading.Condition = field(default_factory=threading.Condition, repr=False)
    _waiting: OrderedDict[Slot, Question] = field(default_factory=OrderedDict[Slot, Question], repr=False)
    _thread: threading.Thread | None = field(default=None, repr=False)
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    _errors: IO[bytes] | None = field(default=None, repr=False)
    _crashes: list[float] = field(default_factory=list[float], repr=False)
    _number: int = 0
    _late: int | None = None
    _failure: str = ""
    _closed: bool = False

    def ask(self, slot: Slot, question: Question) -> None:
        """Ask when the process is free; a newer question of the same slot takes the place of one that waits."""
        with self._changed:
            if self._closed:
                return
            self._waiting[slot] = question
            while len(self._waiting) > MOST_WAITING:
                self._waiting.popitem(last=False)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=f"facts-{self.name}", daemon=True)
                self._thread.start()
            self._changed.notify()

    def drop(self, uri: str) -> None:
        """Forget the questions that a document asked."""
        with self._changed:
            for slot in [slot for slot in self._waiting if slot[0] == uri]:
                del self._waiting[slot]

    @property
    def is_running(self) -> bool:
        """Whether there is a process."""
        return self._process is not None

    @property
    def pid(self) -> int | None:
        """The process's number, None without one."""
        process = self._process
        return process.pid if process is not None else None

    def close(self) -> None:
        """End the process and ask nothing more."""
        with self._changed:
            self._closed = True
            self._waiting.clear()
            self._changed.notify()
        self._stop(signal.SIGTERM)

    # The child's thread.

    def _run(self) -> None:
        while True:
            while (question := self._next()) is not None:
                try:
                    message = question.message()
                    if message is not None:
                        question.on_answer(self._answer(message))
                except Exception as error:  # noqa: BLE001 - a process boundary: a question's failure costs its answer
                    self.log(f"A question about {self.name} failed: {error!r}")
            self._end()
            with self._changed:
                if not self._waiting:  # else somebody asked while the process ended
                    self._thread = None
                    return

    def _next(self) -> Question | None:
        """Return the next question that is due, None when there was none for long."""
        with self._changed:
            idle_at = time.monotonic() + self.idle_seconds
            while not self._closed:
                now = time.monotonic()
                due = next((slot for slot, each in self._waiting.items() if each.ready <= now), None)
                if due is not None:
                    return self._waiting.pop(due)
                if not self._waiting and now >= idle_at:
                    break
                until = min((each.ready for each in self._waiting.values()), default=idle_at)
                self._changed.wait(max(0.0, until - now))
            return None

    def _answer(self, message: Mapping[str, Any]) -> Answer | None:
        now = time.monotonic()
        self._crashes = [each for each in self._crashes if now - each < CRASH_SECONDS]
        if len(self._crashes) >= MOST_CRASHES:
            return None
        had_answered = self._process is not None
        answer = self._exchange(message)
        if answer is None and had_answered and self._late is None and not self._closed:
            # It may have died of something else, and long before: the question deserves a process of its own.
            self._end()
            answer = self._exchange(message)
        if answer is None and not self._closed:
            self._crashes.append(now)
            again = "" if len(self._crashes) < MOST_CRASHES else "; it is not asked again for a while"
            self.log(f"The process that reads {self.name} ended without an answer{self._why()}{again}.")
            self._end()
        return answer

    def _exchange(self, message: Mapping[str, Any]) -> Answer | None:
        """Return the answer to one question, None when the process does not live to give it, or not soon enough."""
        self._number += 1
        self._late = None
        self._failure = ""
        limit = threading.Timer(self.answer_seconds, self._end_late, [self._number])
        limit.daemon = True
        limit.start()
        try:
            process = self._process if self._process is not None and self._process.poll() is None else self._start()
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(json.dumps({**message, "id": self._number}).encode() + b"\n")
            process.stdin.flush()
            while line := process.stdout.readline(_LONGEST_ANSWER_BYTES):
                with suppress(ValueError):  # what a plug-in prints while it is imported is no answer
                    answer = json.loads(line)
                    if isinstance(answer, dict) and answer.get("id") == self._number:
                        return answer
        except (OSError, ValueError) as error:
            self._failure = str(error)
        finally:
            limit.cancel()
        return None

    def _end_late(self, number: int) -> None:
        if number == self._number:
            self._late = number
            self._stop()

    def _why(self) -> str:
        reasons = [self._failure, self._tail(), f"{self.answer_seconds:g} seconds were over" if self._late else ""]
        found = [reason for reason in reasons if reason]
        return f" ({'; '.join(found)})" if found else ""

    def _start(self) -> subprocess.Popen[bytes]:
        self._end()
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the process writes into it
        process = subprocess.Popen(
            self.command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=environment_of({}),
            start_new_session=True,  # what a plug-in starts ends with it
        )
        with suppress(OSError, AttributeError):  # typing comes first; Windows has no such number
            os.setpriority(os.PRIO_PROCESS, process.pid, _NICE)
        self._process = process
        return process

    def _tail(self) -> str:
        if self._errors is None:
            return ""
        with suppress(OSError, ValueError):
            self._errors.seek(max(0, self._errors.seek(0, os.SEEK_END) - _TAIL_BYTES))
            lines = self._errors.read().decode(errors="replace").strip().splitlines()
            return lines[-1] if lines else ""
        return ""

    def _end(self) -> None:
        """End the process, politely first: it has files of its own to take away, and perhaps a plug-in's process."""
        process, self._process = self._process, None
        streams: list[IO[bytes] | None] = [self._errors]
        self._errors = None
        if process is not None:
            for number in (signal.SIGTERM, signal.SIGKILL):
                _signal(process, number)
                with suppress(subprocess.TimeoutExpired):
                    process.wait(GOODBYE_SECONDS)
                    break
            streams += [process.stdin, process.stdout]
        for stream in streams:
            with suppress(OSError):
                if stream is not None:
                    stream.close()

    def _stop(self, number: signal.Signals = signal.SIGKILL) -> None:
        process = self._process
        if process is not None:
            _signal(process, number)


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with suppress(OSError):
        if process.poll() is None:
            os.killpg(process.pid, number)

"""A training on a kernel in a thread of its own, which a test disturbs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeAlias

import declml
from e2e.projects import SMALL_CONFIG, Project

Event: TypeAlias = Mapping[str, Any]

LONG = SMALL_CONFIG.replace("epochs: 3", "epochs: 100000, early_stop: -1")
"""A config that trains until it is stopped."""


class Following:
    """Hands over events and notices as they come."""

    def __init__(self, project: Project, kernel: str, **options: Any) -> None:
        self.events: list[Event] = []
        self.notices: list[str] = []
        self.run: Any = None
        self.error: BaseException | None = None
        self._news = threading.Condition()

        def work() -> None:
            try:
                self.run = declml.train(
                    project.config, runs=project.runs, kernel=kernel, on_event=self._take, on_notice=self._notice,
                    **options,
                )  # fmt: skip
            except BaseException as error:  # noqa: BLE001 - handed to the test
                self.error = error
            with self._news:
                self._news.notify_all()

        self.thread = threading.Thread(target=work, daemon=True)
        self.thread.start()

    def _take(self, event: Event) -> None:
        with self._news:
            self.events.append(event)
            self._news.notify_all()

    def _notice(self, text: str) -> None:
        with self._news:
            self.notices.append(text)
            self._news.notify_all()

    def until(self, done: Callable[[Following], bool], seconds: float = 60.0) -> None:
        """Wait until ``done`` holds; whatever went wrong in the training fails the test."""
        with self._news:
            assert self._news.wait_for(lambda: done(self) or self.error, seconds), (self.notices, self.events[-3:])
            assert self.error is None or done(self), self.error

    def join(self) -> Any:
        """Wait for the end and return the run."""
        self.thread.join(120)
        assert not self.thread.is_alive(), (self.notices, self.events[-2:])
        if self.error is not None:
            raise self.error
        return self.run


def measured(count: int) -> Callable[[Following], bool]:
    """Return whether metrics were told ``count`` times."""
    return lambda it: sum(each["kind"] == "metrics" for each in it.events) >= count


def there(run: Any) -> Path:
    """Return the run's folder on the other side."""
    return Path(run.record["remote"]["folder"])


def assert_whole(run: Any, told: list[Event]) -> None:
    """The events here are those there, byte for byte, and each was told once, in order."""
    text = run.events.read_bytes()
    assert text == (there(run) / "events.jsonl").read_bytes()
    assert [each["seq"] for each in told] == list(range(text.count(b"\n")))


def waited_for_processor() -> float:
    """Return the seconds for which the threads of this process could have run and others did."""
    nanoseconds = 0
    for each in Path("/proc/self/task").glob("*/schedstat"):
        with suppress(OSError, ValueError, IndexError):
            nanoseconds += int(each.read_text().split()[1])
    return nanoseconds / 1e9

"""A real kernel as front ends have one: cells go in, the messages that a page would show come back."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jupyter_client.manager import KernelManager

Message = Mapping[str, Any]

WIDGET = "application/vnd.jupyter.widget-view+json"

TABLE = """
import numpy as np, polars as pl
random = np.random.default_rng(0)
size, colour = random.normal(10, 3, 200), random.choice(["red", "green", "blue"], 200)
df = pl.DataFrame({"size": size, "colour": colour, "sold": (size + 4 * (colour == "red") > 11).astype(int)})
"""


class Kernel:
    """One kernel and its only client."""

    def __init__(self, manager: KernelManager) -> None:
        self._client = manager.client()
        self._client.start_channels()
        self._client.wait_for_ready(timeout=120)

    def run(self, cell: str, *, may_fail: bool = False) -> list[Message]:
        """Run a cell to its end and return what it showed; an error fails, unless it may."""
        told: list[Message] = []

        def take(message: Message) -> None:
            told.append(message)

        self._client.execute_interactive(cell, output_hook=take, timeout=180)
        errors = [each["content"]["traceback"] for each in told if each["msg_type"] == "error"]
        assert may_fail or not errors, "\n".join(errors[0])
        return told

    def close(self) -> None:
        self._client.stop_channels()


@contextmanager
def kernel(folder: Path, **environment: str) -> Iterator[Kernel]:
    """Start a kernel in a project, with the extension loaded and a table ``df``."""
    manager = KernelManager(kernel_name="python3")
    inherited = {name: value for name, value in os.environ.items() if name not in {"JPY_SESSION_NAME", "DECLML_VIEW"}}
    manager.start_kernel(env={**inherited, **environment}, cwd=str(folder))
    it = Kernel(manager)
    try:
        it.run(TABLE)
        it.run("%load_ext declml")
        yield it
    finally:
        it.close()
        manager.shutdown_kernel(now=True)


def kinds(told: list[Message]) -> list[str]:
    """Return the kinds of messages, in their order, each once."""
    return list(dict.fromkeys(each["msg_type"] for each in told))


def printed(told: list[Message]) -> str:
    """Return what was printed."""
    return "".join(each["content"]["text"] for each in told if each["msg_type"] == "stream")


def shown(told: list[Message], kind: str) -> list[Mapping[str, Any]]:
    """Return the bundles of all messages of a kind."""
    return [each["content"]["data"] for each in told if each["msg_type"] == kind]


def ended(told: list[Message]) -> Mapping[str, Any]:
    """Return what took the widget's place. No page answers here: a slow training was told in words before that."""
    *words, last = shown(told, "update_display_data")
    assert all(WIDGET in each for each in words)
    return last

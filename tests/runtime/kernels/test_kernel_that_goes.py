"""A kernel that goes while it is asked leaves nothing open on the side of who asked."""

from __future__ import annotations

import gc
import json
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from click.testing import CliRunner

from declml.cli.main import cli
from declml.kernels.listing import kernel_rows
from declml.kernels.places import ABOUT, AGENT, kernels_home
from declml.kernels.warm_kernel import local_kernels


@pytest.fixture
def _dying() -> Iterator[None]:
    """A kernel that hangs up whenever it is asked something."""
    folder = kernels_home() / "dying"
    folder.mkdir(mode=0o700)
    about = {"pid": os.getpid(), "began": time.time(), "python": "python", "label": "warm"}
    (folder / ABOUT).write_text(json.dumps(about))
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(folder / AGENT))
    listener.listen()

    def hang_up() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.recv(1)

    thread = threading.Thread(target=hang_up)
    thread.start()
    yield
    listener.shutdown(socket.SHUT_RDWR)
    thread.join()
    listener.close()
    for each in folder.iterdir():
        each.unlink()
    folder.rmdir()


def ask_to_stop() -> None:
    told = CliRunner().invoke(cli, ["kernels", "stop", "warm"])
    assert "Ended warm." in told.output, told.output


def ask_what_runs() -> None:
    (row,) = [each for each in kernel_rows() if each.name == "warm"]
    assert row.running == ()


@pytest.mark.usefixtures("_dying")
@pytest.mark.parametrize("ask", [ask_to_stop, ask_what_runs])
def test_who_asks_a_kernel_that_goes_closes_its_side(ask: Callable[[], None]) -> None:
    assert [each.label for each in local_kernels()] == ["warm"]
    ask()
    gc.collect()  # what is open still would be a ResourceWarning, which is an error here

"""The agent as a Jupyter server's clients reach it: acts are executed in the kernel, news go out as comm messages.

Runs inside the kernel, IPython's own. One feed a file for all clients: the server tells every one of them. The
messages are sent with the request that asked for them as their parent, given by hand: a thread that inherits another
message's context would break the widgets of a notebook which shares the kernel (ipykernel 7.4).
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from declml.kernels.agent import agent
from declml.kernels.channel import ActFailed, Hint
from declml.kernels.feed import Feed
from declml.kernels.reaping import end_own_session
from declml.runs.alive import is_alive

HINT_TARGET = "declml.events"


@dataclass(frozen=True, slots=True)
class _Voice:
    """Sends hints to every client of this kernel's IOPub, for the request ``parent``."""

    kernel: Any
    parent: Mapping[str, Any]

    def say(self, hint: Hint) -> None:
        """Send one hint; its bytes travel as a binary buffer."""
        data = {
            "target": HINT_TARGET,
            "path": hint.path,
            "offset": hint.offset,
            "size": hint.size,
            "ended": hint.ended,
        }
        self.kernel.session.send(
            self.kernel.iopub_socket,
            "comm_msg",
            {"comm_id": HINT_TARGET, "data": data},
            parent=self.parent,
            ident=b"comm",
            buffers=[hint.data] if hint.data else None,
        )


_feeds: dict[str, tuple[Feed, int]] = {}
_feeding = threading.Lock()


def call(act: str, arguments: str) -> str:
    """Do an act whose arguments are a text of JSON, with the buffers of the request that is being executed as blobs.

    Return a text of JSON: ``{"answer": ...}`` or ``{"failed": ...}``.
    """
    request = _request()
    try:
        given: dict[str, Any] = json.loads(arguments)
        if act == "look":
            agent().touch()
            return json.dumps({"answer": _look(request, **given)})
        if act == "about":  # the first that a client asks: it will want to train
            agent().warm_up()
            agent().rest_when_idle(lambda: end_own_session(_connection_file()))
        blobs: Sequence[bytes] = [bytes(each) for each in request.get("buffers") or ()]
        return json.dumps({"answer": agent().call(act, given, blobs)})
    except ActFailed as error:
        return json.dumps({"failed": str(error)})


def _look(request: Mapping[str, Any], files: Mapping[str, int]) -> dict[str, Any]:
    """Return how long each file is and whether the process that writes it is gone; begin to tell of those that grow.

    ``memory`` names this agent: another one knows nothing of what this one launched.
    """
    answer: dict[str, Any] = {}
    for path, pid in files.items():
        # Asked before looking: what a process wrote before it ended is then surely in the size.
        ended = not is_alive(pid)
        try:
            size = Path(path).stat().st_size
        except OSError:
            size = 0
        answer[path] = {"size": size, "ended": ended}
        if not ended:
            _feed(request, path, size, pid)
    return {"memory": f"{os.getpid()} {id(agent())}", "files": answer}


def _feed(request: Mapping[str, Any], path: str, size: int, pid: int) -> None:
    with _feeding:
        known = _feeds.get(path)
        if known is not None and known[1] == pid:
            return
        if known is not None:
            known[0].stop()
        for each in [each for each, (_, writer) in _feeds.items() if not is_alive(writer)]:
            _feeds.pop(each)[0].stop()
        feed = Feed(Path(path), size, pid, _Voice(_kernel(), dict(request)).say)
        _feeds[path] = (feed, pid)
        feed.start()


def _kernel() -> Any:
    # Imported here: this file is only of use inside a kernel, where it is loaded anyway.
    from ipykernel.kernelbase import Kernel

    return Kernel.instance()


def _connection_file() -> str:
    # Imported here, as above.
    from ipykernel.connect import get_connection_file

    return get_connection_file()


def _request() -> Mapping[str, Any]:
    return _kernel().get_parent() or {}

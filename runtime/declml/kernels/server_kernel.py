"""declml's kernel on a Jupyter server: found again where an earlier client started it, else started.

A session of the server with a path of its own is how the kernel is found: it is asked for by that path, and the
server answers with the session that it has, or makes one.
"""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable
from typing import Any

from declml.errors import UserProblem
from declml.kernels.channel import ActFailed, ChannelLost
from declml.kernels.reaping import SESSION_TYPE
from declml.kernels.server_channel import ServerChannel
from declml.kernels.server_rest import Rest
from declml.kernels.tokens import Server, remember, server_of

_READY_SECONDS = 60.0
_DONE = frozenset({http.client.OK, http.client.CREATED})


def server_kernel(text: str, *, on_state: Callable[[str], None] | None = None) -> ServerChannel:
    """Return a channel to declml's kernel on the server that the URL ``text`` names.

    ``?kernel=NAME`` asks for a kernelspec, else the server's default is taken. A `UserProblem` when the server cannot
    be reached, refuses the token, has no such kernelspec, or its kernel does not start.
    """
    server = server_of(text)
    rest = Rest(server)
    try:
        name = _kernelspec(rest, server)
        remember(server)
        channel = ServerChannel(rest, lambda: _kernel(rest, name), label=f"{server.label} ({name})", on_state=on_state)
        try:
            channel.evaluate("'ready'", timeout_seconds=_READY_SECONDS)
        except BaseException:
            channel.close()
            raise
    except ChannelLost as lost:
        rest.close()
        raise UserProblem(
            "kernel-unreachable", str(lost), hint="Is the server running, and the address the one that it printed?"
        ) from lost
    except BaseException:
        rest.close()
        raise
    return channel


def end_server_kernels(text: str, *, now: bool) -> list[bool]:
    """End declml's kernels on the server that the URL ``text`` names; what they train goes on.

    Return for each whether it was ended: one that trains stays, unless ``now``.
    """
    server = server_of(text)
    rest = Rest(server)
    try:
        found = rest.ask("GET", "/api/sessions")
        sessions = found.json() if found.status == http.client.OK else []
        ended: list[bool] = []
        for each in [each for each in sessions if each.get("type") == SESSION_TYPE]:
            busy = not now and _trains(rest, str(each["kernel"]["id"]))
            if not busy:
                rest.ask("DELETE", f"/api/sessions/{each['id']}")
            ended.append(not busy)
        return ended
    except ChannelLost as lost:
        raise UserProblem("kernel-unreachable", str(lost), hint="Is the server running?") from lost
    finally:
        rest.close()


def _trains(rest: Rest, kernel: str) -> bool:
    channel = ServerChannel(rest, lambda: kernel, label=rest.server.label)
    try:
        return bool(channel.call("running", {}, timeout_seconds=_READY_SECONDS))
    except ActFailed:
        return False  # it has no declml any more
    finally:
        channel.leave()


def restart(channel: ServerChannel) -> None:
    """Start the kernel of a channel anew: it has other code in its memory than lies on its disk."""
    channel.rest.ask("POST", f"/api/kernels/{channel.kernel_id}/restart", {})
    deadline = time.monotonic() + _READY_SECONDS
    while True:
        try:
            channel.evaluate("'ready'", timeout_seconds=2.0)
            return
        except ChannelLost:
            if time.monotonic() > deadline:
                raise


def _kernelspec(rest: Rest, server: Server) -> str:
    answer = rest.ask("GET", "/api/kernelspecs")
    if answer.status != http.client.OK:
        raise _no_jupyter(rest, answer.status)
    told = answer.json()
    names = sorted(told["kernelspecs"]) if isinstance(told, dict) and "kernelspecs" in told else None
    if names is None:
        raise _no_jupyter(rest, answer.status)
    asked = server.kernelspec or str(told.get("default"))
    if asked not in names:
        raise UserProblem(
            "kernel-unknown",
            f"A kernel of {server.label} must be one of {', '.join(names)}; got '{asked}'.",
            hint=f"Name it in the URL: {server.url}?kernel={names[0] if names else 'NAME'}",
        )
    return asked


def _kernel(rest: Rest, name: str) -> str:
    wanted = {"path": f"declml on {name}", "name": "declml", "type": SESSION_TYPE, "kernel": {"name": name}}
    answer = rest.ask("POST", "/api/sessions", wanted)
    if answer.status in _DONE:
        kernel: dict[str, Any] = answer.json()["kernel"]
        if kernel.get("execution_state") == "dead":
            # It died so often that the server starts it no more by itself.
            rest.ask("POST", f"/api/kernels/{kernel['id']}/restart", {})
        return str(kernel["id"])
    # Some gateways have kernels and no sessions: each client then has a kernel of its own.
    answer = rest.ask("POST", "/api/kernels", {"name": name})
    if answer.status in _DONE:
        return str(answer.json()["id"])
    raise UserProblem(
        "kernel-start",
        f"The server {rest.server.label} must start a kernel '{name}'; it answered {answer.status}.",
        hint="The server's log says why.",
    )


def _no_jupyter(rest: Rest, status: int) -> UserProblem:
    return UserProblem(
        "kernel-unknown",
        f"A kernel's address must be that of a Jupyter server; {rest.server.label} answered {status} to its API.",
        hint="Copy the address that `jupyter server list` shows.",
    )

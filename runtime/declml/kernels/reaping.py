"""Ends a kernel that declml started on a Jupyter server when nobody needs it: through its server, which would start one
that ended by itself again.

Runs inside the kernel. A server leaves its address and token for its own user in a file (`jupyter server list` reads
it); nothing of it is kept. Where there is none, a gateway's kernel say, nothing is ended.
"""

from __future__ import annotations

import http.client
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

SESSION_TYPE = "declml"
"""The type of the sessions that declml makes on a server; no other is ever ended."""

_SECONDS = 10.0
_OPEN = frozenset({http.client.OK, http.client.NO_CONTENT})
_CONNECTION_FILE = re.compile(r"kernel-(.+)\.json")


def end_own_session(connection_file: str) -> bool:
    """Have the server end the session of the kernel with that connection file; return whether it did."""
    found = _CONNECTION_FILE.fullmatch(Path(connection_file).name)
    server = _server()
    if found is None or server is None:
        return False
    try:
        for session in json.loads(_ask(server, "GET", "/api/sessions")):
            if session["type"] == SESSION_TYPE and session["kernel"]["id"] == found[1]:
                _ask(server, "DELETE", f"/api/sessions/{session['id']}")
                return True
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        pass  # a server that is leaving, or of another kind: the kernel stays
    return False


def _server() -> Mapping[str, Any] | None:
    # Imported here: it is there wherever a kernel runs, and nothing else of this room needs it.
    from jupyter_core.paths import jupyter_runtime_dir

    path = Path(jupyter_runtime_dir()) / f"jpserver-{os.environ.get('JPY_PARENT_PID', '')}.json"
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return None


def _ask(server: Mapping[str, Any], method: str, path: str) -> bytes:
    parts = urlsplit(str(server["url"]))
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=_SECONDS)
    try:
        headers = {"Authorization": f"token {server['token']}"} if server.get("token") else {}
        connection.request(method, parts.path.rstrip("/") + path, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
    finally:
        connection.close()
    if answer.status not in _OPEN:
        raise http.client.HTTPException(str(answer.status))
    return body

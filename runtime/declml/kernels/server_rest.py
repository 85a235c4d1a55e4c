"""The REST side of a Jupyter server or kernel gateway: its kernels, its sessions, its files. One connection, kept open.

Whatever is wrong is one sentence: who could not be reached, or what the server said. The token stands in the header
and nowhere else; certificates are verified.
"""

from __future__ import annotations

import http.client
import json
import ssl
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from declml.errors import UserProblem
from declml.kernels.channel import ChannelLost
from declml.kernels.tokens import VARIABLES, Server

_SECONDS = 20.0
_REFUSED = frozenset({401, 403})
_LOGIN = frozenset({301, 302, 303, 307})


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered."""

    status: int
    body: bytes

    def json(self) -> Any:
        """Return the body as JSON data; `ChannelLost` when it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            raise ChannelLost("A Jupyter server must answer in JSON; got something else.") from None


class Rest:
    """Requests to one server. Safe to use from several threads, which take turns."""

    def __init__(self, server: Server) -> None:
        self.server = server
        parts = urlsplit(server.url)
        self._host, self._port, self._path = parts.hostname or "", parts.port, parts.path
        self._turn = threading.Lock()
        self._connection: http.client.HTTPConnection | None = None

    def ask(self, method: str, path: str, body: Any = None, *, headers: Mapping[str, str] | None = None) -> Answer:
        """Return the answer to one request, whatever its status; a refused token is a `UserProblem`.

        `ChannelLost` when nobody answers. A kept connection that the server has closed is opened anew, once.
        """
        data = None if body is None else json.dumps(body).encode()
        sent = {**self.server.headers, **(headers or {}), "Accept": "application/json"}
        if data is not None:
            sent["Content-Type"] = "application/json"
        with self._turn:
            answer = self._exchange(method, self._path + path, data, sent)
        if answer.status in _REFUSED or answer.status in _LOGIN:
            raise token_problem(self.server, answer.status)
        return answer

    def files(self, path: str, offset: int, limit: int) -> bytes | None:
        """Return bytes of a file below the server's root; nothing at its end, None where it serves no such file."""
        span = {"Range": f"bytes={offset}-{offset + limit - 1}"}
        answer = self.ask("GET", f"/files/{quote(path)}", headers={**span, "Accept-Encoding": "identity"})
        if answer.status == http.client.PARTIAL_CONTENT:
            return answer.body
        if answer.status == http.client.REQUESTED_RANGE_NOT_SATISFIABLE:
            return b""
        if answer.status == http.client.OK:  # a server, or something before it, that knows no ranges
            return answer.body[offset : offset + limit]
        return None

    def close(self) -> None:
        """Close the connection."""
        with self._turn:
            self._drop()

    def _exchange(self, method: str, path: str, data: bytes | None, headers: Mapping[str, str]) -> Answer:
        kept = self._connection is not None
        try:
            return self._once(method, path, data, headers)
        except ssl.SSLCertVerificationError as error:
            raise UserProblem(
                "kernel-certificate",
                f"The certificate of {self.server.label} must be valid for that name; got: {error.verify_message}.",
                hint="Name the authority that signed it in the variable SSL_CERT_FILE.",
            ) from error
        except (OSError, http.client.HTTPException) as error:
            self._drop()
            if not kept:
                raise unreachable(self.server, error) from error
        try:
            return self._once(method, path, data, headers)
        except (OSError, http.client.HTTPException) as error:
            self._drop()
            raise unreachable(self.server, error) from error

    def _once(self, method: str, path: str, data: bytes | None, headers: Mapping[str, str]) -> Answer:
        if self._connection is None:
            kind = http.client.HTTPSConnection if self.server.secure else http.client.HTTPConnection
            self._connection = kind(self._host, self._port, timeout=_SECONDS)
        self._connection.request(method, path, body=data, headers=dict(headers))
        response = self._connection.getresponse()
        return Answer(response.status, response.read())

    def _drop(self) -> None:
        if self._connection is not None:
            with suppress(OSError):
                self._connection.close()
            self._connection = None


def token_problem(server: Server, status: int) -> UserProblem:
    """Return the problem of a server that lets us do nothing."""
    if not server.token:
        message = f"The server {server.label} must be given a token; got none."
    else:
        message = f"The token for {server.label} must be one that the server takes; it refused it ({status})."
    return UserProblem(
        "kernel-token",
        message,
        hint=f"It may be wrong or have expired. `jupyter server list` shows it there; put it into {VARIABLES[0]}.",
    )


def unreachable(server: Server, error: Exception) -> ChannelLost:
    """Return the sentence for a server that does not answer."""
    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return ChannelLost(f"The server {server.label} must be reachable; got: {reason.lower()}.")

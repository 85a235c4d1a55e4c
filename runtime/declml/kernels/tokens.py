"""Tokens of Jupyter servers: found, kept out of every text, and never shown.

A token stands in the URL that a server prints, in the environment, or in the system's keyring. It is taken out of the
URL before anything else sees it, and leaves this process in the ``Authorization`` header alone.
"""

from __future__ import annotations

import ipaddress
import os
import re
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from declml.errors import UserProblem

VARIABLES = ("DECLML_KERNEL_TOKEN", "JUPYTER_TOKEN")
"""The environment variables that may hold the token, the first one that is set."""

SERVICE = "declml kernel"
"""The name under which the keyring keeps tokens; the user's name there is ``host:port``."""

_SPELLED = re.compile(
    r"(?i)((?:[?&]|\b)(?:[\w-]*token|password)=|\bauthorization:\s*\w+\s+)[^\s&#'\"]+|(://[^/\s:@]*:)[^@\s/]+(?=@)"
)
_seen: set[str] = set()
_taken: dict[str, str] = {}


@dataclass(frozen=True, slots=True)
class Server:
    """A Jupyter server: where it is, the kernelspec that is asked for, and the token, which no ``repr`` shows."""

    url: str
    kernelspec: str | None = None
    token: str = field(default="", repr=False)

    @property
    def label(self) -> str:
        """How a person knows it: host and port."""
        return urlsplit(self.url).netloc

    @property
    def secure(self) -> bool:
        """Whether what is sent to it is encrypted."""
        return self.url.startswith("https:")

    @property
    def headers(self) -> dict[str, str]:
        """What proves to the server who asks."""
        return {"Authorization": f"token {self.token}"} if self.token else {}


def server_of(text: str) -> Server:
    """Return the server that a URL names, with its token: from ``?token=``, the environment or the keyring.

    ``?kernel=NAME`` asks for a kernelspec. A token for a plain ``http://`` host elsewhere is a `UserProblem`: everyone
    on the way could read it.
    """
    parts = urlsplit(text)
    asked = parse_qs(parts.query)
    for each in asked.get("token", ()):
        _seen.add(each)
    if "@" in parts.netloc:
        _seen.update(filter(None, (parts.password,)))
        raise UserProblem(
            "kernel-unknown",
            f"A server's URL must hold no user name; got one before '@{parts.hostname}'.",
            hint=f"Put the token into the variable {VARIABLES[0]}.",
        )
    path = parts.path.rstrip("/")
    for page in ("/lab", "/tree"):  # what the browser shows is what a user copies
        path = path.removesuffix(page)
    url = f"{parts.scheme}://{parts.netloc}{path}"
    given = (asked.get("token") or [""])[0]
    token = given or _taken.get(parts.netloc) or _from_environment() or _from_keyring(parts.netloc)
    if token:
        _seen.add(token)
    if token and parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        raise UserProblem(
            "kernel-insecure",
            f"A token must travel encrypted; got http:// for the host '{parts.hostname}'.",
            hint=f"Use https://, or an ssh tunnel: ssh -L 8888:localhost:{parts.port or 80} {parts.hostname}",
        )
    return Server(url, (asked.get("kernel") or [None])[0], token)


def remember(server: Server) -> None:
    """Keep the token that a server took, in the memory of this process: who trains there may also stop there."""
    if server.token:
        _taken[server.label] = server.token


def is_loopback(host: str) -> bool:
    """Return whether a name or address is this machine's own, which nobody else hears."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return False


def redacted(text: str) -> str:
    """Return ``text`` without any token: what is spelled as one, and every one that this process has seen."""
    text = _SPELLED.sub(lambda found: f"{found.group(1) or found.group(2)}***", text)
    for each in sorted(_seen, key=len, reverse=True):
        text = text.replace(each, "***")
    return text


def _from_environment() -> str:
    return next((os.environ[name] for name in VARIABLES if os.environ.get(name)), "")


def _from_keyring(host: str) -> str:
    # Imported here: it is optional, and slow to find out which keyring this system has.
    try:
        import keyring
        from keyring.errors import KeyringError
    except ImportError:
        return ""
    try:
        return keyring.get_password(SERVICE, host) or ""
    except KeyringError:
        return ""  # none on this system, or locked

"""From the address of a remote kernel to a channel, and from an address to what of it may be written down."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TypeAlias
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

from declml.kernels.channel import Channel

OnNotice: TypeAlias = Callable[[str], None]


@contextmanager
def reached_remotely(address: str, on_notice: OnNotice) -> Generator[Channel]:
    """Reach the kernel at ``address`` for as long as the context lasts; what runs there goes on afterwards.

    ``on_notice`` hears that the connection was lost and found again. A `UserProblem` when it cannot be reached.
    """
    channel = reach_remotely(address, on_notice)
    try:
        yield channel
    finally:
        channel.close()


def reach_remotely(address: str, on_notice: OnNotice) -> Channel:
    """Return a channel to the kernel at ``address``, a Jupyter server's URL or ``ssh://user@host``."""
    # Imported here: one of the two is needed.
    if address.startswith("ssh:"):
        from declml.kernels.ssh_channel import ssh_kernel

        return ssh_kernel(address, on_state=on_notice)
    from declml.kernels.server_kernel import server_kernel

    return server_kernel(address, on_state=on_notice)


def without_token(address: str) -> str:
    """Return an address as it may be written down: which kernel, and nothing that opens it."""
    parts = urlsplit(address)
    kernel = parse_qs(parts.query).get("kernel")
    host = parts.netloc
    if ":" in host.rpartition("@")[0]:  # a password
        host = f"{host.partition(':')[0]}@{host.rpartition('@')[2]}"
    return urlunsplit((parts.scheme, host, parts.path, urlencode({"kernel": kernel[0]}) if kernel else "", ""))

"""The far end of an ``ssh``: ``python -P -m declml.kernels.bridge`` joins standard input and output to the warm kernel.

It says one line first, so that whatever a login shell prints before it can be told apart, and then only copies bytes.
"""

from __future__ import annotations

import os
import socket
import sys
import threading

from declml.errors import DeclmlError

MARK = b"declml-bridge 1 "
"""What the first line of the bridge begins with; behind it stand ``ready LABEL`` or ``failed SENTENCE``."""

_PIECE = 65_536


def main() -> int:
    """Copy until either side ends; return the exit code."""
    # The stream is the protocol's alone: what a library prints goes where errors go.
    output = os.dup(1)
    os.dup2(2, 1)
    try:
        from declml.kernels.warm_kernel import reach_warm

        address, label = reach_warm()
        kernel = socket.socket(socket.AF_UNIX)
        kernel.connect(address)
    except (DeclmlError, OSError) as error:
        _write(output, MARK + b"failed " + " ".join(str(error).split()).encode() + b"\n")
        return 1
    _write(output, MARK + b"ready " + label.encode() + b"\n")
    threading.Thread(target=_send, args=(kernel,), daemon=True).start()
    while data := kernel.recv(_PIECE):
        _write(output, data)
    return 0


def _send(kernel: socket.socket) -> None:
    try:
        while data := os.read(0, _PIECE):
            kernel.sendall(data)
    except OSError:
        pass
    # The client is gone, and nobody would read what the kernel still says.
    os._exit(0)


def _write(output: int, data: bytes) -> None:
    while data:
        data = data[os.write(output, data) :]


if __name__ == "__main__":
    sys.exit(main())

"""A kernel of declml's own: ``python -P -m declml.kernels.kernel_main FOLDER`` is an IPython kernel with an agent.

The agent's socket is open, and the warm parent at work, before the kernel itself has been imported. The kernel is a
real one: ``jupyter console --existing FOLDER/kernel.json`` talks to it. It uses sockets of the file system and no port.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any

from declml.kernels.agent import agent
from declml.kernels.agent_socket import serve
from declml.kernels.incoming import settle
from declml.kernels.places import AGENT, CONNECTION, IPYTHON, SOCKETS


def main(folder: Path) -> None:
    """Serve until the agent ends this process."""

    def leave() -> None:
        # Nothing is left to save: sockets, connection file and folder go, what was launched stays.
        shutil.rmtree(folder, ignore_errors=True)
        os._exit(0)

    def take(_number: int, _frame: FrameType | None) -> None:
        agent().end()

    agent().on_end(leave)
    signal.signal(signal.SIGTERM, take)
    settle()
    serve(str(folder / AGENT))
    (folder / IPYTHON).mkdir()
    # Imported here: the door is open already.
    from ipykernel import kernelapp
    from ipykernel.iostream import IOPubThread

    class Portless(IOPubThread):
        """The kernel's voice without the TCP port that it opens for the output of forked processes: we fork none."""

        def __init__(self, socket: Any, pipe: bool = False, session: Any = None) -> None:  # noqa: FBT001, FBT002 - as theirs
            super().__init__(socket, pipe=False, session=session)

    kernelapp.IOPubThread = Portless  # pyright: ignore[reportPrivateImportUsage] - the app asks for it by this name
    kernelapp.IPKernelApp.launch_instance(
        [
            *("-f", str(folder / CONNECTION)),
            "--transport=ipc",
            f"--ip={folder / SOCKETS}",
            f"--BaseIPythonApplication.ipython_dir={folder / IPYTHON}",
            "--HistoryManager.enabled=False",
        ]
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))

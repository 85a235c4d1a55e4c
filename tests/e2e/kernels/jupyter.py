"""Real Jupyter servers for the tests: on this machine only, with a token, in folders of their own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

TOKEN = "a-token-that-nobody-may-see-0123456789"
START_SECONDS = 240.0


@dataclass
class JupyterServer:
    """A server process that can be stopped, killed and started again on its port."""

    folder: Path
    module: str = "jupyter_server"
    token: str = TOKEN
    port: int = field(default_factory=lambda: free_port())
    restarts: int = 5
    warm_parent: str = ""
    process: subprocess.Popen[bytes] | None = None

    @property
    def root(self) -> Path:
        return self.folder / "root"

    @property
    def log(self) -> Path:
        return self.folder / "server.log"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/?token={self.token}"

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it and wait until it answers."""
        self.root.mkdir(parents=True, exist_ok=True)
        for name in ("config", "data", "runtime", "ipython", "home"):
            (self.folder / name).mkdir(exist_ok=True, mode=0o700)
        environment = {
            **os.environ,
            # The token in the environment alone: an argument can be read by every user of the machine.
            "JUPYTER_TOKEN": self.token,
            "KG_AUTH_TOKEN": self.token,
            "JUPYTER_CONFIG_DIR": str(self.folder / "config"),
            "JUPYTER_DATA_DIR": str(self.folder / "data"),
            "JUPYTER_RUNTIME_DIR": str(self.folder / "runtime"),
            "IPYTHONDIR": str(self.folder / "ipython"),
            "HOME": str(self.folder / "home"),
        }
        environment.pop("DECLML_WARM_PARENT", None)
        if self.warm_parent:
            environment["DECLML_WARM_PARENT"] = self.warm_parent
        app = "ServerApp" if self.module == "jupyter_server" else "KernelGatewayApp"
        own = ["--allow-root", "--no-browser", f"--ServerApp.root_dir={self.root}"] if app == "ServerApp" else []
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", self.module, *own),
                    f"--{app}.ip=127.0.0.1",
                    f"--{app}.port={self.port}",
                    f"--{app}.port_retries=0",
                    f"--KernelRestarter.restart_limit={self.restarts}",
                ],
                env=environment,
                cwd=self.root,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1.0).close()
                return
            except OSError:
                assert self.process.poll() is None, self.log.read_text()
                assert time.monotonic() < deadline, self.log.read_text()
                time.sleep(0.02)

    def stop(self, *, kill: bool = False) -> None:
        """End it; with ``kill`` it has no time to end its kernels."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL if kill else signal.SIGTERM)
            self.process.wait(30)

    def kernels(self) -> list[int]:
        """Return the processes of its kernels."""
        found: list[int] = []
        for each in Path("/proc").iterdir():
            if each.name.isdecimal():
                try:
                    line = (each / "cmdline").read_bytes().decode(errors="replace")
                except OSError:
                    continue
                if "ipykernel_launcher" in line and str(self.folder) in line:
                    found.append(int(each.name))
        return found


@contextmanager
def jupyter_server(folder: Path, **options: Any) -> Iterator[JupyterServer]:
    """Run a server for as long as the context lasts, and leave none of its kernels."""
    server = JupyterServer(folder, **options)
    server.start()
    try:
        yield server
    finally:
        server.stop()
        for each in _born_in(folder):  # a test that failed may have left a training that never ends
            with suppress(ProcessLookupError):
                os.kill(each, signal.SIGKILL)


def _born_in(folder: Path) -> list[int]:
    """Return the processes that name a folder in their environment: kernels, and what they launched."""
    found: list[int] = []
    for each in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            if str(folder).encode() in each.read_bytes() and each.parent.name != str(os.getpid()):
                found.append(int(each.parent.name))
    return found


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])

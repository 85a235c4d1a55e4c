"""A JupyterLab of its own for a browser test: a server with folders, settings and a token that nobody else has."""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_UP_SECONDS = 240.0
_OWN_FOLDERS = (
    "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "JUPYTERLAB_SETTINGS_DIR",
    "JUPYTERLAB_WORKSPACES_DIR", "IPYTHONDIR",
)  # fmt: skip


@dataclass(frozen=True)
class Lab:
    """A server that is up. ``root`` holds its notebooks."""

    address: str
    token: str
    root: Path
    log: Path

    def page(self, name: str) -> str:
        """Return the address of one document, which opens it alone."""
        return f"{self.address}/doc/tree/{name}?token={self.token}"


@contextmanager
def jupyter_lab(root: Path, *, options: Sequence[str] = (), dark: bool = False) -> Iterator[Lab]:
    """Start JupyterLab in ``root`` and stop it at the end."""
    own = root / ".own"
    environment = {**os.environ, "JUPYTER_TOKEN": secrets.token_hex(24)}  # by the environment: a command line is public
    for name in _OWN_FOLDERS:
        environment[name] = str(own / name.lower())
    _write_settings(own / "jupyterlab_settings_dir", dark=dark)
    port = _free_port()
    log = root / ".own" / "lab.log"
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.port={port}", "--ServerApp.port_retries=0", f"--ServerApp.root_dir={root}",
        "--LabApp.expose_app_in_browser=True", "--LabApp.extension_manager=readonly",
        "--LabApp.check_for_updates_class=jupyterlab.handlers.announcements.NeverCheckForUpdate", *options,
    ]  # fmt: skip
    with log.open("wb") as output:
        server = subprocess.Popen(
            command, env=environment, stdout=output, stderr=output, stdin=subprocess.DEVNULL, start_new_session=True
        )
    lab = Lab(f"http://127.0.0.1:{port}", environment["JUPYTER_TOKEN"], root, log)
    try:
        _wait_until_up(lab, server)
        yield lab
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)


def _wait_until_up(lab: Lab, server: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _UP_SECONDS
    while time.monotonic() < end and server.poll() is None:
        try:
            with urllib.request.urlopen(f"{lab.address}/api", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise RuntimeError(f"JupyterLab did not come up:\n{lab.log.read_text()[-3000:]}")


def _write_settings(folder: Path, *, dark: bool) -> None:
    apputils = folder / "@jupyterlab" / "apputils-extension"
    apputils.mkdir(parents=True)
    (apputils / "notification.jupyterlab-settings").write_text('{"fetchNews": "false", "checkForUpdates": false}')
    tracker = folder / "@jupyterlab" / "notebook-extension"
    tracker.mkdir(parents=True)
    (tracker / "tracker.jupyterlab-settings").write_text('{"windowingMode": "none"}')
    theme = "JupyterLab Dark" if dark else "JupyterLab Light"
    (apputils / "themes.jupyterlab-settings").write_text(json.dumps({"theme": theme}))


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]

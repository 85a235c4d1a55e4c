"""A real sshd on this machine for the tests: its own keys, its own folder, one user's key let in."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from declml.kernels.warm_parent import READ_WHILE_IMPORTING

from .jupyter import free_port

SSHD = shutil.which("sshd") or "/usr/sbin/sshd"


@dataclass
class SshServer:
    folder: Path
    port: int
    process: int = 0

    @property
    def address(self) -> str:
        return f"ssh://{os.environ.get('USER') or 'root'}@127.0.0.1:{self.port}{sys.executable}"

    @property
    def command(self) -> str:
        return f"ssh -F {self.folder / 'client'}"

    @property
    def root(self) -> Path:
        return self.folder / "home"

    def sessions(self) -> list[int]:
        """Return the processes of this sshd that serve a connection."""
        found = subprocess.run(["pgrep", "-f", "sshd(-session)?: .*notty"], capture_output=True, text=True, check=False)
        return [int(each) for each in found.stdout.split() if self.process in _ancestors(int(each))]

    def cut(self) -> None:
        """End every connection at once."""
        for each in self.sessions():
            with suppress(ProcessLookupError):
                os.kill(each, signal.SIGKILL)


@contextmanager
def ssh_server(folder: Path, *, warm_parent: str = "") -> Iterator[SshServer]:
    """Run an sshd for as long as the context lasts; skip where there is none, or we may not run one."""
    if os.geteuid() != 0 or not Path(SSHD).exists() or shutil.which("ssh-keygen") is None:
        pytest.skip("a real sshd needs the package openssh-server and the right to run it: root")
    port = free_port()
    home = folder / "home"
    home.mkdir(parents=True)
    Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True)
    shutil.copyfile(folder / "user.pub", folder / "authorized")
    (folder / "authorized").chmod(0o600)
    kernels = folder / "k"
    settings = {
        "DECLML_KERNELS": kernels, "DECLML_FOLDER": home, "OMP_NUM_THREADS": "1", "DECLML_KERNEL_IDLE_SECONDS": "120",
    }  # fmt: skip
    if warm_parent:
        settings["DECLML_WARM_PARENT"] = warm_parent
    # The code that is tested here, and what a warm parent would refuse to fork for if it were another.
    alike = {name: value for name, value in os.environ.items() if name.startswith(READ_WHILE_IMPORTING)}
    settings |= {name: value for name, value in alike.items() if value and not set(value) & set(' \t"')}
    (folder / "server").write_text(
        f"ListenAddress 127.0.0.1\nPort {port}\nHostKey {folder / 'host'}\nAuthorizedKeysFile {folder / 'authorized'}\n"
        f"PidFile {folder / 'pid'}\nStrictModes no\nUsePAM no\nPasswordAuthentication no\n"
        f"KbdInteractiveAuthentication no\nPermitRootLogin prohibit-password\nMaxStartups 100\n"
        f"SetEnv {' '.join(f'{name}={value}' for name, value in settings.items())}\n"
    )
    known = (folder / "host.pub").read_text().split()
    (folder / "known").write_text(f"[127.0.0.1]:{port} {known[0]} {known[1]}\n")
    (folder / "client").write_text(
        f"IdentityFile {folder / 'user'}\nIdentitiesOnly yes\nUserKnownHostsFile {folder / 'known'}\n"
        f"StrictHostKeyChecking yes\nGlobalKnownHostsFile /dev/null\n"
    )
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen([SSHD, "-D", "-e", "-f", str(folder / "server")], stdout=log, stderr=log)
    server = SshServer(folder, port, process.pid)
    try:
        deadline = time.monotonic() + 20.0
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1.0).close()
                break
            except OSError:
                assert process.poll() is None, (folder / "log").read_text()
                assert time.monotonic() < deadline
                time.sleep(0.02)
        yield server
    finally:
        process.terminate()
        process.wait(20)
        for each in kernels_in(kernels):
            with suppress(ProcessLookupError):
                os.kill(each, signal.SIGKILL)


def _ancestors(pid: int) -> set[int]:
    found: set[int] = set()
    with suppress(OSError, ValueError, IndexError):
        while pid > 1:
            found.add(pid)
            pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return found


def kernels_in(folder: Path) -> list[int]:
    """Return the processes of the warm kernels whose folder is below ``folder``."""
    found: list[int] = []
    for each in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            words = each.read_bytes().decode(errors="replace").split("\0")
            if "declml.kernels.kernel_main" in words and any(word.startswith(str(folder)) for word in words):
                found.append(int(each.parent.name))
    return found

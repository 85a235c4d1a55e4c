"""What runs on another machine before declml is there: the source of each function is sent and stands on its own."""

from __future__ import annotations

from typing import Any


def look(_arguments: dict[str, Any], _blob: bytes) -> str:
    """Return JSON: Python, declml and torch by their metadata, GPUs, disk, clock. Nothing heavy is imported."""
    import hashlib
    import importlib
    import importlib.metadata
    import importlib.util
    import json
    import os
    import pathlib
    import platform
    import shutil
    import subprocess
    import sys
    import time

    importlib.invalidate_caches()

    def version(name: str) -> str | None:
        try:
            return importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            return None

    def source() -> str | None:
        digest = hashlib.sha256()
        for name in ("declml", "declml_schema"):
            spec = importlib.util.find_spec(name)
            if spec is None:
                return None
            for place in spec.submodule_search_locations or ():
                for path in sorted(pathlib.Path(place).rglob("*.py")):
                    digest.update(f"{name} {path.relative_to(place).as_posix()}\n".encode())
                    digest.update(path.read_bytes())
        return digest.hexdigest()[:12]

    def gpus() -> list[str]:
        if shutil.which("nvidia-smi") is None:
            return []
        asked = ["nvidia-smi", "--query-gpu=name,memory.total", "--format=csv,noheader"]
        told = subprocess.run(asked, capture_output=True, text=True, timeout=20, check=False)
        return [line.strip() for line in told.stdout.splitlines() if line.strip()] if told.returncode == 0 else []

    code = source()
    return json.dumps(
        {
            "python": platform.python_version(),
            "executable": sys.executable,
            "folder": os.getcwd(),  # noqa: PTH109 - the text of it
            "declml": version("declml") if code else None,
            "source": code,
            "torch": version("torch"),
            "gpus": gpus(),
            "free_bytes": shutil.disk_usage(".").free,
            "time": time.time(),
        }
    )


def receive(arguments: dict[str, Any], blob: bytes) -> str:
    """Write a piece of a file into this user's temporary folder and return the file's path."""
    import os
    import pathlib
    import tempfile

    folder = pathlib.Path(tempfile.gettempdir()) / f"declml-wheel-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid != os.getuid():
        raise PermissionError(f"{folder} belongs to somebody else")
    path = folder / pathlib.Path(arguments["name"]).name
    with path.open("wb" if arguments["offset"] == 0 else "r+b") as file:
        file.seek(arguments["offset"])
        file.write(blob)
    return str(path)


def install(arguments: dict[str, Any], _blob: bytes) -> str:
    """Install a wheel with this interpreter's pip, print what pip says, and return its exit code.

    Twice: with what it needs, and then itself again, since a wheel of the same version counts as installed.
    """
    import subprocess
    import sys

    pip = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    for more in ([], ["--force-reinstall", "--no-deps"]):
        with subprocess.Popen(
            [*pip, *more, arguments["path"]], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process:
            for line in process.stdout or ():
                print(line, end="", flush=True)  # noqa: T201 - what it prints is what the other side is told
        if process.returncode != 0:
            return str(process.returncode)
    return "0"

"""What travels into a kernel's folder: files by their content, and the requests to train. Acts of the agent.

Everything lies in folders that are not hidden, below the kernel's own, since a Jupyter server serves no hidden file:
``declml-data/<sha256>/<name>`` holds a file, ``declml-runs/<project>`` the runs of one project of one machine. A file
appears under its name only when all of its bytes are there and have that hash.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import secrets
import shutil
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, Protocol, TypeAlias

from declml.kernels.channel import ActFailed
from declml.runs.alive import is_alive

Json: TypeAlias = Any

DATA, RUNS, ASKS, TREES = "declml-data", "declml-runs", "asks", "trees"
ASKED = "declml.run.asked"
"""The module of the process that plans what is asked for and then trains it. A name here: this room is below it."""

_ASK, _ANSWER, _CLAIM, _LOG = "ask.json", "answer.json", "claim", "asked.log"
_PID = f"{_CLAIM}/pid"
_KEPT_ASKS_SECONDS = 14 * 86_400
_HASH = re.compile(r"[0-9a-f]{64}")
_ID = re.compile(r"[0-9a-f]{8,64}")
_LARGEST_READ = 2**22
_turn = threading.Lock()
_folder = Path.cwd()
"""The kernel's folder, as it was when the agent came: a cell may change the working folder."""

FOLDER = "DECLML_FOLDER"
"""The environment variable that names the folder for what clients send to a kernel that has no folder of its own."""


class Launcher(Protocol):
    """The agent, as far as these acts need it."""

    def launch(
        self, module: str, argument: str, log: str, environment: Mapping[str, str] | None = None, label: str = ""
    ) -> dict[str, Json]:
        """Start a process."""
        ...


def settle() -> None:
    """Keep what clients send in the folder that ``DECLML_FOLDER`` names, else in the user's home: for a kernel whose
    own folder goes when it ends.
    """
    global _folder
    _folder = Path(os.environ.get(FOLDER) or Path.home()).absolute()


def mark(_agent: Launcher) -> dict[str, str]:
    """Return this folder's path and a file of it with its text, so that a client can see whether a server serves it."""
    folder = _root() / DATA
    folder.mkdir(exist_ok=True)
    path = folder / f"folder-{os.getpid()}.txt"
    text = secrets.token_hex(16)
    _write(path, text.encode())
    return {"root": str(_root()), "name": f"{DATA}/{path.name}", "text": text}


def read_base64(_agent: Launcher, path: str, offset: int, limit: int) -> str:
    """Return bytes of a file as base64; nothing for one that is not there."""
    try:
        with Path(path).open("rb") as file:
            file.seek(offset)
            return base64.b64encode(file.read(min(limit, _LARGEST_READ))).decode()
    except FileNotFoundError:
        return ""


def lacking(_agent: Launcher, files: Mapping[str, str]) -> dict[str, int]:
    """Return how many bytes are here already of each file, hash -> name, that is not here whole."""
    answer: dict[str, int] = {}
    for digest, name in files.items():
        path = _stored(digest, name)
        if not path.is_file():
            part = _part(path)
            answer[digest] = part.stat().st_size if part.exists() else 0
    return answer


def receive(_agent: Launcher, blob: bytes, sha256: str, name: str, offset: int, size: int) -> dict[str, Json]:
    """Take the bytes of a file from ``offset`` on. Return how many are here now and whether the file is whole.

    Bytes that leave a gap are not taken: the answer says where to go on.
    """
    path = _stored(sha256, name)
    if path.is_file():
        return {"have": size, "whole": True}
    part = _part(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with _turn:
        with part.open("r+b" if part.exists() else "x+b") as file:
            have = file.seek(0, os.SEEK_END)
            if offset > have:
                return {"have": have, "whole": False}
            # Bytes are addressed by their content: two clients that send the same file write the same bytes.
            file.seek(offset)
            file.write(blob)
            have = max(have, offset + len(blob))
        if have < size:
            return {"have": have, "whole": False}
        with part.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != sha256 or have != size:
            part.unlink()
            return {"have": 0, "whole": False}
        part.replace(path)
    return {"have": size, "whole": True}


def stored(_agent: Launcher, places: Sequence[str]) -> list[str]:
    """Return the paths of files that are here whole, each named ``<sha256>/<name>``."""
    paths = [_stored(*place.split("/", 1)) for place in places]
    for path in paths:
        if not path.is_file():
            raise ActFailed(f"The file '{path.name}' must have been sent before it is used; it was not.")
    return [str(path) for path in paths]


def stage(_agent: Launcher, files: Mapping[str, str], depth: int = 0) -> dict[str, Json]:
    """Make a ``folder`` in which each file, path -> ``<sha256>/<name>``, has its path, and return it.

    Paths are relative and may begin with up to ``depth`` times ``..``. The same files make the same folder.
    """
    paths = dict(zip(files, map(Path, stored(_agent, list(files.values()))), strict=True))
    digest = hashlib.sha256(json.dumps([dict(files), depth], sort_keys=True).encode()).hexdigest()
    top = _root() / DATA / TREES / digest[:16]
    folder = top.joinpath(*(f"d{level}" for level in range(depth)))
    if not folder.is_dir():
        draft = top.with_name(f"{top.name}.{os.getpid()}.part")
        shutil.rmtree(draft, ignore_errors=True)
        inner = draft.joinpath(*(f"d{level}" for level in range(depth)))
        inner.mkdir(parents=True)
        for relative, path in paths.items():
            place = Path(os.path.normpath(inner / relative))
            if PurePosixPath(relative).is_absolute() or not place.is_relative_to(draft):
                raise ActFailed(f"A file must lie beside the config to travel with it; got '{relative}'.")
            place.parent.mkdir(parents=True, exist_ok=True)
            try:
                os.link(path, place)
            except OSError:
                shutil.copyfile(path, place)
        try:
            draft.rename(top)
        except OSError:
            shutil.rmtree(draft, ignore_errors=True)  # another client was first
    return {"folder": str(folder)}


def ask(agent: Launcher, request: Mapping[str, Json]) -> dict[str, Json]:
    """Start the process that does ``request``, once: the same ``id`` again returns the same process."""
    asks = _root() / DATA / ASKS
    asks.mkdir(parents=True, exist_ok=True)
    folder = _ask_folder(str(request["id"]))
    with _turn:
        if not (folder / _PID).exists():
            _forget_old(asks)
            folder.mkdir(exist_ok=True)
            whole = {**request, "root": str(_root()), "runs": str(_root() / RUNS), "answer": str(folder / _ANSWER)}
            _write(folder / _ASK, json.dumps(whole, ensure_ascii=False).encode())
            launched = agent.launch(ASKED, str(folder / _ASK), str(folder / _LOG), label=str(request.get("file", "")))
            claim(folder, int(launched["pid"]))
    return {"pid": int((folder / _PID).read_text())}


def claim(folder: Path, pid: int) -> int:
    """Write down that process ``pid`` does the request of ``folder``, unless another one is written down already.

    Return who does it. A kernel that was killed after it launched a process could not say so, and the next one launches
    another: the first that is written down is the one.
    """
    # A draft of its own for each call: the kernel writes the process down, and so does the process itself.
    draft = folder / f"{_CLAIM}.{pid}.{secrets.token_hex(4)}.part"
    draft.mkdir()
    (draft / "pid").write_text(str(pid))
    try:
        # A folder takes no other folder's place unless that is empty: the first one stays.
        draft.rename(folder / _CLAIM)
    except OSError:
        shutil.rmtree(draft, ignore_errors=True)
    return int((folder / _PID).read_text())


def answered(_agent: Launcher, number: str) -> dict[str, Json]:
    """Return the answer to a request (None while there is none), whether it is ``known`` here at all, whether its
    process has ended, and its last words.
    """
    folder = _ask_folder(number)
    try:
        # Asked before looking: an answer that was written before the end is then surely seen.
        ended = not is_alive(int((folder / _PID).read_text()))
    except FileNotFoundError:
        ended = True
    try:
        answer = json.loads((folder / _ANSWER).read_bytes())
        return {"answer": answer, "known": True, "ended": ended, "log": ""}
    except FileNotFoundError:
        pass
    log = folder / _LOG
    said = log.read_text(errors="replace").splitlines()[-12:] if log.exists() else []
    return {"answer": None, "known": (folder / _PID).exists(), "ended": ended, "log": "\n".join(said)}


def _ask_folder(number: str) -> Path:
    if not _ID.fullmatch(number):
        raise ActFailed("A request must have an id of hexadecimal digits; got something else.")
    return _root() / DATA / ASKS / number


def _forget_old(asks: Path) -> None:
    for each in asks.iterdir():
        if time.time() - each.stat().st_mtime > _KEPT_ASKS_SECONDS:
            shutil.rmtree(each, ignore_errors=True)


def _stored(digest: str, name: str) -> Path:
    if not _HASH.fullmatch(digest) or name != PurePosixPath(name).name or name in {"", ".", ".."}:
        raise ActFailed("A file must be named by its SHA-256 and a plain name; got something else.")
    return _root() / DATA / digest / name


def _part(path: Path) -> Path:
    return path.with_name(f"{path.name}.part")


def _root() -> Path:
    return _folder


def _write(path: Path, data: bytes) -> None:
    draft = path.with_name(f"{path.name}.{os.getpid()}.part")
    draft.write_bytes(data)
    draft.replace(path)


INCOMING: Mapping[str, Callable[..., Json]] = {
    "answered": answered,
    "ask": ask,
    "lacking": lacking,
    "mark": mark,
    "read_base64": read_base64,
    "receive": receive,
    "stage": stage,
    "stored": stored,
}
"""These acts by their names, for the agent's list."""
